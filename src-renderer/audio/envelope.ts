import type { Peaks, PeaksLevel } from '@contract'

/** A waveform's upper and lower edge, all channels together, in -1..1. */
export interface Envelope {
  upper: Float32Array
  lower: Float32Array
}

/** The finest level that has at most `most` buckets; the coarsest when none has so few. */
export function levelWithin(peaks: Peaks, most: number): PeaksLevel {
  return peaks.levels.find((level) => level.buckets <= most) ?? peaks.levels.at(-1)!
}

/** The outline over all channels: highest of their maxima, lowest of their minima. */
export function envelope({ buckets, data }: PeaksLevel, channels: number): Envelope {
  const upper = new Float32Array(buckets)
  const lower = new Float32Array(buckets)
  for (let i = 0; i < buckets; i++) {
    let low = 32767
    let high = -32767
    for (let channel = 0; channel < channels; channel++) {
      const at = (channel * buckets + i) * 2
      low = Math.min(low, data[at]!)
      high = Math.max(high, data[at + 1]!)
    }
    upper[i] = Math.max(0, high / 32767)
    lower[i] = Math.min(0, low / 32767)
  }
  return { upper, lower }
}
