import { describe, expect, it } from 'vitest'
import {
  griffinLim,
  logMelDistance,
  melFilters,
  melMagnitude,
  melSpectrogram,
  power,
  stft,
} from '../../../src-main/dsp'
import { babble, largestDifference, noise } from '../../helpers/signals'

const options = { sampleRate: 22050, fft: 1024, hop: 256, mels: 80, fmin: 0, fmax: 8000, floor: 1e-5 }
const x = babble(22050, 22050)
const magnitude = power(stft({ size: 1024, hop: 256 }).analyze(x)).map(Math.sqrt)

/** ‖ |STFT(y)| − magnitude ‖ / ‖ magnitude ‖. */
function inconsistency(y: Float32Array): number {
  const found = power(stft({ size: 1024, hop: 256 }).analyze(y)).map(Math.sqrt)
  let difference = 0
  let total = 0
  for (let i = 0; i < found.length; i++) {
    difference += (found[i]! - magnitude[i]!) ** 2
    total += magnitude[i]! ** 2
  }
  return Math.sqrt(difference / total)
}

describe('griffinLim', () => {
  const run = (iterations: number, momentum = 0, seed = 1) =>
    griffinLim(magnitude, { size: 1024, hop: 256, length: x.length, iterations, momentum, seed })

  it('comes closer with every iteration, as the paper proves, and closer yet with momentum', () => {
    const errors = [0, 1, 2, 4, 8, 16, 32, 60].map((iterations) => inconsistency(run(iterations)))
    for (const [i, error] of errors.slice(1).entries()) expect(error).toBeLessThan(errors[i]!)
    expect(errors.at(-1)).toBeLessThan(0.25 * errors[0]!)
    expect(inconsistency(run(60, 0.99))).toBeLessThan(0.8 * errors.at(-1)!)
  })

  it('gives the same signal for a seed, another for another, of the length asked for', () => {
    const once = run(3)
    expect(once.length).toBe(x.length)
    expect(largestDifference(once, run(3))).toBe(0)
    expect(largestDifference(once, run(3, 0, 2))).toBeGreaterThan(0.01)
    expect(griffinLim(magnitude, { size: 1024, hop: 256, iterations: 0, seed: 1 }).length).toBe(86 * 256)
  })

  it('makes silence of silence, nothing of nothing, and can be stopped', () => {
    const silent = griffinLim(new Float32Array(5 * 513), { size: 1024, hop: 256, iterations: 4, seed: 1 })
    expect(silent).toEqual(new Float32Array(4 * 256))
    expect(griffinLim(new Float32Array(0), { size: 1024, hop: 256, seed: 1 }).length).toBe(0)
    const stop = () => {
      throw new Error('stopped')
    }
    expect(() => griffinLim(magnitude, { size: 1024, hop: 256, seed: 1, step: stop })).toThrow('stopped')
  })

  it('refuses what is no whole number of frames, and a length that has others', () => {
    expect(() => griffinLim(new Float32Array(1000), { size: 1024, hop: 256, seed: 1 })).toThrow(/513 magnitudes/)
    expect(() => griffinLim(magnitude, { size: 1024, hop: 256, length: 100, seed: 1 })).toThrow(/1 frames, got 87/)
  })
})

describe('melMagnitude', () => {
  const mel = melSpectrogram(x, options)
  const { start, first, weights, bins, mels } = melFilters(options)
  const residual = (found: Float32Array) => {
    let most = 0
    for (let t = 0; t < mel.length / mels; t++)
      for (let m = 0; m < mels; m++) {
        let sum = 0
        for (let i = start[m]!, k = first[m]!; i < start[m + 1]!; i++, k++) sum += weights[i]! * found[t * bins + k]!
        most = Math.max(most, Math.abs(Math.log(sum) - mel[t * mels + m]!))
      }
    return most
  }

  it('finds non-negative magnitudes with the mel given', () => {
    const found = melMagnitude(mel, options)
    expect(found.length).toBe((mel.length / mels) * bins)
    expect(found.every((value) => value >= 0)).toBe(true)
    expect(residual(found)).toBeLessThan(0.06)
    expect(residual(melMagnitude(mel, options, { iterations: 300 }))).toBeLessThan(0.01)
    expect(residual(melMagnitude(mel, options, { iterations: 0 }))).toBeGreaterThan(0.1)
  })

  it('is 0 where no filter reaches', () => {
    const found = melMagnitude(mel, options)
    expect(found[372]).toBe(0)
    expect(found[400]).toBe(0)
    expect(found[371]).toBeGreaterThan(0)
    expect(found[0]).toBe(0)
  })

  it('refuses what is no whole number of frames', () => {
    expect(() => melMagnitude(new Float32Array(81), options)).toThrow(/80 mels, got 81/)
  })
})

it('from a mel alone, sixty iterations sound close to the recording', () => {
  const y = griffinLim(melMagnitude(melSpectrogram(x, options), options), {
    size: 1024,
    hop: 256,
    length: x.length,
    seed: 1,
  })
  const distance = logMelDistance(x, y, options)
  expect(distance).toBeLessThan(0.3)
  expect(distance).toBeLessThan(0.2 * logMelDistance(x, noise(x.length, 1), options))
})
