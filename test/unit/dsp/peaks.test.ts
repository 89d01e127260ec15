import { describe, expect, it } from 'vitest'
import { readPeaks } from '@contract'
import { encodePeaks, peaksBuilder } from '../../../src-main/dsp'
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

describe('clips', () => {
  const clipsOf = (x: Float32Array[]) => build(x).clips

  it('are stretches of three or more samples at full scale, as integers and floats have it', () => {
    const x = new Float32Array(10_000)
    x.fill(32767 / 32768, 1000, 1003)
    x.fill(-1, 3000, 3007)
    x.fill(1.5, 5000, 5002)
    x[7000] = 1
    x[7002] = 1
    x[7004] = 1
    x.fill(0.9998, 8000, 8100)
    expect(clipsOf([x])).toEqual([1000, 3, 3000, 7])
  })

  it('may lie across buckets and reach the end; what is close is told as one', () => {
    const x = new Float32Array(5000)
    x.fill(1, 254, 260)
    x.fill(1, 300, 304)
    x.fill(1, 4990)
    expect(clipsOf([x])).toEqual([254, 50, 4990, 10])
  })

  it('are found in every channel, and none in what has none', () => {
    const x = new Float32Array(2000)
    x.fill(1, 700, 710)
    expect(clipsOf([new Float32Array(2000), x])).toEqual([700, 10])
    expect(clipsOf([new Float32Array(2000)])).toEqual([])
  })

  it('come back from the file', () => {
    const x = new Float32Array(2000)
    x.fill(1, 700, 710)
    const { buffer, byteOffset, byteLength } = encodePeaks(build([x]))
    expect(readPeaks(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer).clips).toEqual([700, 10])
  })
})
