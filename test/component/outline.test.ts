import type { Peaks } from '@contract'
import { expect, test } from 'vitest'
import { clippedColumns, levelFor, outlineOf } from '../../src-renderer/audio/outline'
import { peaksPyramid } from '../../src-renderer/audio/peaks-pyramid'

const frames = 300_000
const samples = Float32Array.from({ length: frames }, (_, i) => 0.5 * Math.sin(i / 40) * Math.sin(i / 30_000))

function built(): Peaks {
  const pyramid = peaksPyramid({ sampleRate: 16_000, frames })
  for (let at = 0; at < frames; at += 70_001) pyramid.push([samples.subarray(at, at + 70_001)])
  return pyramid.finish()
}

test('the pyramid has each level a quarter of the one before, and every extreme', () => {
  const { levels } = built()
  expect(levels.map(({ samplesPerBucket }) => samplesPerBucket)).toEqual([256, 1024])
  const most = Math.round(32767 * samples.reduce((high, value) => Math.max(high, value), -1))
  for (const { data, buckets } of levels) {
    expect(data).toHaveLength(2 * buckets)
    expect(data.reduce((high, value) => Math.max(high, value), -32767)).toBe(most)
  }
})

test('a column spans what the pixel does, from the coarsest level that is fine enough', () => {
  const peaks = built()
  expect(levelFor(peaks, 100).samplesPerBucket).toBe(256)
  expect(levelFor(peaks, 1023).samplesPerBucket).toBe(256)
  expect(levelFor(peaks, 5000).samplesPerBucket).toBe(1024)
  const hop = 2000
  const { upper, lower } = outlineOf(peaks, 0, hop, 160)
  for (let column = 0; column < 150; column++) {
    const part = samples.subarray(column * hop, (column + 1) * hop)
    const high = part.reduce((most, value) => Math.max(most, value), 0)
    // A bucket of 1024 at either side may belong to the neighbour.
    expect(Math.abs(upper[column]! - high)).toBeLessThan(0.06)
    expect(lower[column]!).toBeLessThanOrEqual(0)
  }
  expect(upper.slice(150).every((value) => value === 0)).toBe(true)
})

test('clipped stretches mark their columns once each', () => {
  const peaks: Peaks = { ...built(), clips: [100, 3, 150, 3, 1000, 250, 9999, 5] }
  expect(clippedColumns(peaks, 0, 100, 20)).toEqual([1, 10, 11, 12])
  expect(clippedColumns(peaks, 1100, 100, 2)).toEqual([0, 1])
  const { levels, sampleRate, channels } = built()
  expect(clippedColumns({ levels, sampleRate, channels, frames }, 0, 100, 20)).toEqual([])
})
