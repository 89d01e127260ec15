import { describe, expect, it } from 'vitest'
import { resampler } from '../../../src-main/dsp'
import { random } from '../../../src-main/lib/random'
import { restorer } from '../../../src-main/tasks/enhance/restore-rate'

/** Runs noise through the way down and up with an enhancer that lets everything pass. */
function passThrough(sampleRate: number, length: number, strength: number, share = 1) {
  const x = random(1).fillNormal(new Float32Array(length), 0.1)
  const modelRate = 16_000
  const restored = restorer({ channels: 1, sampleRate, modelRate, hop: 256, strength })
  const down = resampler(sampleRate, modelRate)
  const clean: number[] = []
  const noise: number[] = []
  const keep = (part: { clean: Float32Array[]; noise: Float32Array[] }) => {
    clean.push(...part.clean[0]!)
    noise.push(...part.noise[0]!)
  }
  for (let at = 0; at < length; at += 1000) {
    const block = x.subarray(at, at + 1000)
    const low = down.push(block)
    keep(
      restored.push([block], [low], {
        clean: [low],
        topShare: new Float32Array(Math.round(low.length / 256) + 1).fill(share),
      }),
    )
  }
  const low = down.flush()
  keep(restored.push([new Float32Array(0)], [low], { clean: [low], topShare: new Float32Array(0) }))
  keep(restored.flush({ clean: [new Float32Array(0)], topShare: new Float32Array(0) }))
  return { x, clean: Float32Array.from(clean), noise: Float32Array.from(noise) }
}

describe('going back to the recording’s rate', () => {
  it.each([
    [16_000, 5000],
    [44_100, 20_011],
    [48_000, 20_000],
    [22_050, 9999],
    [192_000, 50_001],
  ])('at %i Hz gives the recording back where everything is speech', (rate, length) => {
    const { x, clean, noise } = passThrough(rate, length, 1)
    expect(clean.length).toBe(length)
    expect(clean).toBeAllclose(x, { absolute: 1e-5 })
    expect(noise).toBeAllclose(new Float32Array(length), { absolute: 1e-5 })
  })

  it('splits into two parts that sum to the recording, at any strength', () => {
    const { x, clean, noise } = passThrough(48_000, 10_000, 0.3, 0)
    expect(clean.map((value, n) => value + noise[n]!)).toBeAllclose(x, { absolute: 1e-6 })
    expect(noise.some((value) => Math.abs(value) > 1e-3)).toBe(true)
  })

  it('passes the recording itself at strength 0', () => {
    const { x, clean } = passThrough(44_100, 10_000, 0, 0)
    expect(clean).toBeAllclose(x, { absolute: 1e-7 })
  })

  it('keeps the length of an 8 kHz recording, which has no band above the model’s', () => {
    expect(passThrough(8000, 3333, 1).clean.length).toBe(3333)
  })
})
