import { describe, expect, it } from 'vitest'
import { progressMeter } from '../../../src-main/jobs/progress-meter'
import { throttle } from '../../../src-main/lib/throttle'
import { random } from '../../../src-main/lib/random'
import { handClock } from '../../helpers/clock'

describe('progressMeter', () => {
  it('tells the time left and the real-time factor of steady work', () => {
    let now = 5000
    const meter = progressMeter(() => now)
    const at = (seconds: number, done: number) => {
      now = 5000 + 1000 * seconds
      return meter({ phase: 'Cleaning', done, total: 100, materialSeconds: 4 * seconds })
    }
    expect(at(0, 0)).toEqual({ phase: 'Cleaning', done: 0, total: 100, etaSeconds: null, rtf: null })
    expect(at(0.5, 1).etaSeconds).toBeNull()
    expect(at(2, 4).etaSeconds).toBeCloseTo(48, 6)
    expect(at(10, 20)).toMatchObject({ etaSeconds: expect.closeTo(40, 6), rtf: expect.closeTo(0.25, 6) })
    expect(at(50, 100).etaSeconds).toBe(0)
  })

  it('follows a change of pace within some ten seconds, smoothly', () => {
    let now = 0
    const meter = progressMeter(() => now)
    let done = 0
    let eta = 0
    for (; now < 30_000; now += 100) eta = meter({ phase: 'x', done: (done += 1), total: 1e6 }).etaSeconds ?? 0
    const rateBefore = (1e6 - done) / eta
    expect(rateBefore).toBeCloseTo(10, 0)
    const rates: number[] = []
    for (; now < 60_000; now += 100)
      rates.push((1e6 - (done += 2)) / meter({ phase: 'x', done, total: 1e6 }).etaSeconds!)
    expect(rates.at(-1)).toBeCloseTo(20, 0)
    for (let i = 1; i < rates.length; i++) expect(rates[i]! - rates[i - 1]!).toBeLessThan(0.2)
  })

  it('varies little when the reports are ragged', () => {
    let now = 0
    const draw = random(3)
    const meter = progressMeter(() => now)
    const ends: number[] = []
    for (let done = 0; done < 600;) {
      const step = 0.2 + 1.6 * draw.uniform()
      now += 1000 * step * (0.5 + draw.uniform())
      const { etaSeconds } = meter({ phase: 'x', done: (done += step), total: 600 })
      if (now > 20_000 && etaSeconds !== null) ends.push(now / 1000 + etaSeconds)
    }
    const final = now / 1000
    expect(Math.max(...ends.map((end) => Math.abs(end - final) / final))).toBeLessThan(0.3)
  })

  it('never runs backwards nor beyond the end, and starts anew with each phase', () => {
    let now = 0
    const meter = progressMeter(() => (now += 700))
    const dones = [1, 5, 3, 9, 12].map((done) => meter({ phase: 'a', done, total: 10 }).done)
    expect(dones).toEqual([1, 5, 5, 9, 10])
    expect(meter({ phase: 'b', done: 0, total: 3 })).toMatchObject({ phase: 'b', done: 0, total: 3, etaSeconds: null })
  })
})

describe('throttle', () => {
  it('passes the first at once and then the newest, at most once per interval', () => {
    const clock = handClock()
    const seen: [number, number][] = []
    const push = throttle<number>(100, (value) => seen.push([clock.now(), value]), clock)
    for (let i = 0; i < 50; i++) {
      push(i)
      clock.advance(10)
    }
    clock.advance(1000)
    expect(seen).toEqual([
      [0, 0],
      [100, 9],
      [200, 19],
      [300, 29],
      [400, 39],
      [500, 49],
    ])
    push(99)
    push.stop()
    push(100)
    clock.advance(1000)
    expect(seen.at(-1)).toEqual([1500, 99])
  })
})
