import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildPeaks, decodePeaks, encodePeaks, openAudio, peaksBuilder, peaksLevel } from '../../../src-main/dsp'
import { random } from '../../../src-main/lib/random'
import { noise, wav16 } from '../../helpers/signals'

function build(x: Float32Array[], seed = 1) {
  const draw = random(seed)
  const builder = peaksBuilder(x.length, 16000)
  for (let at = 0; at < x[0]!.length;) {
    const count = 1 + draw.integer(5000)
    builder.push(x.map((channel) => channel.subarray(at, at + count)))
    at += count
  }
  return builder.finish()
}

describe('peaks', () => {
  const x = [noise(700_001, 1, 0.3), noise(700_001, 2, 0.01)]
  const peaks = build(x)

  it('are the lowest and highest sample of every bucket at every level', () => {
    expect(peaks.levels.map(({ samplesPerBucket, buckets }) => [samplesPerBucket, buckets])).toEqual([
      [256, 2735],
      [1024, 684],
      [4096, 171],
    ])
    const toInt16 = (value: number) => Math.max(-32767, Math.min(32767, Math.round(value * 32767)))
    for (const { samplesPerBucket, buckets, data } of peaks.levels)
      for (let c = 0; c < 2; c++)
        for (let i = 0; i < buckets; i++) {
          const part = x[c]!.subarray(i * samplesPerBucket, (i + 1) * samplesPerBucket)
          const at = (c * buckets + i) * 2
          expect([data[at], data[at + 1]]).toEqual([toInt16(Math.min(...part)), toInt16(Math.max(...part))])
        }
  })

  it('do not depend on how the recording is split', () => {
    expect(build(x, 99)).toEqual(peaks)
  })

  it('survive encoding and refuse foreign or cut bytes', () => {
    const bytes = encodePeaks(peaks)
    expect(decodePeaks(bytes)).toEqual(peaks)
    for (const bad of [
      bytes.subarray(0, bytes.length - 1),
      bytes.subarray(0, 20),
      bytes.subarray(1),
      new Uint8Array(0),
    ])
      expect(() => decodePeaks(bad)).toThrow(/peaks file/)
  })

  it('pick the coarsest level that has enough buckets', () => {
    expect(peaksLevel(peaks, 100).buckets).toBe(171)
    expect(peaksLevel(peaks, 172).buckets).toBe(684)
    expect(peaksLevel(peaks, 2735).buckets).toBe(2735)
    expect(peaksLevel(peaks, 9999).buckets).toBe(2735)
  })

  it('come from a file with progress up to 1', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nagare-test-'))
    const path = join(folder, 'a.wav')
    const y = noise(200_000, 3, 0.2)
    await writeFile(path, wav16(y))
    const reader = await openAudio(path)
    const heard: number[] = []
    const found = await buildPeaks(reader, (fraction) => heard.push(fraction))
    await reader.close()
    await rm(folder, { recursive: true })
    expect(heard.at(-1)).toBe(1)
    expect(heard).toEqual([...heard].sort((a, b) => a - b))
    expect(found).toMatchObject({ frames: 200_000, sampleRate: 16000, channels: 1 })
    expect(Math.abs(found.levels[0]!.data[1]! / 32767 - Math.max(...y.subarray(0, 256)))).toBeLessThan(1e-4)
  })

  it('of nothing have no buckets', () => {
    expect(peaksBuilder(1, 8000).finish().levels[0]).toMatchObject({ buckets: 0 })
  })
})
