import { describe, expect, it } from 'vitest'
import { logSpectralDistance } from '../../../src-main/dsp'
import { noise } from '../../helpers/signals'

describe('logSpectralDistance', () => {
  const x = noise(8000, 1)

  it('is the change of level in dB, and none for a copy', () => {
    expect(logSpectralDistance(x, x)).toBe(0)
    expect(
      logSpectralDistance(
        x,
        x.map((value) => value / 2),
      ),
    ).toBeCloseTo(20 * Math.log10(2), 1)
  })

  it('is √2 · 5.57 dB between independent noises, whose powers are exponential', () => {
    // log₁₀ of an exponential variable has the deviation π / (√6 ln 10); two of them differ by √2 of that.
    const expected = Math.SQRT2 * ((10 * Math.PI) / Math.sqrt(6) / Math.LN10)
    expect(logSpectralDistance(x, noise(8000, 2))).toBeCloseTo(expected, 0)
  })

  it('bounds silence 60 dB below the loudest of the reference', () => {
    const silent = logSpectralDistance(x, new Float32Array(8000))
    expect(silent).toBeGreaterThan(40)
    expect(silent).toBeLessThanOrEqual(60)
    expect(logSpectralDistance(new Float32Array(600), new Float32Array(600))).toBe(0)
  })

  it('refuses signals of two lengths, or shorter than its window', () => {
    expect(() => logSpectralDistance(x, x.subarray(1))).toThrow(RangeError)
    expect(() => logSpectralDistance(x.subarray(0, 500), x.subarray(0, 500))).toThrow(/512/)
  })
})
