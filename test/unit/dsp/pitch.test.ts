import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { f0Error, pitch, readMono } from '../../../src-main/dsp'
import { noise, tone } from '../../helpers/signals'

const rate = 22050

/** Ten harmonics over the phase of a fundamental that runs as `f0` says, Hz at a time in seconds. */
function voice(f0: (t: number) => number, samples = rate): Float32Array {
  const out = new Float32Array(samples)
  let phase = 0
  for (let n = 0; n < samples; n++) {
    for (let h = 1; h <= 10; h++) out[n] = out[n]! + (0.2 / h) * Math.sin(h * phase + h)
    phase += (2 * Math.PI * f0(n / rate)) / rate
  }
  return out
}

/** Largest error in cents over the frames that lie inside, all of which must be voiced. */
function worst(x: Float32Array, f0: (t: number) => number): number {
  const track = pitch(x, rate)
  let most = 0
  for (let t = 5; t < track.f0.length - 5; t++)
    most = Math.max(most, Math.abs(1200 * Math.log2(track.f0[t]! / f0((t * track.hop) / rate))))
  return most
}

describe('pitch', () => {
  it.each([65, 110, 196.3, 220, 333.7, 440, 590])('finds a voice at %d Hz within 2 cents', (hz) => {
    expect(
      worst(
        voice(() => hz),
        () => hz,
      ),
    ).toBeLessThan(2)
  })

  it.each([80, 200, 500])('finds a sine at %d Hz within 3 cents', (hz) => {
    expect(worst(tone(hz, rate, rate), () => hz)).toBeLessThan(3)
  })

  it('follows a glide at the frame’s own time: an octave in a second', () => {
    const glide = (t: number) => 150 * 2 ** t
    expect(worst(voice(glide), glide)).toBeLessThan(5)
  })

  it('finds a fundamental that is missing', () => {
    const x = new Float32Array(rate)
    for (const h of [3, 4, 5, 6])
      for (const [n, value] of tone(120 * h, rate, rate, 0.1).entries()) x[n] = x[n]! + value
    expect(worst(x, () => 120)).toBeLessThan(2)
  })

  it('is deaf to level', () => {
    const x = voice(() => 180)
    const expected = pitch(x, rate).f0
    expect(
      pitch(
        x.map((value) => value / 1000),
        rate,
      ).f0,
    ).toBeAllclose(expected, { relative: 1e-4 })
  })

  it('takes noise, silence and what is far below the rest for unvoiced', () => {
    const hiss = pitch(noise(rate, 3), rate)
    expect(hiss.f0.filter((value) => value > 0).length).toBeLessThan(2)
    expect([...hiss.aperiodicity].reduce((sum, value) => sum + value, 0) / hiss.f0.length).toBeGreaterThan(0.5)
    expect(pitch(new Float32Array(rate), rate).f0.every((value) => value === 0)).toBe(true)
    const half = voice(() => 200).map((value, n) => (n < rate / 2 ? value : value / 1000))
    const { f0, hop } = pitch(half, rate)
    expect(f0.subarray(5, Math.floor(rate / 2 / hop) - 5).every((value) => value > 0)).toBe(true)
    expect(f0.subarray(Math.ceil(rate / 2 / hop) + 5).every((value) => value === 0)).toBe(true)
  })

  it('has 1 + ⌊n / hop⌋ frames', () => {
    expect(pitch(new Float32Array(0), rate).f0.length).toBe(0)
    expect(pitch(new Float32Array(1), rate).f0.length).toBe(1)
    expect(pitch(noise(512, 1), rate, { hop: 256 }).f0.length).toBe(3)
  })

  it('refuses a range that cannot be searched', () => {
    expect(() => pitch(noise(100, 1), rate, { low: 0 })).toThrow(/got 0 to 600/)
    expect(() => pitch(noise(100, 1), rate, { high: 6000 })).toThrow(/5512.5/)
    expect(() => pitch(noise(100, 1), rate, { hop: 0.5 })).toThrow(/hop/)
  })
})

describe('f0Error', () => {
  it('is 0 for a copy', () => {
    const x = voice(() => 200)
    expect(f0Error(x, x, rate)).toEqual({ cents: 0, fineCents: 0, gross: 0, voicing: 0 })
  })

  it('measures a shift of 50 cents, an octave, and a half that lost its voice', () => {
    const x = voice(() => 200)
    const sharp = f0Error(
      x,
      voice(() => 200 * 2 ** (50 / 1200)),
      rate,
    )
    expect(sharp.cents).toBeCloseTo(50, 0)
    expect(sharp.gross).toBe(0)
    const octave = f0Error(
      x,
      voice(() => 400),
      rate,
    )
    expect(octave.cents).toBeGreaterThan(1150)
    expect(octave.gross).toBeGreaterThan(0.95)
    const hiss = noise(rate, 1)
    const half = f0Error(
      x,
      x.map((value, n) => (n < rate / 2 ? value : hiss[n]!)),
      rate,
    )
    expect(half.voicing).toBeGreaterThan(0.45)
    expect(half.voicing).toBeLessThan(0.55)
    expect(half.fineCents).toBeLessThan(5)
  })

  it('has no cents where nothing is voiced', () => {
    const error = f0Error(
      noise(rate, 1),
      voice(() => 200),
      rate,
    )
    expect(error.voicing).toBeGreaterThan(0.9)
    expect(f0Error(new Float32Array(rate), new Float32Array(rate), rate).cents).toBeNaN()
  })

  it('refuses other lengths', () => {
    expect(() => f0Error(noise(10, 1), noise(11, 1), rate)).toThrow(/10 and 11/)
  })
})

const speech = resolve(import.meta.dirname, '../../../../shared/data/speech/ljspeech')
const found = existsSync(speech)
if (!found) console.log(`Pitch of real speech not tested: there is no ${speech}.`)

it.skipIf(!found)('finds a woman’s voice in real speech', async () => {
  for (const file of readdirSync(speech)
    .filter((name) => name.endsWith('.wav'))
    .slice(0, 4)) {
    const { f0 } = pitch(await readMono(join(speech, file), rate), rate)
    const voiced = f0.filter((value) => value > 0).sort()
    expect(voiced.length / f0.length).toBeGreaterThan(0.3)
    expect(voiced.length / f0.length).toBeLessThan(0.8)
    const at = (share: number) => voiced[Math.floor(voiced.length * share)]!
    expect(at(0.5)).toBeGreaterThan(170)
    expect(at(0.5)).toBeLessThan(270)
    expect(at(0.05)).toBeGreaterThan(120)
    expect(at(0.95)).toBeLessThan(450)
  }
})
