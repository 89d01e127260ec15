import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { NDArrays } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { biasSpectrum, openDenoiser } from '../../../../src-main/models/waveglow/denoiser'
import { readNpz } from '../../../../src-main/packs'
import { babble, largestDifference, noise } from '../../../helpers/signals'

let golden: NDArrays
let bias: Float32Array
let audio: Float32Array
beforeAll(async () => {
  golden = await readNpz(join(import.meta.dirname, '../../../golden/mel/denoiser_small_mel16.npz'))
  bias = golden['bias']!.data as Float32Array
  audio = golden['audio']!.data as Float32Array
})

function denoise(x: Float32Array, strength: number, from = bias): Float32Array {
  const denoiser = openDenoiser({ bias: from, strength })
  return Float32Array.from([...denoiser.push(x), ...denoiser.flush()])
}

describe('against the public implementation', () => {
  it.each([
    [0.01, 'denoised_001'],
    [0.1, 'denoised_01'],
  ])('takes away the bias at strength %d', (strength, name) => {
    expect(denoise(audio, strength)).toBeAllclose(golden[name]!.data, { relative: 0, absolute: 1e-4 })
    expect(largestDifference(audio, golden[name]!.data)).toBeGreaterThan(1e-3)
  })

  it('finds the bias spectrum', () => {
    const found = biasSpectrum(golden['bias_audio']!.data as Float32Array)
    expect(found).toBeAllclose(bias, { relative: 1e-4, absolute: 1e-4 })
  })
})

it.each([0, 1, 100, 513, 5000, 70_001])(
  'gives %i samples in pieces what it gives the whole, at its length',
  (samples) => {
    const x = babble(samples, 22050)
    const whole = denoise(x, 0.1)
    expect(whole.length).toBe(samples)
    const draw = random(samples)
    const denoiser = openDenoiser({ bias, strength: 0.1 })
    const parts: number[] = []
    for (let at = 0; at < samples;) {
      const count = draw.integer(2000)
      for (const value of denoiser.push(x.subarray(at, at + count))) parts.push(value)
      at += count
      expect(at - parts.length).toBeLessThanOrEqual(512 + 256 + 2000)
    }
    for (const value of denoiser.flush()) parts.push(value)
    expect(largestDifference(parts, whole)).toBe(0)
  },
)

it('leaves what has no bias as it is, and everything at strength 0', () => {
  const x = noise(10_000, 4)
  expect(largestDifference(denoise(x, 0.1, new Float32Array(513)), x)).toBeLessThan(1e-6)
  expect(largestDifference(denoise(x, 0), x)).toBe(0)
})

it('never turns a magnitude negative: where the bias is larger, silence is left', () => {
  expect(largestDifference(denoise(noise(5000, 4), 1, new Float32Array(513).fill(1e4)), new Float32Array(5000))).toBe(0)
})

it('reads a signal shorter than a frame, and refuses an empty one', () => {
  expect(biasSpectrum(noise(100, 1)).length).toBe(513)
  expect(() => biasSpectrum(new Float32Array(0))).toThrow(/empty/)
})

it('refuses another number of bins and a negative strength', () => {
  expect(() => openDenoiser({ bias: new Float32Array(257), strength: 0.1 })).toThrow(/513 magnitudes, got 257/)
  expect(() => openDenoiser({ bias, strength: -1 })).toThrow(/got -1/)
})
