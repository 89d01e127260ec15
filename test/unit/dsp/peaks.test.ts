import { describe, expect, it } from 'vitest'
import { peaksBuilder } from '../../../src-main/dsp'
import { random } from '../../../src-main/lib/random'
import { noise } from '../../helpers/signals'

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

  it('of nothing have no buckets', () => {
    expect(peaksBuilder(1, 8000).finish().levels[0]).toMatchObject({ buckets: 0 })
  })
})
