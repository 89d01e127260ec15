/** One resolution of a waveform picture: lowest and highest sample of each bucket, ±32767 = ±1, as [channels, buckets, 2]. */
export interface PeaksLevel {
  samplesPerBucket: number
  buckets: number
  data: Int16Array
}

/** A waveform at several resolutions, finest first, as `/media/<id>/peaks` answers it. */
export interface Peaks {
  /** Hz. */
  sampleRate: number
  channels: number
  /** Samples per channel. */
  frames: number
  levels: PeaksLevel[]
  /** Where it is clipped: first frame and length of each stretch with three or more full-scale samples in a row, in pairs; undefined where nobody looked. */
  clips?: number[]
}

/**
 * Reads a peaks file without copying its levels: `NGPEAKS1`, uint32 header length (a multiple of 4), JSON header, then each
 * level's int16 values, all little-endian. Throws RangeError on anything else or a part of one.
 */
export function readPeaks(file: ArrayBuffer): Peaks {
  const bad = () => new RangeError('Expected a peaks file, found other data or part of one.')
  const bytes = new Uint8Array(file)
  const text = (from: number, to: number) => new TextDecoder().decode(bytes.subarray(from, to))
  if (bytes.length < 12 || text(0, 8) !== 'NGPEAKS1') throw bad()
  let at = 12 + new DataView(file).getUint32(8, true)
  if (at > bytes.length || at % 4 !== 0) throw bad()
  let header: (Omit<Peaks, 'levels'> & { levels: Omit<PeaksLevel, 'data'>[] }) | null
  try {
    header = JSON.parse(text(12, at)) as typeof header
  } catch {
    throw bad()
  }
  if (!Array.isArray(header?.levels)) throw bad()
  const { sampleRate, channels, frames, clips } = header
  const levels = header.levels.map(({ samplesPerBucket, buckets }) => {
    const values = channels * buckets * 2
    if (!(values >= 0) || at + values * 2 > bytes.length) throw bad()
    const data = new Int16Array(file, at, values)
    at += values * 2
    return { samplesPerBucket, buckets, data }
  })
  if (levels.length === 0 || at !== bytes.length) throw bad()
  const isKnown = Array.isArray(clips) && clips.every((value) => Number.isSafeInteger(value))
  return { sampleRate, channels, frames, levels, ...(isKnown ? { clips } : {}) }
}
