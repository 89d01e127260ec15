import { describe, expect, it } from 'vitest'
import {
  bestF1Threshold,
  Calibration,
  columns,
  falseAlarmThreshold,
  lineOf,
  onScale,
  weigher,
} from '../../../../src-main/models/anomaly/calibration'
import { standardised, standardOf } from '../../../../src-main/models/anomaly/standardise'

const scores = Float32Array.from({ length: 199 }, (_, i) => (i * 7) % 199)

describe('thresholds', () => {
  it('let through as many normal images as asked for', () => {
    for (const rate of [0.01, 0.05, 0.2, 0.5]) {
      const threshold = falseAlarmThreshold(scores, rate)
      const alarms = scores.filter((score) => score >= threshold).length
      expect(alarms / 200).toBeLessThanOrEqual(rate)
      expect((alarms + 1) / 200).toBeGreaterThanOrEqual(rate)
    }
    expect(scores.some((score) => score >= falseAlarmThreshold(scores, 0.001))).toBe(false)
    expect(falseAlarmThreshold([0, 0, 0], 0.1)).toBeGreaterThan(0)
    expect(falseAlarmThreshold([-1], 0.1)).toBeGreaterThan(-1)
    expect(() => falseAlarmThreshold([], 0.1)).toThrow('there are none')
  })

  it('are the best for F1 where odd images are known', () => {
    expect(bestF1Threshold([1, 2, 3], [2.5, 4, 5])).toEqual({ threshold: 2.5, f1: 6 / 7 })
    expect(bestF1Threshold([1, 1], [1])).toEqual({ threshold: 1, f1: 0.5 })
    expect(() => bestF1Threshold([1], [])).toThrow('there are none')
  })
})

describe('the scale', () => {
  it('has its line at 0.5, what is typical at 0.25, and keeps the order of all values', () => {
    const line = { threshold: 4, typical: 1 }
    expect(onScale(4, line)).toBe(0.5)
    expect(onScale(1, line)).toBe(0.25)
    expect(onScale(7, line)).toBe(0.75)
    const rising = [-1e30, -5, 0, 1, 3.999, 4, 4.001, 1e3, 1e6, 1e9].map((value) => onScale(value, line))
    expect(rising).toEqual([...rising].sort((a, b) => a - b))
    expect(new Set(rising.slice(1)).size).toBe(rising.length - 1)
    expect(Math.min(...rising)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...rising)).toBeLessThanOrEqual(1)
    expect(onScale(3, { threshold: 2, typical: 2 })).toBeGreaterThan(0.99)
  })
})

describe('a calibration', () => {
  const normal = { image: [...scores], feature: [...scores].map((score) => 5 * score + 3) }
  const map = { typical: 0.1, most: [...scores].map((score) => score / 100) }
  const calibration: Calibration = { normal, map, synthetic: true, rule: 'false-alarms' }

  it('puts the line by held-out normal pictures, or by the false alarms asked for', () => {
    const { score, map: pixels } = lineOf(calibration, { image: 1 }, 0.05)
    const weigh = weigher(calibration, { image: 1 })
    const alarms = normal.image.filter((image) => weigh({ image }) >= score.threshold)
    expect(alarms).toHaveLength(9)
    expect(score.typical).toBeCloseTo(0, 5)
    expect(pixels.typical).toBe(0.1)
    expect(map.most.filter((most) => most >= pixels.threshold)).toHaveLength(9)
    expect(lineOf(calibration, { image: 1 }).score.threshold).toBeGreaterThan(score.threshold)
  })

  it('weighs terms in deviations of normal pictures, so that their units do not count', () => {
    const [both, one] = [weigher(calibration, { image: 1, feature: 1 }), weigher(calibration, { image: 1 })]
    for (const i of [0, 50, 198]) {
      const terms = { image: normal.image[i]!, feature: normal.feature[i]! }
      expect(both(terms)).toBeCloseTo(2 * one(terms), 6)
    }
    expect(() => weigher(calibration, { search: 1 })).toThrow('lacks the term search')
  })

  it('puts the line at the best F1 where its rule says so, unless false alarms are asked for', () => {
    const odd = { image: [150.5, 300, 400], feature: [0, 0, 0] }
    const byF1 = { ...calibration, odd, rule: 'f1' as const }
    const weigh = weigher(byF1, { image: 1 })
    expect(lineOf(byF1, { image: 1 }).score.threshold).toBeCloseTo(weigh({ image: 300 }), 6)
    expect(lineOf(byF1, { image: 1 }, 0.05)).toEqual(lineOf(calibration, { image: 1 }, 0.05))
  })

  it('is what it was after a way through JSON, and refuses what is none', () => {
    expect(Calibration.parse(JSON.parse(JSON.stringify(calibration)))).toEqual(calibration)
    expect(Calibration.safeParse({ ...calibration, normal: { image: ['many'] } }).success).toBe(false)
    expect(
      columns([
        { a: 1, b: 2 },
        { a: 3, b: 4 },
      ]),
    ).toEqual({ a: [1, 3], b: [2, 4] })
  })
})

describe('standardising', () => {
  it('brings a term to mean 0 and deviation 1, and survives terms that never change', () => {
    const standard = standardOf(scores)
    const found = standardOf([...scores].map((score) => standardised(score, standard)))
    expect(found.mean).toBeCloseTo(0, 10)
    expect(found.deviation).toBeCloseTo(1, 10)
    expect(standardOf([3, 3, 3])).toEqual({ mean: 3, deviation: 1 })
  })
})
