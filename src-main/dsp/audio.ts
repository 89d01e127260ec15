/** One array of samples per channel, ±1 full scale, all of one length. */
export type Planar = Float32Array[]

export type Container = 'wav' | 'mp3' | 'flac' | 'ogg' | 'm4a' | 'aac' | 'aiff' | 'caf' | 'webm'

/** How samples lie in a file; `compressed` for everything that is decoded by a codec. */
export type Encoding = 's16' | 's24' | 's32' | 'f32' | 'f64' | 'u8' | 'compressed'

/** What an audio file holds. */
export interface AudioInfo {
  /** Hz. */
  sampleRate: number
  channels: number
  /** Samples per channel. */
  frames: number
  container: Container
  encoding: Encoding
  /** Set when the file ends before its header says it does. */
  truncated?: boolean
}

/** An open recording, read from front to back in blocks. */
export interface AudioReader {
  readonly info: AudioInfo
  /** The next samples, `frames` of them or what is left, null at the end. Throws `bad-input` on NaN or infinite samples. */
  read(frames: number): Promise<Planar | null>
  /** Moves to sample `frame`, 0 ≤ frame ≤ info.frames. */
  seek(frame: number): Promise<void>
  close(): Promise<void>
}

/** An audio file being written; nothing appears at its path before `finish`. */
export interface AudioWriter {
  /** Samples so far that lay outside the format's range and were clamped. */
  readonly clipped: number
  /** Appends a block. On any error the unfinished file is removed. Throws `disk-full`, `no-permission`, `internal` (NaN samples). */
  write(block: Planar): Promise<void>
  /** Completes the file and puts it in place. */
  finish(): Promise<void>
  /** Gives up and leaves nothing behind; harmless after `finish`. */
  abort(): Promise<void>
}

/** Most channels a file may have. */
export const maxChannels = 32
/** Sample rates taken for real, Hz. */
export const sampleRateRange = [1000, 1_536_000] as const

/** The mean of all channels, one new array. */
export function downmix(block: Planar): Float32Array {
  const [first, ...others] = block
  if (!first) return new Float32Array(0)
  const out = first.slice()
  if (others.length === 0) return out
  for (const channel of others) for (let i = 0; i < out.length; i++) out[i] = out[i]! + channel[i]!
  for (let i = 0; i < out.length; i++) out[i] = out[i]! / block.length
  return out
}
