import { describe, expect, it } from 'vitest'
import { random } from '../../../src-main/lib/random'
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
    const both = truePeakMeter(2)
    both.push([new Float32Array(x.length), x])
    both.finish()
    expect(both.samplePeak()).toBe(largest(x))
    const meter = truePeakMeter(1)
    meter.push([new Float32Array(1000)])
    expect(meter.finish()).toBe(0)
  })

  const rows = [1, 2, 3].map((k) =>
    Array.from({ length: 12 }, (_, j) => {
      const at = (Math.PI * (4 * j + k - 24)) / 4
      return (Math.sin(at) / at) * 0.5 * (1 - Math.cos((2 * Math.PI * (4 * j + k)) / 48))
    }),
  )
  /** The largest of every sample and every output between them. */
  function direct(x: Float32Array): number {
    let most = largest(x)
    for (let i = 0; i < x.length + 12; i++)
      for (const row of rows) {
        let sum = 0
        for (let j = 0; j < 12; j++) sum += row[j]! * (x[i - j] ?? 0)
        most = Math.max(most, Math.abs(sum))
      }
    return most
  }

  it('passes over what cannot hold a peak, and nothing else', () => {
    const x = sine(0.21, 20, 0.3, 20_000)
    x.set(sine(0.247, 33, 0.9, 2000), 15_000)
    expect(truePeak(x)).toBe(decibels(direct(x)))
  })

  const draw = random(7)
  let gain = 1
  /** Samples that all add to one output, ever louder, some left out. */
  const burst = (row: number, without: number, share: number) => (i: number) => {
    if (i % 45 === 0) gain = i === 0 ? 0.5 : gain * 1.002
    const j = 11 - (i % 45)
    return j >= 0 && j !== without && draw.uniform() < share ? gain * Math.sign(rows[row]![j]!) : 0
  }
  it.each<[string, (i: number, n: number) => number]>([
    ['noise', () => 2 * draw.uniform() - 1],
    ['noise that grows', (i, n) => (i / n) * draw.normal()],
    ['noise of whole steps, near its limits', () => Math.sign(draw.normal()) * (1 - draw.integer(3) / 64)],
    ['clicks', () => (draw.uniform() < 0.02 ? draw.normal() : 0.001 * draw.normal())],
    ['pairs of clicks, of equal and of opposite sign', (i) => (i % 64 < 2 ? draw.normal() : 0)],
    ['a low tone and a little noise', (i) => Math.sin(0.013 * i) + 0.02 * draw.normal()],
    ['a limited tone', (i) => Math.tanh(3 * Math.sin(0.31 * i)) + 0.001 * draw.normal()],
    ['a tone whose pitch rises', (i, n) => Math.sin((1.5 * i * i) / n)],
    ['silence with a constant before', (i, n) => (i < n / 2 ? 0.7 : 0)],
    ['bursts that are largest at a half', burst(1, NaN, 0.9)],
    ['bursts that are largest at a quarter', burst(0, 5, 1)],
    ['bursts that are largest at three quarters', burst(2, 6, 1)],
    ['bursts that are largest at a quarter, some samples left out', burst(0, 5, 0.9)],
    ['bursts whose end is weak', (i) => (i % 45 < 7 ? burst(1, NaN, 1)(i) : 0)],
  ])('is what every output computed in full would be, to the last bit: %s', (_, at) => {
    for (const length of [1, 11, 12, 13, 5000, ...Array.from({ length: 40 }, (_, m) => 45 * m + 20)]) {
      const x = Float32Array.from({ length }, (_, i) => at(i, length))
      expect(truePeak(x)).toBe(decibels(direct(x)))
    }
  })
})
