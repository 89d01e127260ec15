import { describe, expect, it } from 'vitest'
import { chunks, joiner } from '../../../src-main/dsp'
import type { Planar } from '../../../src-main/dsp'
import { largestDifference, noise } from '../../helpers/signals'

function joined(x: Planar, size: number, overlap: number): Planar {
  const { push, finish } = joiner(overlap)
  const parts = chunks(x[0]!.length, size, overlap).map(({ start, end }) =>
    push(x.map((channel) => channel.subarray(start, end))),
  )
  parts.push(finish())
  return x.map((_, c) => Float32Array.from(parts.flatMap((part) => [...(part[c] ?? [])])))
}

describe('chunks', () => {
  it.each([
    [0, 100, 10],
    [1, 100, 10],
    [100, 100, 10],
    [101, 100, 10],
    [122, 100, 10],
    [123, 100, 10],
    [1000, 100, 50],
    [12345, 1000, 0],
  ])('covers %i samples in chunks of %i that share %i', (total, size, overlap) => {
    const plan = chunks(total, size, overlap)
    expect(plan.length === 0).toBe(total === 0)
    plan.forEach(({ start, end }, i) => {
      expect(start).toBe(i === 0 ? 0 : plan[i - 1]!.end - overlap)
      expect(end - start).toBeLessThanOrEqual(1.25 * size)
      if (i > 0) expect(end - start).toBeGreaterThan(overlap)
      if (i < plan.length - 1) expect(end - start).toBe(size)
      else expect(end).toBe(total)
    })
  })

  it('refuses overlaps above half a chunk', () => {
    expect(() => chunks(100, 10, 6)).toThrow(RangeError)
    expect(() => chunks(100, 0, 0)).toThrow(RangeError)
  })
})

describe('joiner', () => {
  it.each([
    [1000, 100, 50],
    [1000, 100, 49],
    [997, 128, 16],
    [300, 100, 0],
    [30, 100, 20],
    [111, 100, 50],
  ])('gives a cut signal of %i samples back, chunks of %i sharing %i', (total, size, overlap) => {
    const x = [noise(total, 1), new Float32Array(total).fill(0.7)]
    const back = joined(x, size, overlap)
    expect(largestDifference(back[0]!, x[0]!)).toBeLessThan(1e-7)
    expect(largestDifference(back[1]!, x[1]!)).toBeLessThan(1e-7)
  })

  it('fades without a step between chunks that differ', () => {
    const { push, finish } = joiner(100)
    const out = Float32Array.from([
      ...push([new Float32Array(300).fill(0)])[0]!,
      ...push([new Float32Array(300).fill(1)])[0]!,
      ...finish()[0]!,
    ])
    expect(out).toHaveLength(500)
    expect([out[199], out[300]]).toEqual([0, 1])
    for (let i = 1; i < out.length; i++) {
      expect(out[i]! - out[i - 1]!).toBeGreaterThanOrEqual(0)
      expect(out[i]! - out[i - 1]!).toBeLessThan(0.02)
    }
  })

  it('refuses a chunk shorter than the overlap', () => {
    expect(() => joiner(10).push([new Float32Array(9)])).toThrow(/at least the 10/)
  })
})
