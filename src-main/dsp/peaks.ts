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

/** Magnitude from which a sample is at full scale: the largest of 16 bits. */
const fullScale = 32766.5 / 32768
const fewestClipped = 3
/** Stretches closer than this are told as one, and so many are kept: a mark on screen is no finer. */
const clipGap = peakSamples
const mostClips = 5000

/** Finds stretches of full-scale samples while the samples go by. */
function clipFinder(channels: number) {
  const runs = new Int32Array(channels)
  const clips: number[] = []
  const note = (end: number, length: number) => {
    const from = end - length
    const last = clips.length - 2
    if (last >= 0 && from - (clips[last]! + clips[last + 1]!) < clipGap)
      clips[last + 1] = Math.max(clips[last + 1]!, end - clips[last]!)
    else if (clips.length < 2 * mostClips) clips.push(from, length)
  }
  return {
    clips,
    /** Samples `from` to `to` of channel `c`, whose first sample is frame `frame` of the sound. */
    look(x: Float32Array, from: number, to: number, c: number, frame: number) {
      let run = runs[c]!
      for (let i = from; i < to; i++) {
        const value = x[i]!
        if (value >= fullScale || value <= -fullScale) run++
        else if (run > 0) {
          if (run >= fewestClipped) note(frame + i, run)
          run = 0
        }
      }
      runs[c] = run
    },
    /** Whether channel `c` is inside a run. */
    isOpen: (c: number) => runs[c]! > 0,
    finish(frames: number) {
      for (const run of runs) if (run >= fewestClipped) note(frames, run)
    },
  }
}

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
  const finder = clipFinder(channels)

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
          if (least <= -fullScale || most >= fullScale || finder.isOpen(c)) finder.look(x, at, to, c, frames)
        }
        inBucket += to - at
        at = to
        if (inBucket === peakSamples) close()
      }
      frames += length
    },
    finish() {
      if (inBucket > 0) close()
      finder.finish(frames)
      const data = new Int16Array(channels * buckets * 2)
      rows.forEach((row, c) => data.set(row.subarray(0, 2 * buckets), c * buckets * 2))
      return peaksOfBuckets(
        { sampleRate, channels, frames, clips: finder.clips },
        { samplesPerBucket: peakSamples, buckets, data },
      )
    },
  }
}

const magic = 'NGPEAKS1'

/** Peaks as bytes, for the contract's `readPeaks`: `NGPEAKS1`, uint32 length of a JSON header padded to a multiple of 4, the header, then each level's int16 values, all little-endian. */
export function encodePeaks(peaks: Peaks): Uint8Array {
  const { sampleRate, channels, frames, levels, clips } = peaks
  const shapes = levels.map(({ samplesPerBucket, buckets }) => ({ samplesPerBucket, buckets }))
  const text = JSON.stringify({ sampleRate, channels, frames, levels: shapes, ...(clips ? { clips } : {}) })
  const header = Buffer.from(text.padEnd(4 * Math.ceil(text.length / 4)))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(header.length)
  const bodies = levels.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return Buffer.concat([Buffer.from(magic), length, header, ...bodies])
}
