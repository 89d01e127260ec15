import type { Peaks, PeaksLevel } from '@contract'

/** The coarsest level that is still as fine as `hop` samples; the finest when none is. */
export function levelFor({ levels }: Peaks, hop: number): PeaksLevel {
  return levels.findLast(({ samplesPerBucket }) => samplesPerBucket <= hop) ?? levels[0]!
}

/**
 * Upper and lower edge of a sound for `count` columns, all channels together, in -1..1: column `i` spans frames `first + i·hop` to `first + (i+1)·hop`.
 * Columns past the end stay at 0.
 */
export function outlineOf(peaks: Peaks, first: number, hop: number, count: number) {
  const { samplesPerBucket, buckets, data } = levelFor(peaks, hop)
  const upper = new Float32Array(count)
  const lower = new Float32Array(count)
  for (let column = 0; column < count; column++) {
    const from = Math.max(0, Math.floor((first + column * hop) / samplesPerBucket))
    const to = Math.min(buckets, Math.max(from + 1, Math.floor((first + (column + 1) * hop) / samplesPerBucket)))
    if (first + column * hop >= peaks.frames) break
    let low = 0
    let high = 0
    for (let c = 0; c < peaks.channels; c++)
      for (let i = from, at = 2 * (c * buckets + from); i < to; i++, at += 2) {
        if (data[at]! < low) low = data[at]!
        if (data[at + 1]! > high) high = data[at + 1]!
      }
    upper[column] = high / 32767
    lower[column] = low / 32767
  }
  return { upper, lower }
}

/** Columns in which a sound is clipped, ascending. */
export function clippedColumns({ clips = [] }: Peaks, first: number, hop: number, count: number): number[] {
  const columns: number[] = []
  for (let i = 0; i < clips.length; i += 2) {
    const from = Math.max(0, Math.floor((clips[i]! - first) / hop))
    const to = Math.min(count - 1, Math.floor((clips[i]! + clips[i + 1]! - first) / hop))
    if (to < 0 || from >= count) continue
    for (let column = Math.max(from, (columns.at(-1) ?? -1) + 1); column <= to; column++) columns.push(column)
  }
  return columns
}
