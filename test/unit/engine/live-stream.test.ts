import { describe, expect, it } from 'vitest'
import { joinSignals } from '../../../src-main/dsp'
import { leveller, liveStream, type SoundConverter } from '../../../src-main/engine/live/live-stream'

/** A converter that hands back whole frames of what it got, as Blow does, and the rest at the end. */
function framed(frame: number): SoundConverter & { got: number } {
  let held = new Float32Array(0)
  return {
    got: 0,
    async push(x) {
      this.got += x.length
      held = joinSignals([held, x])
      const whole = held.length - (held.length % frame)
      const out = held.slice(0, whole)
      held = held.slice(whole)
      return out
    },
    async flush() {
      const rest = held
      held = new Float32Array(0)
      return rest
    },
  }
}

const tone = (seconds: number, rate: number, size: number) =>
  Float32Array.from({ length: Math.round(seconds * rate) }, (_, i) => size * Math.sin((2 * Math.PI * 220 * i) / rate))

async function through(stream: ReturnType<typeof liveStream>, sound: Float32Array, piece: number) {
  const parts: Float32Array[] = []
  for (let at = 0; at < sound.length; at += piece)
    parts.push(await stream.take(sound.subarray(at, at + piece), at + piece >= sound.length))
  return joinSignals(parts)
}

describe('live sound', () => {
  it.each([
    [48_000, 16_000],
    [44_100, 8000],
    [16_000, 16_000],
  ])('at %i Hz comes back whole, in place and at its rate through a model at %i Hz', async (sampleRate, modelRate) => {
    const converter = framed(256)
    const stream = liveStream(converter, { sampleRate, modelRate, peak: 0.9 })
    const sound = tone(0.7, sampleRate, 0.9)
    const back = await through(stream, sound, Math.round(0.04 * sampleRate))
    expect(Math.abs(back.length - sound.length)).toBeLessThanOrEqual(Math.ceil(sampleRate / modelRate))
    expect(converter.got).toBe(Math.round((sound.length * modelRate) / sampleRate))
    let worst = 0
    for (let i = 0.1 * sampleRate; i < 0.6 * sampleRate; i++) worst = Math.max(worst, Math.abs(back[i]! - sound[i]!))
    expect(worst).toBeLessThan(0.01)
  })

  it('begins anew after its end', async () => {
    const stream = liveStream(framed(256), { sampleRate: 48_000, modelRate: 16_000, peak: 0.9 })
    const sound = tone(0.3, 48_000, 0.9)
    const first = await through(stream, sound, 1920)
    expect(await through(stream, sound, 1920)).toEqual(first)
  })
})

describe('the level', () => {
  const largest = (x: Float32Array) => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

  it('of quiet speech is raised towards what the model knows, without a step', () => {
    const level = leveller(0.9, 8000)
    const sound = tone(2, 8000, 0.3)
    for (let at = 0; at < sound.length; at += 320) level(sound.subarray(at, at + 320))
    expect(largest(sound)).toBeGreaterThan(0.8)
    expect(largest(sound)).toBeLessThanOrEqual(0.9 + 1e-6)
    let steepest = 0
    for (let i = 400; i < sound.length; i++) steepest = Math.max(steepest, Math.abs(sound[i]! - sound[i - 1]!))
    expect(steepest).toBeLessThan(((2 * Math.PI * 220) / 8000) * 0.9 * 1.2)
  })

  it('never leaves the range when speech becomes loud at once, and leaves silence silent', () => {
    const level = leveller(0.9, 8000)
    const silence = new Float32Array(8000)
    level(silence)
    expect(largest(silence)).toBe(0)
    const loud = tone(0.1, 8000, 1)
    level(loud)
    expect(largest(loud)).toBeLessThanOrEqual(0.9 + 1e-6)
    const hum = tone(1, 8000, 0.001)
    level(hum)
    expect(largest(hum)).toBeLessThan(0.01)
  })
})
