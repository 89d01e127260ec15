import { describe, expect, it } from 'vitest'
import { loudnessMeter } from '../../../src-main/dsp'
import type { Planar } from '../../../src-main/dsp'
import { noise, tone } from '../../helpers/signals'

function loudness(block: Planar, rate: number, piece = 4096): number {
  const meter = loudnessMeter(rate, block.length)
  for (let at = 0; at < block[0]!.length; at += piece) meter.push(block.map((x) => x.subarray(at, at + piece)))
  return meter.finish()
}

const gain = (db: number) => 10 ** (db / 20)
const join = (...parts: Float32Array[]) => Float32Array.from(parts.flatMap((x) => [...x]))
const stereo = (x: Float32Array): Planar => [x, x]

describe('loudnessMeter', () => {
  it.each([8000, 16000, 22050, 44100, 48000, 192000])(
    'reads −3.01 LUFS for a 997 Hz full-scale sine in one channel at %i Hz',
    (rate) => {
      expect(Math.abs(loudness([tone(997, 4 * rate, rate, 1), new Float32Array(4 * rate)], rate) + 3.01)).toBeLessThan(
        rate === 48000 ? 0.005 : 0.05,
      )
    },
  )

  it.each([-23, -33])('EBU Tech 3341 case 1 and 2: a stereo 1 kHz sine at %i dBFS reads that many LUFS', (db) => {
    const x = tone(1000, 20 * 48000, 48000, gain(db))
    expect(Math.abs(loudness(stereo(x), 48000) - db)).toBeLessThan(0.1)
  })

  it('EBU Tech 3341 case 3: quiet surroundings are gated out', () => {
    const part = (db: number, seconds: number) => tone(1000, seconds * 16000, 16000, gain(db))
    expect(Math.abs(loudness(stereo(join(part(-36, 10), part(-23, 60), part(-36, 10))), 16000) + 23)).toBeLessThan(0.1)
  })

  it('is the same to the last bit whatever stands beside a channel', () => {
    const [x, y, none] = [noise(40_000, 1), noise(40_000, 2), new Float32Array(40_000)]
    expect(loudness([x, none], 16000)).toBe(loudness([x], 16000))
    expect(loudness([none, x], 16000)).toBe(loudness([x], 16000))
    expect(loudness([none, none, x], 16000)).toBe(loudness([x], 16000))
    expect(loudness([x, none, y], 16000)).toBe(loudness([x, y], 16000))
    expect(loudness([x, y, none, none], 16000)).toBe(loudness([none, x, y, none], 16000))
  })

  it('EBU Tech 3341 case 4: silence below −70 LUFS does not count', () => {
    const part = (db: number, seconds: number) => tone(1000, seconds * 16000, 16000, gain(db))
    const x = join(part(-72, 10), part(-36, 10), part(-23, 60), part(-36, 10), part(-72, 10))
    expect(Math.abs(loudness(stereo(x), 16000) + 23)).toBeLessThan(0.1)
  })

  it('EBU Tech 3341 case 6: 5.1 channels with their weights, the LFE left out', () => {
    const n = 5 * 48000
    const at = (db: number) => tone(1000, n, 48000, gain(db))
    expect(Math.abs(loudness([at(-28), at(-28), at(-24), at(0), at(-30), at(-30)], 48000) + 23)).toBeLessThan(0.1)
  })

  it('EBU Tech 3341 case 5: the relative gate leaves the quiet surroundings out', () => {
    const part = (db: number, seconds: number) => tone(1000, seconds * 16000, 16000, gain(db))
    const x = join(part(-26, 20), part(-20, 20.1), part(-26, 20))
    expect(Math.abs(loudness(stereo(x), 16000) + 23)).toBeLessThan(0.1)
  })

  /** Values of a running measure every 10 ms of a stereo tone, and the largest of them. */
  function running(x: Float32Array, rate: number, of: 'momentary' | 'shortTerm') {
    const meter = loudnessMeter(rate, 2)
    const values: number[] = []
    for (let at = 0; at < x.length; at += rate / 100) {
      meter.push(stereo(x.subarray(at, at + rate / 100)))
      values.push(meter[of]())
    }
    return { values, most: Math.max(...values) }
  }
  const piece = (db: number, seconds: number) => tone(1000, Math.round(seconds * 16000), 16000, gain(db))
  const silence = (seconds: number) => new Float32Array(Math.round(seconds * 16000))
  const times = (count: number, make: (n: number) => Float32Array[]) =>
    join(...Array.from({ length: count }, (_, n) => make(n)).flat())

  it('EBU Tech 3341 case 9: short-term loudness stays at −23 LUFS from 3 s on', () => {
    const x = times(5, () => [piece(-20, 1.34), piece(-30, 1.66)])
    const { values } = running(x, 16000, 'shortTerm')
    expect(values.slice(0, 299).every((value) => value === -Infinity)).toBe(true)
    for (const value of values.slice(300)) expect(Math.abs(value + 23)).toBeLessThan(0.1)
  })

  it('EBU Tech 3341 case 10: short-term loudness peaks at −23 LUFS wherever 3 s of tone begin', () => {
    for (let n = 0; n < 20; n++) {
      const { most } = running(join(silence(0.15 * n), piece(-23, 3), silence(1)), 16000, 'shortTerm')
      expect(Math.abs(most + 23)).toBeLessThan(0.1)
    }
  })

  it('EBU Tech 3341 case 11: short-term loudness peaks at the level of each piece', () => {
    const meter = loudnessMeter(16000, 2)
    for (let n = 0; n < 20; n++) {
      const x = join(silence(0.15 * n), piece(-38 + n, 3), silence(3 - 0.15 * n))
      let most = -Infinity
      for (let at = 0; at < x.length; at += 160) {
        meter.push(stereo(x.subarray(at, at + 160)))
        most = Math.max(most, meter.shortTerm())
      }
      expect(Math.abs(most - (-38 + n))).toBeLessThan(0.1)
    }
  })

  it('EBU Tech 3341 case 12: momentary loudness stays at −23 LUFS from 1 s on', () => {
    const { values } = running(
      times(25, () => [piece(-20, 0.18), piece(-30, 0.22)]),
      16000,
      'momentary',
    )
    for (const value of values.slice(100)) expect(Math.abs(value + 23)).toBeLessThan(0.1)
  })

  it('EBU Tech 3341 case 13: momentary loudness peaks at −23 LUFS wherever 400 ms of tone begin', () => {
    for (let n = 0; n < 20; n++) {
      const { most } = running(join(silence(0.02 * n), piece(-23, 0.4), silence(1)), 16000, 'momentary')
      expect(Math.abs(most + 23)).toBeLessThan(0.1)
    }
  })

  it('EBU Tech 3341 case 14: momentary loudness peaks at the level of each piece', () => {
    const meter = loudnessMeter(16000, 2)
    for (let n = 0; n < 20; n++) {
      const x = join(silence(0.02 * n), piece(-38 + n, 0.4), silence(0.4 - 0.02 * n))
      let most = -Infinity
      for (let at = 0; at < x.length; at += 160) {
        meter.push(stereo(x.subarray(at, at + 160)))
        most = Math.max(most, meter.momentary())
      }
      expect(Math.abs(most - (-38 + n))).toBeLessThan(0.1)
    }
  })

  it('does not depend on how the input is split', () => {
    const x = stereo(tone(440, 48000, 48000, 0.1))
    expect(loudness(x, 48000, 311)).toBeCloseTo(loudness(x, 48000, 48000), 9)
  })

  it('measures short clips as a whole and silence as −∞', () => {
    expect(loudness([tone(1000, 80, 16000, 1)], 16000)).toBeGreaterThan(-10)
    expect(loudness([new Float32Array(16000)], 16000)).toBe(-Infinity)
    expect(loudness([new Float32Array(80)], 16000)).toBe(-Infinity)
    expect(loudnessMeter(16000, 1).finish()).toBe(-Infinity)
  })
})
