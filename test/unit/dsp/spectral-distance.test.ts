import { describe, expect, it } from 'vitest'
import { logMelDistance, multiResolutionStft, stftResolutions } from '../../../src-main/dsp'
import { babble, noise } from '../../helpers/signals'

const options = { sampleRate: 22050, fft: 1024, hop: 256, mels: 80, fmin: 0, fmax: 8000, floor: 1e-5 }
const x = babble(8000, 22050)
const hiss = noise(8000, 5)

describe('logMelDistance', () => {
  it('is 0 for a copy, ln 2 for twice the signal, the same either way round', () => {
    expect(logMelDistance(x, x, options)).toBe(0)
    expect(
      logMelDistance(
        hiss,
        hiss.map((value) => 2 * value),
        options,
      ),
    ).toBeCloseTo(Math.log(2), 5)
    expect(logMelDistance(x, hiss, options)).toBeCloseTo(logMelDistance(hiss, x, options), 10)
    expect(logMelDistance(x, hiss, options)).toBeGreaterThan(0.5)
  })

  it('refuses other lengths', () => {
    expect(() => logMelDistance(x, x.subarray(1), options)).toThrow(/8000 and 7999/)
  })
})

/** Powers of one frame by the definition: the signal mirrored by half a transform, a Hann window in the middle of zeros, a plain DFT. */
function plainPowers(signal: Float32Array, { fft, hop, window }: (typeof stftResolutions)[number]): number[][] {
  const half = fft / 2
  const padded: number[] = []
  for (let i = -half; i < signal.length + half; i++) {
    const j = Math.abs(i)
    padded.push(signal[j < signal.length ? j : 2 * (signal.length - 1) - j]!)
  }
  const frames: number[][] = []
  for (let t = 0; t * hop + fft <= padded.length; t++) {
    const powers: number[] = []
    for (let k = 0; k <= half; k++) {
      let re = 0
      let im = 0
      for (let n = 0; n < window; n++) {
        const at = (fft - window) / 2 + n
        const value = padded[t * hop + at]! * (0.5 - 0.5 * Math.cos((2 * Math.PI * n) / window))
        re += value * Math.cos((2 * Math.PI * k * at) / fft)
        im -= value * Math.sin((2 * Math.PI * k * at) / fft)
      }
      powers.push(Math.max(1e-7, re * re + im * im))
    }
    frames.push(powers)
  }
  return frames
}

describe('multiResolutionStft', () => {
  it('is the definition, computed plainly', () => {
    const [a, b] = [x.slice(3000, 3700), x.slice(3000, 3700).map((value, n) => 0.8 * value + 0.1 * hiss[n]!)]
    const resolution = { fft: 512, hop: 50, window: 240 }
    const [p, q] = [plainPowers(a, resolution).flat(), plainPowers(b, resolution).flat()]
    let [difference, total, logs] = [0, 0, 0]
    for (const [i, value] of p.entries()) {
      difference += (Math.sqrt(value) - Math.sqrt(q[i]!)) ** 2
      total += value
      logs += Math.abs(Math.log(Math.sqrt(value)) - Math.log(Math.sqrt(q[i]!)))
    }
    const found = multiResolutionStft(a, b, [resolution])
    expect(found.convergence).toBeCloseTo(Math.sqrt(difference / total), 5)
    expect(found.logMagnitude).toBeCloseTo(logs / p.length, 5)
  })

  it('is the mean of three resolutions', () => {
    const parts = stftResolutions.map((resolution) => multiResolutionStft(x, hiss, [resolution]))
    const whole = multiResolutionStft(x, hiss)
    expect(parts.length).toBe(3)
    expect(whole.convergence).toBeCloseTo(parts.reduce((sum, part) => sum + part.convergence, 0) / 3, 10)
    expect(whole.logMagnitude).toBeCloseTo(parts.reduce((sum, part) => sum + part.logMagnitude, 0) / 3, 10)
  })

  it('is 0 for a copy; ½ and ln 2 for half the signal; 1 against silence', () => {
    expect(multiResolutionStft(x, x)).toEqual({ convergence: 0, logMagnitude: 0 })
    const half = multiResolutionStft(
      hiss,
      hiss.map((value) => value / 2),
    )
    expect(half.convergence).toBeCloseTo(0.5, 4)
    expect(half.logMagnitude).toBeCloseTo(Math.log(2), 3)
    expect(multiResolutionStft(hiss, new Float32Array(8000)).convergence).toBeCloseTo(1, 2)
  })

  it('refuses other lengths', () => {
    expect(() => multiResolutionStft(x, x.subarray(1))).toThrow(/8000 and 7999/)
  })
})
