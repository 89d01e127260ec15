import { describe, expect, it } from 'vitest'
import {
  bestF1Threshold,
  calibrate,
  falseAlarmThreshold,
  isOdd,
  normalisedScore,
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

  it('lie at 0.5 of the normalised score, which stays between 0 and 1', () => {
    const calibration = calibrate(scores, { falseAlarms: 0.05 })
    expect(calibration).toMatchObject({ rule: 'false alarms', least: 0, most: 198, normals: 199, odd: 0 })
    expect(normalisedScore(calibration.threshold, calibration)).toBe(0.5)
    expect(normalisedScore(1e9, calibration)).toBe(1)
    expect(normalisedScore(-1e9, calibration)).toBe(0)
    for (const score of scores) expect(isOdd(score, calibration)).toBe(normalisedScore(score, calibration) >= 0.5)
    expect(calibrate([1, 2], { odd: [5, 6] })).toMatchObject({ rule: 'best F1', threshold: 5, most: 6, odd: 2 })
    const alike = calibrate([2, 2, 2])
    expect(normalisedScore(2, alike)).toBeLessThan(0.5)
    expect(normalisedScore(3, alike)).toBe(1)
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
