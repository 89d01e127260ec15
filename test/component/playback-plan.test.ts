import { describe, expect, test } from 'vitest'
import { ceiling, matchAll } from '../../src-renderer/audio/loudness'
import { rampCurve, rampValue } from '../../src-renderer/audio/ramp'
import { frameAt, nextSegment, type Scheduled } from '../../src-renderer/audio/segments'

const decibels = (gain: number) => 20 * Math.log10(gain)

const silent = { loudness: null, peak: 0 }

describe('matchAll', () => {
  test('brings all to the loudness of the first', () => {
    const original = { loudness: -20, peak: 0.5 }
    const gains = matchAll(
      { original, one: { loudness: -26, peak: 0.2 }, two: { loudness: -17, peak: 0.9 } },
      'original',
    )
    expect(gains.original).toBeCloseTo(1, 6)
    expect(-26 + decibels(gains.one!)).toBeCloseTo(-20, 6)
    expect(-17 + decibels(gains.two!)).toBeCloseTo(-20, 6)
  })

  test('never raises a track above the ceiling, and lowers all others instead', () => {
    const levels = {
      original: { loudness: -14, peak: 0.9 },
      one: { loudness: -30, peak: 0.7 },
      two: { loudness: -20, peak: 0.1 },
    }
    const gains = matchAll(levels, 'original')
    expect(gains.one! * 0.7).toBeLessThanOrEqual(ceiling + 1e-9)
    expect(gains.original).toBeLessThan(1)
    const heard = Object.entries(levels).map(([role, { loudness }]) => loudness + decibels(gains[role]!))
    for (const each of heard) expect(each).toBeCloseTo(heard[0]!, 6)
  })

  test('gives silence and residuals the gain of the first, and leaves all alone where the first is unmeasured', () => {
    const original = { loudness: -14, peak: 0.9 }
    const gains = matchAll({ original, result: { loudness: -30, peak: 0.7 }, noise: silent }, 'original')
    expect(gains.noise).toBe(gains.original)
    expect(matchAll({ original: silent, result: { loudness: -20, peak: 0.5 } }, 'original')).toEqual({
      ...{ original: 1, result: 1 },
    })
    expect(matchAll({ original }, 'original')).toEqual({ original: 1 })
  })
})

describe('ramps', () => {
  test('two opposite ramps keep the power at every moment', () => {
    const down = rampCurve(1, 0)
    const up = rampCurve(0, 1)
    for (let i = 0; i < down.length; i++) expect(down[i]! ** 2 + up[i]! ** 2).toBeCloseTo(1, 5)
    expect([down[0], down.at(-1), up[0], up.at(-1)]).toEqual([1, 0, 0, 1])
  })

  test('where the sign turns the ramp goes through zero, and between negative gains it stays below it', () => {
    const turn = rampCurve(0.5, -0.8)
    expect([turn[0], turn.at(-1)]).toEqual([0.5, Math.fround(-0.8)])
    for (let i = 1; i < turn.length; i++) expect(turn[i]!).toBeLessThanOrEqual(turn[i - 1]!)
    for (const value of rampCurve(0, -0.5)) expect(value).toBeLessThanOrEqual(0)
  })

  test('a broken-off ramp tells where it was', () => {
    const ramp = { from: 0, to: 1, start: 2, seconds: 0.02 }
    expect(rampValue(ramp, 1)).toBe(0)
    expect(rampValue(ramp, 2.01)).toBeCloseTo(Math.SQRT1_2, 6)
    expect(rampValue(ramp, 3)).toBe(1)
  })
})

describe('nextSegment', () => {
  const all = (start: number, loop?: { from: number; to: number }, most = 6) => {
    const list = []
    let frame: number | undefined = start
    while (frame !== undefined && list.length < most) {
      const segment = nextSegment(frame, { blockFrames: 100, total: 250, loop })
      if (segment) list.push([segment.block, segment.from, segment.to])
      frame = segment?.next
    }
    return list
  }

  test('cuts at blocks and ends with the sound', () => {
    expect(all(30)).toEqual([
      [0, 30, 100],
      [1, 100, 200],
      [2, 200, 250],
    ])
    expect(all(250)).toEqual([])
  })

  test('comes back to the start of a loop', () => {
    expect(all(90, { from: 80, to: 130 }, 4)).toEqual([
      [0, 90, 100],
      [1, 100, 130],
      [0, 80, 100],
      [1, 100, 130],
    ])
  })

  test('plays on when it starts behind the loop', () => {
    expect(all(140, { from: 80, to: 130 })).toEqual([
      [1, 140, 200],
      [2, 200, 250],
    ])
  })
})

test('frameAt follows the plan, jumps with a loop and holds still in a gap', () => {
  const plan: Scheduled[] = [
    { when: 10, from: 0, to: 100 },
    { when: 11, from: 50, to: 100 },
    { when: 13, from: 100, to: 200 },
  ]
  expect(frameAt(plan, 9.5, 100)).toBe(0)
  expect(frameAt(plan, 10.5, 100)).toBe(50)
  expect(frameAt(plan, 11.25, 100)).toBe(75)
  expect(frameAt(plan, 12.5, 100)).toBe(100)
  expect(frameAt(plan, 13.5, 100)).toBe(150)
  expect(frameAt([], 1, 100)).toBeUndefined()
})
