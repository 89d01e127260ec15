import type { PcmEncoding } from '@contract'

export const bytesPerSample: Record<PcmEncoding, number> = { u8: 1, s16: 2, s24: 3, s32: 4, f32: 4, f64: 8 }

/** What the window needs to read a sound's samples by byte range. */
export interface PcmSource {
  url: string
  /** Hz. */
  sampleRate: number
  channels: number
  frames: number
  /** Byte offset of the first sample in `url`. */
  offset: number
  encoding: PcmEncoding
  /** For a sound that is no file: what it is the sum of. Its `url` only names it. */
  mixed?: readonly { source: PcmSource; gain: number }[]
}

/** What differs between two sounds of one rate: the first minus the second, each at its gain, sample by sample; mixed to one channel where they have not as many. */
export function differenceOf(first: PcmSource, second: PcmSource, gains: readonly [number, number]): PcmSource {
  const [a, b] = gains.map((gain) => gain.toFixed(6))
  return {
    ...{ url: `${first.url}*${a}-${second.url}*${b}`, sampleRate: first.sampleRate, offset: 0, encoding: 'f32' },
    channels: first.channels === second.channels ? first.channels : 1,
    frames: Math.max(first.frames, second.frames),
    mixed: [
      { source: first, gain: gains[0] },
      { source: second, gain: -gains[1] },
    ],
  }
}

/** Reads each part of a sound that is a sum, and adds them up. */
async function readMixed(
  { mixed, channels, frames }: PcmSource,
  from: number,
  count: number,
  signal?: AbortSignal,
): Promise<Float32Array<ArrayBuffer>[]> {
  const first = Math.max(0, from)
  const length = Math.max(0, Math.min(frames, from + count) - first)
  const parts = await Promise.all(mixed!.map(({ source }) => readPcm(source, first, length, signal)))
  const out = Array.from({ length: channels }, () => new Float32Array(length))
  for (const [i, part] of parts.entries()) {
    const { gain } = mixed![i]!
    const read = part.length === channels ? part : [mixDown(part)]
    for (const [c, samples] of read.entries())
      for (let n = 0; n < samples.length; n++) out[c]![n]! += gain * samples[n]!
  }
  return out
}

const readers: Record<PcmEncoding, (view: DataView, at: number) => number> = {
  u8: (view, at) => (view.getUint8(at) - 128) / 128,
  s16: (view, at) => view.getInt16(at, true) / 32768,
  s24: (view, at) => (view.getUint16(at, true) | (view.getInt8(at + 2) << 16)) / 8388608,
  s32: (view, at) => view.getInt32(at, true) / 2147483648,
  f32: (view, at) => view.getFloat32(at, true),
  f64: (view, at) => view.getFloat64(at, true),
}

/** Decodes interleaved little-endian PCM to `channels` arrays of samples in -1..1; trailing half frames are left out, non-finite samples become 0. */
export function decodePcm(bytes: Uint8Array, encoding: PcmEncoding, channels: number): Float32Array<ArrayBuffer>[] {
  const size = bytesPerSample[encoding]
  const read = readers[encoding]
  const frames = Math.floor(bytes.byteLength / (size * channels))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: channels }, (_, channel) => {
    const out = new Float32Array(frames)
    for (let frame = 0, at = channel * size; frame < frames; frame++, at += size * channels) {
      const value = read(view, at)
      out[frame] = Number.isFinite(value) ? value : 0
    }
    return out
  })
}

/** Mixes `channels` equally to one `[frames]`. */
export function mixDown(channels: Float32Array<ArrayBuffer>[]): Float32Array<ArrayBuffer> {
  if (channels.length === 1) return channels[0]!
  const out = new Float32Array(channels[0]?.length ?? 0)
  for (const channel of channels) for (let i = 0; i < out.length; i++) out[i]! += channel[i]! / channels.length
  return out
}

/** Decodes interleaved little-endian PCM to the mean of its channels, without an array for each of them. */
export function decodeMono(bytes: Uint8Array, encoding: PcmEncoding, channels: number): Float32Array<ArrayBuffer> {
  const size = bytesPerSample[encoding]
  const read = readers[encoding]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out = new Float32Array(Math.floor(bytes.byteLength / (size * channels)))
  for (let frame = 0, at = 0; frame < out.length; frame++) {
    let sum = 0
    for (let c = 0; c < channels; c++, at += size) sum += read(view, at)
    const value = sum / channels
    out[frame] = Number.isFinite(value) ? value : 0
  }
  return out
}

/** First and last byte of frames `from` to `from + count` within the file, cut at its end; undefined when none are left. */
export function byteRange(source: PcmSource, from: number, count: number): [first: number, last: number] | undefined {
  const frame = bytesPerSample[source.encoding] * source.channels
  const start = Math.max(0, from)
  const end = Math.min(source.frames, from + count)
  return end > start ? [source.offset + start * frame, source.offset + end * frame - 1] : undefined
}

/** Reads frames `from` to `from + count` by one range request, as `channels` arrays; shorter at the end. Throws when the host refuses. */
export async function readPcm(
  source: PcmSource,
  from: number,
  count: number,
  signal?: AbortSignal,
): Promise<Float32Array<ArrayBuffer>[]> {
  if (source.mixed) return readMixed(source, from, count, signal)
  const bytes = await readBytes(source, from, count, signal)
  if (!bytes) return Array.from({ length: source.channels }, () => new Float32Array(0))
  return decodePcm(bytes, source.encoding, source.channels)
}

/** As `readPcm`, mixed to one channel. */
export async function readMono(source: PcmSource, from: number, count: number): Promise<Float32Array<ArrayBuffer>> {
  if (source.mixed) return mixDown(await readMixed(source, from, count))
  const bytes = await readBytes(source, from, count)
  return bytes ? decodeMono(bytes, source.encoding, source.channels) : new Float32Array(0)
}

/** The bytes of frames `from` to `from + count`; undefined where there are none. */
async function readBytes(source: PcmSource, from: number, count: number, signal?: AbortSignal) {
  const range = byteRange(source, from, count)
  if (!range) return undefined
  const response = await fetch(source.url, {
    headers: { range: `bytes=${range[0]}-${range[1]}` },
    signal: signal ?? null,
  })
  if (response.status !== 206) {
    void response.body?.cancel()
    throw new Error(`Expected a part of ${source.url} (206), got status ${response.status}.`)
  }
  return new Uint8Array(await response.arrayBuffer())
}
