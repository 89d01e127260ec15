import type { Peaks, PeaksLevel } from '@contract'
import type { Planar } from './audio'

export interface PeaksBuilder {
  push(block: Planar): void
  /** Ends the recording and returns its pyramid. */
  finish(): Peaks
}

/** Samples per bucket of the finest level. */
export const peakSamples = 256
const factor = 4
/** No coarser level is made of one that has this many buckets or fewer. */
const coarsest = 512

/** A sample as peaks hold it. */
export function toInt16(x: number): number {
  return Math.max(-32767, Math.min(32767, Math.round(x * 32767)))
}

/** The next coarser level. */
function reduce(level: PeaksLevel, channels: number): PeaksLevel {
  const buckets = Math.ceil(level.buckets / factor)
  const data = new Int16Array(channels * buckets * 2)
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < buckets; i++) {
      let low = 32767
      let high = -32767
      for (let j = i * factor; j < Math.min(level.buckets, (i + 1) * factor); j++) {
        const at = (c * level.buckets + j) * 2
        low = Math.min(low, level.data[at]!)
        high = Math.max(high, level.data[at + 1]!)
      }
      data[(c * buckets + i) * 2] = low
      data[(c * buckets + i) * 2 + 1] = high
    }
  return { samplesPerBucket: level.samplesPerBucket * factor, buckets, data }
}

/** The pyramid over a finest level. */
export function peaksOfBuckets(sound: Omit<Peaks, 'levels'>, finest: PeaksLevel): Peaks {
  const levels = [finest]
  for (let last = finest; last.buckets > coarsest; last = levels.at(-1)!) levels.push(reduce(last, sound.channels))
  return { ...sound, levels }
}

/** Builds a waveform pyramid while the samples go by: 256 samples per bucket, then 1024, 4096 …; 4 bytes per bucket and channel. */
export function peaksBuilder(channels: number, sampleRate: number): PeaksBuilder {
  let rows = Array.from({ length: channels }, () => new Int16Array(2048))
  const low = new Float64Array(channels).fill(Infinity)
  const high = new Float64Array(channels).fill(-Infinity)
  let buckets = 0
  let inBucket = 0
  let frames = 0

  const close = () => {
    if (2 * buckets + 2 > rows[0]!.length)
      rows = rows.map((row) => {
        const grown = new Int16Array(2 * row.length)
        grown.set(row)
        return grown
      })
    for (let c = 0; c < channels; c++) {
      rows[c]![2 * buckets] = toInt16(low[c]!)
      rows[c]![2 * buckets + 1] = toInt16(high[c]!)
    }
    low.fill(Infinity)
    high.fill(-Infinity)
    buckets++
    inBucket = 0
  }

  return {
    push(block) {
      const length = block[0]?.length ?? 0
      for (let at = 0; at < length;) {
        const to = Math.min(length, at + peakSamples - inBucket)
        for (let c = 0; c < channels; c++) {
          const x = block[c]!
          let least = low[c]!
          let most = high[c]!
          for (let i = at; i < to; i++) {
            const value = x[i]!
            if (value < least) least = value
            if (value > most) most = value
          }
          low[c] = least
          high[c] = most
        }
        inBucket += to - at
        at = to
        if (inBucket === peakSamples) close()
      }
      frames += length
    },
    finish() {
      if (inBucket > 0) close()
      const data = new Int16Array(channels * buckets * 2)
      rows.forEach((row, c) => data.set(row.subarray(0, 2 * buckets), c * buckets * 2))
      return peaksOfBuckets({ sampleRate, channels, frames }, { samplesPerBucket: peakSamples, buckets, data })
    },
  }
}

const magic = 'NGPEAKS1'

/** Peaks as bytes, for the contract's `readPeaks`: `NGPEAKS1`, uint32 length of a JSON header padded to a multiple of 4, the header, then each level's int16 values, all little-endian. */
export function encodePeaks(peaks: Peaks): Uint8Array {
  const { sampleRate, channels, frames, levels } = peaks
  const shapes = levels.map(({ samplesPerBucket, buckets }) => ({ samplesPerBucket, buckets }))
  const text = JSON.stringify({ sampleRate, channels, frames, levels: shapes })
  const header = Buffer.from(text.padEnd(4 * Math.ceil(text.length / 4)))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(header.length)
  const bodies = levels.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return Buffer.concat([Buffer.from(magic), length, header, ...bodies])
}
