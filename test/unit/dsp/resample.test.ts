import { describe, expect, it } from 'vitest'
import { resample, resampler, rms } from '../../../src-main/dsp'
import { random } from '../../../src-main/lib/random'
import { largestDifference, noise, tone } from '../../helpers/signals'

const decibels = (ratio: number) => 20 * Math.log10(ratio)
/** The middle of a signal, where its ends have no influence. */
const middle = (x: Float32Array) => x.subarray(Math.floor(x.length * 0.25), Math.floor(x.length * 0.75))

const pairs: [number, number][] = [
  [16000, 48000],
  [48000, 16000],
  [44100, 16000],
  [16000, 44100],
  [44100, 48000],
  [22050, 16000],
  [8000, 16000],
  [44101, 16000],
  [192000, 44101],
]

describe('resample', () => {
  it.each(pairs)('keeps tones up to 0.9 of the lower Nyquist frequency exact, %i → %i Hz', (from, to) => {
    const nyquist = Math.min(from, to) / 2
    for (const fraction of [0.01, 0.3, 0.7, 0.9]) {
      const frequency = nyquist * fraction
      const out = resample(tone(frequency, Math.round(from / 4), from), from, to)
      const ideal = tone(frequency, out.length, to)
      const error = middle(out).map((value, i) => value - middle(ideal)[i]!)
      expect(decibels(rms(error) / rms(middle(ideal)))).toBeLessThan(-80)
    }
  })

  it.each(pairs.filter(([from, to]) => from > to))(
    'removes what would alias by more than 80 dB, %i → %i Hz',
    (from, to) => {
      for (const frequency of [to / 2 + 1, 0.6 * to, 0.5 * (to / 2 + from / 2), 0.49 * from]) {
        const x = tone(frequency, Math.round(from / 4), from)
        expect(decibels(rms(middle(resample(x, from, to))) / rms(x))).toBeLessThan(-80)
      }
    },
  )

  it.each(pairs.filter(([from, to]) => from < to))(
    'leaves no images above the old Nyquist frequency, %i → %i Hz',
    (from, to) => {
      const frequency = 0.4 * from
      const out = resample(tone(frequency, from, from), from, to)
      const ideal = tone(frequency, out.length, to)
      expect(decibels(rms(middle(out).map((value, i) => value - middle(ideal)[i]!)) / rms(ideal))).toBeLessThan(-80)
    },
  )

  it.each([
    [0, 16000, 48000, 0],
    [1, 48000, 16000, 0],
    [2, 48000, 16000, 1],
    [80, 16000, 44100, 221],
    [441, 44100, 16000, 160],
    [10007, 44101, 16000, 3631],
    [999, 8000, 8000, 999],
  ])('%i samples at %i → %i Hz give %i', (samples, from, to, expected) => {
    expect(resample(noise(samples, 1), from, to)).toHaveLength(expected)
    expect(Math.round((samples * to) / from)).toBe(expected)
  })

  it.each(pairs)('gives the same bits however the input is split, %i → %i Hz', (from, to) => {
    const x = noise(6000, 4)
    const whole = resample(x, from, to)
    const draw = random(from + to)
    for (let trial = 0; trial < 3; trial++) {
      const converter = resampler(from, to)
      const parts: number[] = []
      for (let at = 0; at < x.length;) {
        const count = draw.integer(trial === 0 ? 5 : 1500)
        parts.push(...converter.push(x.subarray(at, at + count)))
        at += count
      }
      parts.push(...converter.flush())
      expect(largestDifference(parts, whole)).toBe(0)
    }
  })

  it('brings back what went from 16 to 48 kHz', () => {
    const x = tone(440, 16000, 16000)
    tone(6500, 16000, 16000, 0.2).forEach((value, i) => (x[i] = x[i]! + value))
    const back = resample(resample(x, 16000, 48000), 48000, 16000)
    expect(back).toHaveLength(x.length)
    expect(largestDifference(middle(back), middle(x))).toBeLessThan(2e-5)
  })

  it('keeps a constant and the position of a click', () => {
    expect(
      largestDifference(
        middle(resample(new Float32Array(4000).fill(0.25), 44100, 48000)),
        new Float32Array(2177).fill(0.25),
      ),
    ).toBeLessThan(1e-6)
    const click = new Float32Array(3000)
    click[1500] = 1
    const out = resample(click, 48000, 16000)
    expect(out.indexOf(Math.max(...out))).toBe(500)
  })

  it.each([0, -1, 44100.5, NaN])('refuses a rate of %d Hz', (rate) => {
    expect(() => resampler(rate, 16000)).toThrow(/positive integer/)
  })
})
