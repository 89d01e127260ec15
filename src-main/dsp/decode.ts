import audioDecode from 'audio-decode'
import type { AudioData, StreamDecoder } from 'audio-decode'
import { mkdtemp, open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asNagareError, NagareError } from '../lib/errors'
import { maxChannels } from './audio'
import type { AudioReader, AudioWriter, Planar } from './audio'
import { streamableMp4 } from './mp4-layout'
import { mpegFrameLength } from './sniff'
import type { Codec, Kind } from './sniff'
import { openWav } from './wav-reader'
import { createWav } from './wav-writer'

export interface DecodeOptions {
  /** Most bytes the decoded recording may take on disk (4 per sample); 8 GiB if left out. */
  maxDecodedBytes?: number
  allowTruncated?: boolean
  /** Folder for the decoded recording; the system's temporary one if left out. */
  spoolFolder?: string
  /** Called between pieces while a compressed file is decoded; may throw to stop. */
  check?: () => void
}

const feedBytes = 1 << 16

/** Runs `work` with the console muted: the codecs print to it what also shows in their result. */
function quietly<T>(work: () => T): T {
  const kept = { error: console.error, warn: console.warn }
  console.error = console.warn = () => undefined
  try {
    return work()
  } finally {
    Object.assign(console, kept)
  }
}

async function* fileBytes(
  handle: FileHandle,
  parts: (Buffer | { start: number; size: number })[],
): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (Buffer.isBuffer(part)) {
      yield part
      continue
    }
    for (let done = 0; done < part.size;) {
      const { buffer, bytesRead } = await handle.read(
        new Uint8Array(feedBytes),
        0,
        Math.min(feedBytes, part.size - done),
        part.start + done,
      )
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
      done += bytesRead
    }
  }
}

/** What a file's own header says about its length, as far as the container tells. */
interface Expectation {
  /** Samples per channel. */
  frames?: number
  channels?: number
  /** Bits per sample of integer samples. */
  bits?: number
  /** The file is visibly cut short. */
  cut: boolean
}

/** FLAC: STREAMINFO (RFC 9639 §8.2). Ogg: the flag of the last page (RFC 3533 §6). MP3: the Xing or Info frame. MP4: box sizes. */
async function promised(
  handle: FileHandle,
  size: number,
  kind: Kind,
  start: number,
  mp4Complete: boolean,
): Promise<Expectation> {
  const head = Buffer.alloc(4096)
  const { bytesRead } = await handle.read(head, 0, head.length, start)
  const b = head.subarray(0, bytesRead)
  if (kind.container === 'flac' && b.length >= 26) {
    const frames = (b[21]! & 15) * 2 ** 32 + b.readUInt32BE(22)
    return {
      ...(frames > 0 ? { frames } : {}),
      channels: ((b[20]! >> 1) & 7) + 1,
      bits: (((b[20]! & 1) << 4) | (b[21]! >> 4)) + 1,
      cut: false,
    }
  }
  if (kind.container === 'ogg') {
    const tail = Buffer.alloc(Math.min(size, 65536 + 512))
    await handle.read(tail, 0, tail.length, size - tail.length)
    const last = tail.lastIndexOf('OggS', undefined, 'latin1')
    if (last < 0 || last + 27 > tail.length) return { cut: true }
    const segments = tail.subarray(last + 27, last + 27 + tail[last + 26]!)
    const body = segments.reduce((sum, length) => sum + length, 0)
    return { cut: (tail[last + 5]! & 4) === 0 || last + 27 + segments.length + body > tail.length }
  }
  if (kind.container === 'mp3') {
    const frame = b.subarray(0, Math.max(mpegFrameLength(b, 0), 0))
    const at = Math.max(frame.indexOf('Xing', 0, 'latin1'), frame.indexOf('Info', 0, 'latin1'))
    if (at > 0 && at + 16 <= frame.length && (frame.readUInt32BE(at + 4) & 3) === 3)
      return { cut: frame.readUInt32BE(at + 12) > size - start }
  }
  return { cut: kind.container === 'm4a' && !mp4Complete }
}

async function startDecoder(codec: Codec, file: string): Promise<StreamDecoder> {
  try {
    return await audioDecode[codec]()
  } catch (thrown) {
    throw new NagareError(
      'unsupported',
      `${file}: the decoder for ${codec.toUpperCase()} is not part of this installation.`,
      {
        hint: 'Convert the file to WAV, FLAC or MP3 first.',
        file,
        cause: thrown,
      },
    )
  }
}

/** The decoder divides integers by 2^(bits−1) − 1; brings them to the scale of every other format, 2^(bits−1), in place. */
function restoreScale(x: Float32Array, bits: number): void {
  const scale = 2 ** (bits - 1)
  for (let i = 0; i < x.length; i++) x[i] = Math.round(x[i]! * (scale - 1)) / scale
}

/** Thrown when a stream that began as one channel turns out to have two. */
class WiderThanExpected extends Error {}

/**
 * Decodes a compressed file piece by piece into a 32-bit float WAV in a temporary folder and opens that; memory is one
 * piece, whatever the length. The temporary file goes when the reader is closed. `start` is where the audio begins (after tags).
 * Throws `corrupt`, `unsupported`, `bad-input` (too long), `disk-full`.
 */
export async function openCompressed(
  path: string,
  kind: Kind & { codec: Codec },
  start: number,
  options: DecodeOptions,
): Promise<AudioReader> {
  const folder = await mkdtemp(join(options.spoolFolder ?? tmpdir(), 'nagare-')).catch((thrown: unknown) => {
    throw asNagareError(thrown, options.spoolFolder ?? tmpdir())
  })
  const spool = join(folder, 'decoded.wav')
  try {
    let result
    try {
      result = await decodeTo(spool, path, kind, start, options)
    } catch (thrown) {
      if (!(thrown instanceof WiderThanExpected)) throw thrown
      result = await decodeTo(spool, path, kind, start, options, 2)
    }
    const truncated = result.truncated ? { truncated: true } : {}
    const reader = await openWav(spool, {
      shown: path,
      info: { container: kind.container, encoding: 'compressed', ...truncated },
    })
    // Where an open file may be removed, it goes now, so that a crash leaves nothing behind.
    const removed = process.platform !== 'win32'
    if (removed) await rm(folder, { recursive: true, force: true })
    return {
      ...reader,
      async close() {
        await reader.close()
        if (!removed) await rm(folder, { recursive: true, force: true })
      },
    }
  } catch (thrown) {
    await rm(folder, { recursive: true, force: true })
    throw asNagareError(thrown, path)
  }
}

async function decodeTo(
  spool: string,
  path: string,
  kind: Kind & { codec: Codec },
  start: number,
  options: DecodeOptions,
  atLeastChannels = 1,
): Promise<{ truncated: boolean }> {
  const { maxDecodedBytes = 8 * 2 ** 30, allowTruncated = false, check = () => undefined } = options
  const name = kind.container.toUpperCase()
  const tooLong = () =>
    new NagareError(
      'bad-input',
      `${path}: expected a recording of at most ${Math.round(maxDecodedBytes / 2 ** 20)} MB when decoded, it is longer.`,
      {
        hint: 'Cut it into shorter pieces.',
        file: path,
      },
    )
  const corrupt = (what: string, cause?: unknown) =>
    new NagareError('corrupt', `${path}: expected a sound ${name} file, ${what}.`, {
      hint: 'Copy or download it again.',
      file: path,
      cause,
    })

  const handle = await open(path, 'r')
  let decoder: StreamDecoder | undefined
  let writer: AudioWriter | undefined
  try {
    const { size } = await handle.stat()
    const mp4 = kind.codec === 'm4a' ? await streamableMp4(handle, size) : undefined
    const expected = await promised(handle, size, kind, start, mp4?.complete ?? true)
    if (expected.frames && expected.frames * (expected.channels ?? 1) * 4 > maxDecodedBytes) throw tooLong()
    if (expected.cut && !allowTruncated) throw corrupt('found one that is cut short')

    decoder = await startDecoder(kind.codec, path)
    let channels = 0
    let sampleRate = 0
    let frames = 0
    const take = async ({ channelData, sampleRate: rate }: AudioData) => {
      const count = channelData[0]?.length ?? 0
      if (count === 0) return
      if (!writer) {
        channels = Math.max(channelData.length, atLeastChannels)
        sampleRate = Math.round(rate)
        if (channels > maxChannels || !(sampleRate > 0)) throw corrupt(`found ${channels} channels at ${rate} Hz`)
        writer = await createWav(spool, { sampleRate, channels, format: 'f32', temporary: true })
      }
      if (Math.round(rate) !== sampleRate)
        throw corrupt(`found its sample rate change from ${sampleRate} to ${rate} Hz`)
      if (channelData.length > channels) {
        if (channels === 1 && channelData.length === 2) throw new WiderThanExpected()
        throw corrupt(`found its channels change from ${channels} to ${channelData.length}`)
      }
      frames += count
      if (frames * channels * 4 > maxDecodedBytes) throw tooLong()
      const block: Planar = Array.from({ length: channels }, (_, c) => channelData[c] ?? channelData[0]!)
      if (expected.bits) block.forEach((x) => restoreScale(x, expected.bits!))
      await writer.write(block)
    }
    const decoded = async (work: () => Promise<AudioData>) => {
      try {
        return await quietly(work)
      } catch (thrown) {
        throw corrupt(`the decoder stopped: ${thrown instanceof Error ? thrown.message : String(thrown)}`, thrown)
      }
    }
    for await (const bytes of fileBytes(handle, mp4?.parts ?? [{ start, size: size - start }])) {
      check()
      await take(await decoded(() => decoder!(bytes)))
    }
    await take(await decoded(() => decoder!()))

    if (frames === 0) throw corrupt('found no sound in it')
    const short = expected.frames !== undefined && frames < expected.frames
    if (short && !allowTruncated) throw corrupt(`found ${frames} of the ${expected.frames} samples its header promises`)
    // No MPEG stream takes more than 320 kbit/s; much more than that means that most frames were lost.
    const lost = kind.container === 'mp3' && (frames / sampleRate) * 40_000 < (size - start) / 3
    if (lost && !allowTruncated)
      throw corrupt(`found only ${(frames / sampleRate).toFixed(2)} s of sound in ${size - start} bytes`)
    await writer!.finish()
    return { truncated: short || lost || expected.cut }
  } finally {
    decoder?.free()
    await writer?.abort()
    await handle.close()
  }
}
