import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { melAnalyzer, melFilterbank, melFilters, melSpectrogram, power, stft } from '../../../src-main/dsp'
import type { MelOptions } from '../../../src-main/dsp'
import type { NDArrays } from '../../../src-main/lib/ndarray'
import { random } from '../../../src-main/lib/random'
import { readNpz } from '../../../src-main/packs'
import { babble, noise, tone } from '../../helpers/signals'

const tacotron: MelOptions = { sampleRate: 22050, fft: 1024, hop: 256, mels: 80, fmin: 0, fmax: 8000, floor: 1e-5 }

describe('against the public implementation', () => {
  let golden: NDArrays
  let audio: Float32Array
  beforeAll(async () => {
    golden = await readNpz(join(import.meta.dirname, '../../golden/mel/frontend_ljspeech.npz'))
    audio = Float32Array.from(golden['audio']!.data, (value) => value / 32768)
  })

  it('has the same filters', () => {
    expect(melFilterbank(tacotron)).toBeAllclose(golden['basis']!.data, { relative: 1e-4, absolute: 1e-7 })
  })

  it('has the same magnitudes', () => {
    const magnitude = power(stft({ size: 1024, hop: 256 }).analyze(audio)).map(Math.sqrt)
    const found = [0, 31, 62].flatMap((t) => [...magnitude.subarray(t * 513, (t + 1) * 513)])
    expect(found).toBeAllclose(golden['magnitude']!.data, { relative: 1e-5, absolute: 1e-5 })
  })

  it('has the same log-mel within 1e-4, and within the reference’s own rounding of 1e-8 near the floor', () => {
    const mel = golden['mel']!
    const [mels, frames] = mel.shape as [number, number]
    const expected = Float32Array.from(
      { length: mel.data.length },
      (_, i) => mel.data[(i % mels) * frames + Math.floor(i / mels)]!,
    )
    const found = melSpectrogram(audio, tacotron)
    expect(found.map(Math.exp)).toBeAllclose(expected.map(Math.exp), { relative: 1e-4, absolute: 1e-8 })
    expect(found.filter((value, i) => Math.abs(value - expected[i]!) > 1e-4).length).toBeLessThan(6)
  })
})

describe('melAnalyzer', () => {
  it.each([0, 1, 255, 256, 512, 700, 9999, 70_001, 200_000])(
    'gives %i samples in pieces the frames of the whole',
    (samples) => {
      const x = noise(samples, 3)
      const draw = random(samples)
      const analyzer = melAnalyzer(tacotron)
      const parts: number[] = []
      for (let at = 0; at < samples;) {
        const count = draw.integer(samples > 100_000 ? 90_000 : 1500)
        for (const value of analyzer.push(x.subarray(at, at + count))) parts.push(value)
        at += count
      }
      for (const value of analyzer.flush()) parts.push(value)
      const whole = melSpectrogram(x, tacotron)
      expect(whole.length).toBe(samples === 0 ? 0 : 80 * (1 + Math.floor(samples / 256)))
      expect(Float32Array.from(parts)).toEqual(whole)
    },
  )

  it('floors silence at the logarithm of the floor', () => {
    expect(new Set(melSpectrogram(new Float32Array(2000), tacotron))).toEqual(new Set([Math.fround(Math.log(1e-5))]))
  })

  it('adds ln 2 everywhere when the signal doubles: it is linear in magnitude', () => {
    const x = babble(22050, 22050)
    const once = melSpectrogram(x, { ...tacotron, floor: 1e-20 })
    const twice = melSpectrogram(
      x.map((value) => 2 * value),
      { ...tacotron, floor: 1e-20 },
    )
    expect(twice).toBeAllclose(
      once.map((value) => value + Math.log(2)),
      { relative: 0, absolute: 1e-5 },
    )
  })
})

describe('melFilters', () => {
  it('have area 1 over frequency, where they span many bins', () => {
    const { mels, start, weights } = melFilters({ ...tacotron, fft: 65536 })
    for (let m = 0; m < mels; m++) {
      const sum = weights.subarray(start[m]!, start[m + 1]!).reduce((total, weight) => total + weight, 0)
      expect((sum * 22050) / 65536).toBeCloseTo(1, 3)
    }
  })

  it('place a tone in the filter around it: 1 kHz is mel 15, 6.4 kHz mel 42 of Slaney’s scale', () => {
    const options = { ...tacotron, mels: 44, fmax: 1000 * 6.4 ** (30 / 27) }
    for (const [hz, mel] of [
      [1000, 15],
      [6400, 42],
      [400, 6],
    ] as const) {
      const frame = melSpectrogram(tone(hz, 8192, 22050), options).subarray(16 * 44, 17 * 44)
      expect(frame.indexOf(Math.max(...frame))).toBe(mel - 1)
    }
  })

  it.each([
    [{ fmax: 12000 }, /0 and 11025 Hz, got 0 to 12000/],
    [{ fmin: 8000 }, /8000 to 8000/],
    [{ fmin: -1 }, /-1 to 8000/],
    [{ mels: 0 }, /whole number of mel filters, got 0/],
    [{ floor: 0 }, /floor/],
    [{ fft: 1000 }, /power of two/],
    [{ hop: 600 }, /hop/],
  ])('refuse %j', (change, message) => {
    expect(() => melAnalyzer({ ...tacotron, ...change })).toThrow(message)
  })
})
