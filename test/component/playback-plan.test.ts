import { describe, expect, test } from 'vitest'
import { ceiling, matchedGains } from '../../src-renderer/audio/loudness'
import { rampCurve, rampValue } from '../../src-renderer/audio/ramp'
import { frameAt, nextSegment, type Scheduled } from '../../src-renderer/audio/segments'

const decibels = (gain: number) => 20 * Math.log10(gain)

describe('matchedGains', () => {
  test('brings both to the same loudness', () => {
    const original = { loudness: -20, peak: 0.5 }
    const result = { loudness: -26, peak: 0.2 }
    const gains = matchedGains(original, result)
    expect(-20 + decibels(gains.original)).toBeCloseTo(-26 + decibels(gains.result), 6)
    expect(gains.original).toBeCloseTo(1, 6)
    expect(gains.noise).toBe(gains.original)
  })

  test('never raises a track above the ceiling, and lowers the other instead', () => {
    const original = { loudness: -14, peak: 0.9 }
    const result = { loudness: -30, peak: 0.7 }
    const gains = matchedGains(original, result)
    expect(gains.result * result.peak).toBeLessThanOrEqual(ceiling + 1e-9)
    expect(gains.original).toBeLessThan(1)
    expect(-14 + decibels(gains.original)).toBeCloseTo(-30 + decibels(gains.result), 6)
  })

  test('leaves silence and the unmeasured alone', () => {
    expect(matchedGains({ loudness: null, peak: 0 }, { loudness: -20, peak: 0.5 })).toEqual({
      original: 1,
      result: 1,
      noise: 1,
    })
    expect(matchedGains({ loudness: -20, peak: 0.5 }, undefined)).toEqual({ original: 1, result: 1, noise: 1 })
  })
})

describe('ramps', () => {
  test('two opposite ramps keep the power at every moment', () => {
    const down = rampCurve(1, 0)
    const up = rampCurve(0, 1)
    for (let i = 0; i < down.length; i++) expect(down[i]! ** 2 + up[i]! ** 2).toBeCloseTo(1, 5)
    expect([down[0], down.at(-1), up[0], up.at(-1)]).toEqual([1, 0, 0, 1])
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
