import type { EditList, Peaks, Segment } from '@contract'
import type { Planar } from '../audio'
import { peaksOfBuckets, peakSamples, toInt16 } from '../peaks'
import { gainAt, lengthOf } from './edit-list'
import { lastUpTo } from './joins'
import type { Rendering } from './render'

/** Most samples that are read at once where peaks are read from the sound itself. */
const exactFrames = 1 << 16

interface Buckets {
  /** Lowest and highest of each channel, ±1. */
  low: Float32Array
  high: Float32Array
}

/** The outline of source samples `from` to `to` (at the list's rate) of a segment, from its source's peaks: exact to a bucket of those on either side. */
function outline(segment: Segment, peaks: Peaks, ratio: number, from: number, to: number, out: Buckets): void {
  const { samplesPerBucket, buckets, data } = peaks.levels[0]!
  const first = Math.max(0, Math.floor((from * ratio) / samplesPerBucket))
  const last = Math.min(buckets, Math.ceil((to * ratio) / samplesPerBucket))
  if (first >= last) return
  const gain = Math.max(gainAt(segment, from), gainAt(segment, to)) / 32767
  const channels = out.low.length
  const isMixed = segment.mono === true || (peaks.channels !== channels && peaks.channels > 1)
  let [mixedLow, mixedHigh] = [0, 0]
  for (let source = 0; source < peaks.channels; source++) {
    let [low, high] = [Infinity, -Infinity]
    for (let bucket = first; bucket < last; bucket++) {
      const at = (source * buckets + bucket) * 2
      low = Math.min(low, data[at]!)
      high = Math.max(high, data[at + 1]!)
    }
    if (isMixed || peaks.channels === 1) {
      mixedLow += low / peaks.channels
      mixedHigh += high / peaks.channels
    } else {
      out.low[source] = Math.min(out.low[source]!, low * gain)
      out.high[source] = Math.max(out.high[source]!, high * gain)
    }
  }
  if (isMixed || peaks.channels === 1)
    for (let c = 0; c < channels; c++) {
      out.low[c] = Math.min(out.low[c]!, mixedLow * gain)
      out.high[c] = Math.max(out.high[c]!, mixedHigh * gain)
    }
}

/**
 * The peaks of an edited sound at once, whatever its length: stretches that were taken over are outlined by the peaks of what they come from, at most a
 * bucket too wide on either side, and only the buckets around joins are read. `source` answers an asset's peaks.
 */
export async function editedPeaks(
  list: EditList,
  { plan, read }: Rendering,
  source: (asset: string) => Promise<Peaks>,
): Promise<Peaks> {
  const { channels, segments, sampleRate } = list
  const count = Math.ceil(plan.frames / peakSamples)
  const data = new Int16Array(channels * count * 2)
  const put = (bucket: number, { low, high }: Buckets) => {
    for (let c = 0; c < channels; c++) {
      data[(c * count + bucket) * 2] = toInt16(low[c]!)
      data[(c * count + bucket) * 2 + 1] = toInt16(high[c]!)
    }
  }
  const isExact = new Uint8Array(count)
  for (const { at, half } of plan.joins)
    for (let b = Math.floor((at - half) / peakSamples); b <= Math.floor((at + half - 1) / peakSamples); b++)
      isExact[b] = 1

  const peaks = new Map<string, Peaks>()
  for (const { asset } of segments) if (asset !== null && !peaks.has(asset)) peaks.set(asset, await source(asset))

  const out: Buckets = { low: new Float32Array(channels), high: new Float32Array(channels) }
  for (let bucket = 0; bucket < count; bucket++) {
    if (isExact[bucket]) continue
    const [from, to] = [bucket * peakSamples, Math.min(plan.frames, (bucket + 1) * peakSamples)]
    out.low.fill(Infinity)
    out.high.fill(-Infinity)
    for (let i = lastUpTo(plan.starts, from); i < segments.length && plan.starts[i]! < to; i++) {
      const segment = segments[i]!
      const start = plan.starts[i]!
      const [a, b] = [Math.max(from, start), Math.min(to, start + lengthOf(segment))]
      if (segment.asset === null) {
        out.low.forEach((value, c) => (out.low[c] = Math.min(value, 0)))
        out.high.forEach((value, c) => (out.high[c] = Math.max(value, 0)))
      } else {
        const of = peaks.get(segment.asset)!
        const base = segment.from - start
        outline(segment, of, of.sampleRate / sampleRate, base + a, base + b, out)
      }
    }
    for (let c = 0; c < channels; c++) if (out.low[c]! > out.high[c]!) out.low[c] = out.high[c] = 0
    put(bucket, out)
  }

  for (let bucket = 0; bucket < count;) {
    if (!isExact[bucket]) {
      bucket++
      continue
    }
    let end = bucket
    while (end < count && isExact[end] && (end - bucket) * peakSamples < exactFrames) end++
    const block = await read(bucket * peakSamples, (end - bucket) * peakSamples)
    for (let b = bucket; b < end; b++) put(b, extremes(block, (b - bucket) * peakSamples, out))
    bucket = end
  }
  return peaksOfBuckets(
    { sampleRate, channels, frames: plan.frames },
    { samplesPerBucket: peakSamples, buckets: count, data },
  )
}

/** Lowest and highest sample of each channel in the bucket that starts at `from`. */
function extremes(block: Planar, from: number, out: Buckets): Buckets {
  for (const [c, x] of block.entries()) {
    let [low, high] = [Infinity, -Infinity]
    for (const value of x.subarray(from, from + peakSamples)) {
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
    out.low[c] = low
    out.high[c] = high
  }
  return out
}

/** Largest magnitude that a waveform shows, 1 = full scale: a first answer, until the samples are read. */
export function largestPeak({ levels }: Peaks): number {
  let most = 0
  for (const value of levels.at(-1)!.data) most = Math.max(most, Math.abs(value))
  return most / 32767
}
