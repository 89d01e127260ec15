import type { EditList, Peaks, Segment } from '@contract'
import { peaksOfBuckets, peakSamples, toInt16 } from '../peaks'
import { gainAt, isUntouched, lengthOf } from './edit-list'
import type { Rendering } from './render'

/** Lowest and highest sample of each channel and bucket, ±1, as [channels][buckets]. */
interface Buckets {
  low: Float32Array[]
  high: Float32Array[]
}

/** Widens bucket `at` of a channel to hold `low` to `high`. */
function widen(out: Buckets, channel: number, at: number, low: number, high: number): void {
  const lows = out.low[channel]!
  const highs = out.high[channel]!
  if (low < lows[at]!) lows[at] = low
  if (high > highs[at]!) highs[at] = high
}

/**
 * Widens the buckets that a segment lies in, from sample `start` of the list on, to hold it: by its source's `peaks`, at most one of their buckets too far on
 * either side. `ratio` is the source's rate over the list's.
 */
function outline(out: Buckets, segment: Segment, start: number, peaks: Peaks, ratio: number): void {
  const { samplesPerBucket, buckets, data } = peaks.levels[0]!
  const channels = out.low.length
  const isMixed = peaks.channels === 1 || segment.mono === true || peaks.channels !== channels
  const isSteady = !segment.ramps?.length
  const steady = gainAt(segment, segment.from) / 32767
  const end = start + lengthOf(segment)
  const base = segment.from - start
  for (let bucket = Math.floor(start / peakSamples); bucket * peakSamples < end; bucket++) {
    const from = base + Math.max(start, bucket * peakSamples)
    const to = base + Math.min(end, (bucket + 1) * peakSamples)
    const first = Math.max(0, Math.floor((from * ratio) / samplesPerBucket))
    const last = Math.min(buckets, Math.ceil((to * ratio) / samplesPerBucket))
    if (first >= last) continue
    const gain = isSteady ? steady : Math.max(gainAt(segment, from), gainAt(segment, to)) / 32767
    let [mixedLow, mixedHigh] = [0, 0]
    for (let source = 0; source < peaks.channels; source++) {
      let low = 32767
      let high = -32767
      for (let at = (source * buckets + first) * 2; at < (source * buckets + last) * 2; at += 2) {
        if (data[at]! < low) low = data[at]!
        if (data[at + 1]! > high) high = data[at + 1]!
      }
      if (isMixed) {
        mixedLow += low / peaks.channels
        mixedHigh += high / peaks.channels
      } else widen(out, source, bucket, low * gain, high * gain)
    }
    if (isMixed) for (let c = 0; c < channels; c++) widen(out, c, bucket, mixedLow * gain, mixedHigh * gain)
  }
}

/** Sets buckets `from` to `to`, which are those of a join, to what its samples are. */
async function measured(out: Buckets, { read }: Rendering, from: number, to: number): Promise<void> {
  const block = await read(from * peakSamples, (to - from) * peakSamples)
  for (const [c, x] of block.entries())
    for (let bucket = from; bucket < to; bucket++) {
      let [low, high] = [Infinity, -Infinity]
      for (const value of x.subarray((bucket - from) * peakSamples, (bucket - from + 1) * peakSamples)) {
        low = Math.min(low, value)
        high = Math.max(high, value)
      }
      out.low[c]![bucket] = low
      out.high[c]![bucket] = high
    }
}

/**
 * The peaks of an edited sound at once, whatever its length: stretches that were taken over are outlined by the peaks of what they come from, at most a
 * bucket too wide on either side, and only the buckets around joins are read. `source` answers an asset's peaks.
 */
export async function editedPeaks(
  list: EditList,
  over: Rendering,
  source: (asset: string) => Promise<Peaks>,
): Promise<Peaks> {
  const { channels, segments, sampleRate } = list
  const { starts, frames, joins } = over.plan
  const count = Math.ceil(frames / peakSamples)
  const rows = (value: number) => Array.from({ length: channels }, () => new Float32Array(count).fill(value))
  const out: Buckets = { low: rows(Infinity), high: rows(-Infinity) }
  const known = new Map<string, Peaks>()
  for (const [i, segment] of segments.entries()) {
    if (segment.asset === null) continue
    const peaks = known.get(segment.asset) ?? (await source(segment.asset))
    known.set(segment.asset, peaks)
    outline(out, segment, starts[i]!, peaks, peaks.sampleRate / sampleRate)
  }
  for (const [i, segment] of segments.entries())
    if (segment.asset === null)
      for (let b = Math.floor(starts[i]! / peakSamples); b * peakSamples < starts[i]! + lengthOf(segment); b++)
        for (let c = 0; c < channels; c++) widen(out, c, b, 0, 0)
  for (const { at, half } of joins)
    await measured(out, over, Math.floor((at - half) / peakSamples), Math.ceil((at + half) / peakSamples))

  const data = new Int16Array(channels * count * 2)
  for (let c = 0; c < channels; c++)
    for (let bucket = 0; bucket < count; bucket++) {
      const low = out.low[c]![bucket]!
      const high = out.high[c]![bucket]!
      // Beyond the end of its source a segment is silent.
      data[(c * count + bucket) * 2] = low > high ? 0 : toInt16(low)
      data[(c * count + bucket) * 2 + 1] = low > high ? 0 : toInt16(high)
    }
  const clips = clipsOf(list, starts, known)
  return peaksOfBuckets(
    { sampleRate, channels, frames, ...(clips ? { clips } : {}) },
    { samplesPerBucket: peakSamples, buckets: count, data },
  )
}

/** Where an edited sound is clipped: where what it is made of is, unless that was turned down or resampled; undefined where that is known of none. */
function clipsOf({ segments, sampleRate }: EditList, starts: ArrayLike<number>, known: ReadonlyMap<string, Peaks>) {
  if (![...known.values()].some(({ clips }) => clips)) return undefined
  const found: number[] = []
  for (const [i, segment] of segments.entries()) {
    const peaks = segment.asset === null ? undefined : known.get(segment.asset)
    if (!peaks?.clips || peaks.sampleRate !== sampleRate || !isUntouched(segment)) continue
    for (let c = 0; c < peaks.clips.length; c += 2) {
      const from = Math.max(segment.from, peaks.clips[c]!)
      const to = Math.min(segment.to, peaks.clips[c]! + peaks.clips[c + 1]!)
      if (from < to) found.push(starts[i]! + from - segment.from, to - from)
    }
  }
  return found
}

/** Largest magnitude that a waveform shows, 1 = full scale: a first answer, until the samples are read. */
export function largestPeak({ levels }: Peaks): number {
  let most = 0
  for (const value of levels.at(-1)!.data) most = Math.max(most, Math.abs(value))
  return most / 32767
}
