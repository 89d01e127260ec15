import { describe, expect, it } from 'vitest'
import { truePeakMeter } from '../../../src-main/dsp'

/** A sine that comes and goes softly, at `cycles` per sample. */
function sine(cycles: number, degrees: number, amplitude = 1, length = 4000): Float32Array {
  const edge = (i: number) => Math.sin((Math.PI / 2) * Math.min(1, i / 500, (length - 1 - i) / 500)) ** 2
  return Float32Array.from(
    { length },
    (_, i) => amplitude * edge(i) * Math.sin(2 * Math.PI * cycles * i + (degrees * Math.PI) / 180),
  )
}
const largest = (x: Float32Array) => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
const decibels = (value: number) => 20 * Math.log10(value)
function truePeak(...channels: Float32Array[]): number {
  const meter = truePeakMeter(channels.length)
  meter.push(channels)
  return decibels(meter.finish())
}

describe('truePeakMeter', () => {
  it('sees the top of a sine at a quarter of the rate, 3 dB above its samples', () => {
    const x = sine(1 / 4, 45)
    expect(decibels(largest(x))).toBeCloseTo(-3.01, 2)
    expect(Math.abs(truePeak(x))).toBeLessThan(0.05)
  })

  // EBU Tech 3341, cases 15 to 19: sines of 0.5 (−6 dB) and 1.41 (+3 dB); a meter may be 0.2 dB above and 0.4 dB below.
  it.each([
    [1 / 4, 0, 0.5, -6],
    [1 / 4, 45, 0.5, -6],
    [1 / 6, 60, 0.5, -6],
    [1 / 8, 67.5, 0.5, -6],
    [1 / 4, 45, 1.41, 3],
  ])('reads a sine of %f cycles a sample from %f degrees within the tolerance', (cycles, degrees, amplitude, level) => {
    const read = truePeak(sine(cycles, degrees, amplitude))
    expect(read).toBeLessThan(level + 0.2)
    expect(read).toBeGreaterThan(level - 0.4)
  })

  it('reads the same in pieces of any length, and the highest of its channels', () => {
    const [a, b] = [sine(0.23, 10, 0.4), sine(1 / 4, 45, 0.8)]
    const whole = truePeak(a, b)
    expect(whole).toBeCloseTo(truePeak(b), 10)
    const meter = truePeakMeter(2)
    for (let at = 0, i = 0; at < a.length; i++) {
      const to = Math.min(a.length, at + [1, 7, 128, 5, 1000][i % 5]!)
      meter.push([a.subarray(at, to), b.subarray(at, to)])
      at = to
    }
    expect(decibels(meter.finish())).toBeCloseTo(whole, 10)
  })

  it('is never under the largest sample, and 0 for silence', () => {
    const x = sine(0.41, 3, 0.7)
    expect(truePeak(x)).toBeGreaterThanOrEqual(decibels(largest(x)))
    const meter = truePeakMeter(1)
    meter.push([new Float32Array(1000)])
    expect(meter.finish()).toBe(0)
  })

  it('passes over what cannot hold a peak, and nothing else', () => {
    const x = sine(0.21, 20, 0.3, 20_000)
    x.set(sine(0.247, 33, 0.9, 2000), 15_000)
    let direct = 0
    const row = (k: number, j: number) => {
      const at = (Math.PI * (4 * j + k - 24)) / 4
      return (at === 0 ? 1 : Math.sin(at) / at) * 0.5 * (1 - Math.cos((2 * Math.PI * (4 * j + k)) / 48))
    }
    for (let i = 12; i < x.length; i++)
      for (let k = 0; k < 4; k++) {
        let sum = 0
        for (let j = 0; j <= 12; j++) if (4 * j + k <= 48) sum += row(k, j) * x[i - j]!
        direct = Math.max(direct, Math.abs(sum))
      }
    expect(truePeak(x)).toBeCloseTo(decibels(direct), 5)
  })
})
