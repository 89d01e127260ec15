import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hann, power, realFft, stft } from '../../../src-main/dsp'
import { largestDifference, noise, tone } from '../../helpers/signals'

function naiveDft(x: ArrayLike<number>, k: number): [number, number] {
  let re = 0
  let im = 0
  for (let n = 0; n < x.length; n++) {
    re += x[n]! * Math.cos((2 * Math.PI * k * n) / x.length)
    im -= x[n]! * Math.sin((2 * Math.PI * k * n) / x.length)
  }
  return [re, im]
}

describe('realFft', () => {
  it.each([4, 8, 16, 32, 64, 512, 1024])('equals the definition of the transform at %i points', (size) => {
    const x = noise(size + 3, size, 1)
    const { forward, bins } = realFft(size)
    const re = new Float32Array(bins + 2)
    const im = new Float32Array(bins + 2)
    forward(x, 3, re, im, 2)
    for (let k = 0; k < bins; k++) {
      const [a, b] = naiveDft(x.subarray(3), k)
      expect(Math.hypot(re[2 + k]! - a, im[2 + k]! - b)).toBeLessThan(2e-5 * Math.sqrt(size))
    }
  })

  it.each([4, 8, 64, 2048])('is inverted by inverse at %i points', (size) => {
    const x = noise(size, 7, 1)
    const { forward, inverse, bins } = realFft(size)
    const re = new Float32Array(bins)
    const im = new Float32Array(bins)
    const back = new Float64Array(size)
    forward(x, 0, re, im, 0)
    inverse(re, im, 0, back)
    expect(largestDifference(x, back)).toBeLessThan(1e-6)
  })

  it.each([0, 2, 3, 12, 1000, 8.5])('refuses %d points', (size) => {
    expect(() => realFft(size)).toThrow(/power of two/)
  })
})

describe('stft', () => {
  it.each([
    [1024, 256, 16000],
    [512, 128, 7919],
    [1024, 512, 5001],
    [64, 8, 65],
    [1024, 256, 80],
    [1024, 256, 1],
  ])('reconstructs perfectly, size %i hop %i, %i samples', (size, hop, samples) => {
    const x = noise(samples, 3, 0.3)
    const { analyze, synthesize } = stft({ size, hop })
    expect(largestDifference(synthesize(analyze(x), samples), x)).toBeLessThan(1e-6)
  })

  it('equals a naive windowed DFT of a frame inside and one at the edge', () => {
    const size = 128
    const hop = 32
    const x = noise(1000, 5, 1)
    const s = stft({ size, hop }).analyze(x)
    const w = hann(size)
    expect([s.frames, s.bins]).toEqual([1 + Math.floor(1000 / hop), 65])
    for (const t of [0, 1, 10, 31]) {
      const frame = Array.from({ length: size }, (_, n) => {
        const i = Math.abs(t * hop - size / 2 + n)
        return w[n]! * x[i < 1000 ? i : 1998 - i]!
      })
      for (let k = 0; k < s.bins; k++) {
        const [a, b] = naiveDft(frame, k)
        expect(Math.hypot(s.re[t * s.bins + k]! - a, s.im[t * s.bins + k]! - b)).toBeLessThan(2e-5)
      }
    }
  })

  it('gives the magnitude, phase and inverse of a published front end', () => {
    const golden = JSON.parse(readFileSync('test/golden/stft-1024-256.json', 'utf8')) as {
      audio: string
      frames: number[]
      real: number[][]
      imaginary: number[][]
      inverseStart: number
      inverse: number[]
    }
    const bytes = Buffer.from(golden.audio, 'base64')
    const x = Float32Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i) / 32768)
    const { analyze, synthesize } = stft({ size: 1024, hop: 256 })
    const s = analyze(x)
    golden.frames.forEach((t, row) => {
      const at = t * s.bins
      expect(largestDifference(s.re.subarray(at, at + s.bins), golden.real[row]!)).toBeLessThan(1e-4)
      expect(largestDifference(s.im.subarray(at, at + s.bins), golden.imaginary[row]!)).toBeLessThan(1e-4)
    })
    const back = synthesize(s).subarray(golden.inverseStart, golden.inverseStart + golden.inverse.length)
    expect(largestDifference(back, golden.inverse)).toBeLessThan(1e-5)
  })

  it('keeps energy: power of a full-scale bin-centred sine is (size / 4)²', () => {
    const { analyze, bins } = stft({ size: 256, hop: 64 })
    const s = analyze(tone((16000 * 32) / 256, 4096, 16000, 1))
    expect(power(s)[10 * bins + 32]! / 64 ** 2).toBeCloseTo(1, 4)
  })

  it('has no frames for no samples', () => {
    const { analyze, synthesize } = stft({ size: 64, hop: 16 })
    expect(analyze(new Float32Array(0)).frames).toBe(0)
    expect(synthesize(analyze(new Float32Array(0)))).toHaveLength(0)
  })

  it('refuses a hop that leaves gaps and a spectrum of another size', () => {
    expect(() => stft({ size: 64, hop: 33 })).toThrow(RangeError)
    expect(() => stft({ size: 64, hop: 0 })).toThrow(RangeError)
    const other = stft({ size: 128, hop: 32 }).analyze(noise(500, 1))
    expect(() => stft({ size: 64, hop: 16 }).synthesize(other)).toThrow(/33 bins/)
  })
})
