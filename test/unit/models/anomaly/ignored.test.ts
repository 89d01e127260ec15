import { describe, expect, it } from 'vitest'
import { bandsWithout, picture, readable, withoutParts } from '../../../../src-main/image'
import { keptTerms } from '../../../../src-main/models/anomaly/kept-terms'

const map = Float32Array.of(0.1, 0.2, 0.9, 0.4)

describe('terms without the parts that do not count', () => {
  it('pools the rest of the map', () => {
    const kept = Uint8Array.of(1, 1, 0, 1)
    expect(keptTerms({ most: 0.9 }, map, kept, { most: 'max' })['most']).toBeCloseTo(0.4, 6)
    const mean = (0.1 + 0.2 + 0.9 + 0.4) / 4
    expect(keptTerms({ mean }, map, kept, { mean: 'mean' })['mean']).toBeCloseTo(0.7 / 3, 6)
    const square = (0.01 + 0.04 + 0.81 + 0.16) / 4
    expect(keptTerms({ square }, map, kept, { square: 'mean-square' })['square']).toBeCloseTo(0.21 / 3, 6)
  })

  it('leaves terms of other origin, and all of them where everything counts', () => {
    const all = Uint8Array.of(1, 1, 1, 1)
    expect(keptTerms({ feature: 3 }, map, Uint8Array.of(1, 0, 0, 0), { most: 'max' })).toEqual({ feature: 3 })
    const terms = keptTerms({ most: 0.9, mean: 0.4 }, map, all, { most: 'max', mean: 'mean' })
    expect(terms['most']).toBeCloseTo(0.9, 6)
    expect(terms['mean']).toBeCloseTo(0.4, 6)
  })

  it('says nothing of a picture of which nothing counts', () => {
    const none = new Uint8Array(4)
    expect(keptTerms({ most: 0.9 }, map, none, { most: 'max' })['most']).toBeCloseTo(0.1, 6)
    expect(keptTerms({ mean: 0.4 }, map, none, { mean: 'mean' })['mean']).toBe(0)
  })
})

describe('a picture without some parts', () => {
  const side = 64
  const inside = (x: number, y: number) => x >= 20 && x < 40 && y >= 20 && y < 40
  const data = new Float32Array(side * side)
  const marks = new Float32Array(side * side)
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      data[y * side + x] = inside(x, y) ? 1 : 0.25
      marks[y * side + x] = inside(x, y) ? 1 : 0
    }
  const shown = withoutParts(readable(picture(side, side, 1, data)), readable(picture(side, side, 1, marks)))

  it('has the colours around them there, and is the same elsewhere', () => {
    const { data: out } = shown.read({ x: 0, y: 0, width: side, height: side })
    for (const value of out) expect(value).toBeCloseTo(0.25, 5)
  })

  it('reads parts of itself alike, beyond its edges too', () => {
    const part = shown.read({ x: 30, y: 30, width: 4, height: 4 })
    for (const value of part.data) expect(value).toBeCloseTo(0.25, 5)
    expect(shown.read({ x: -2, y: 62, width: 4, height: 4 }).data).toHaveLength(16)
  })

  it('has no value in its map there', async () => {
    const bands = [{ y: 20, rows: 2, data: new Float32Array(2 * side).fill(0.8) }]
    const mask = readable(picture(side, side, 1, marks))
    for await (const { data: out } of bandsWithout(bands, mask, side)) {
      expect([...out].filter((value) => value === 0)).toHaveLength(40)
      expect(out[25]).toBe(0)
      expect(out[0]).toBeCloseTo(0.8, 6)
    }
  })
})
