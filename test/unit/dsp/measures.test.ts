import { describe, expect, it } from 'vitest'
import { mixAtSnr, peak, rms, segmentalSnr, siSdr } from '../../../src-main/dsp'
import { babble, noise, tone } from '../../helpers/signals'

const sampleRate = 16000

describe('siSdr', () => {
  const speech = babble(16000, sampleRate)
  const mixture = speech.map((value, i) => value + noise(16000, 9, 0.03)[i]!)

  it('does not change with the scale or offset of the estimate', () => {
    const expected = siSdr(speech, mixture)
    for (const [scale, offset] of [
      [0.01, 0],
      [7, 0.2],
      [-1, 0],
    ] as const)
      expect(
        siSdr(
          speech,
          mixture.map((value) => scale * value + offset),
        ),
      ).toBeCloseTo(expected, 3)
  })

  it('is 10 log10 of the energy ratio for an orthogonal error', () => {
    const s = tone(1000, 16000, sampleRate, 1)
    const e = tone(2000, 16000, sampleRate, 0.1)
    expect(
      siSdr(
        s,
        s.map((value, i) => value + e[i]!),
      ),
    ).toBeCloseTo(20, 4)
    expect(siSdr(s, e)).toBeLessThan(-80)
  })

  it('is infinite for a copy and NaN for a silent reference', () => {
    expect(siSdr(speech, speech)).toBeGreaterThan(120)
    expect(siSdr(new Float32Array(10), speech.subarray(0, 10))).toBeNaN()
  })

  it('refuses signals of different lengths', () => {
    expect(() => siSdr(speech, speech.subarray(1))).toThrow(/16000 and 15999/)
  })
})

describe('segmentalSnr', () => {
  it('is the common SNR where every frame has the same', () => {
    const s = tone(1000, 16000, sampleRate, 0.5)
    const x = s.map((value) => value * 1.1)
    expect(segmentalSnr(s, x, { sampleRate })).toBeCloseTo(20, 3)
  })

  it('limits each frame to [−10, 35] dB and skips silent ones', () => {
    const s = tone(1000, 16000, sampleRate, 0.5)
    expect(segmentalSnr(s, s, { sampleRate })).toBe(35)
    expect(
      segmentalSnr(
        s,
        s.map((value) => value * -20),
        { sampleRate },
      ),
    ).toBe(-10)
    expect(segmentalSnr(new Float32Array(1000), noise(1000, 1), { sampleRate })).toBeNaN()
  })
})

describe('mixAtSnr', () => {
  it.each([-5, 0, 2.5, 20])('mixes at %d dB, repeating short noise', (db) => {
    const speech = babble(16000, sampleRate)
    const { mixture, noise: scaled } = mixAtSnr(speech, noise(5000, 3), db)
    expect(20 * Math.log10(rms(speech) / rms(scaled))).toBeCloseTo(db, 4)
    expect(mixture[12345]).toBeCloseTo(speech[12345]! + scaled[12345]!, 6)
    expect(siSdr(speech, mixture)).toBeGreaterThan(db - 0.5)
    expect(siSdr(speech, mixture)).toBeLessThan(db + 0.5)
  })

  it('refuses silence', () => {
    expect(() => mixAtSnr(new Float32Array(10), noise(10, 1), 0)).toThrow(RangeError)
    expect(() => mixAtSnr(noise(10, 1), new Float32Array(0), 0)).toThrow(RangeError)
  })
})

it('rms and peak of a sine', () => {
  const x = tone(1000, 16000, sampleRate, 0.8)
  expect(rms(x)).toBeCloseTo(0.8 / Math.SQRT2, 6)
  expect(peak(x)).toBeCloseTo(0.8, 5)
  expect([rms(new Float32Array(0)), peak(new Float32Array(0))]).toEqual([0, 0])
})
