import type { FileHandle } from 'node:fs/promises'
import { NagareError } from '../lib/errors'
import { maxChannels, sampleRateRange } from './audio'
import type { PcmEncoding } from './samples'

/** Where the samples of a WAV file lie and what they are. */
export interface WavLayout {
  encoding: PcmEncoding
  channels: number
  /** Hz. */
  sampleRate: number
  /** Bytes per frame (one sample of every channel). */
  blockAlign: number
  /** Offset of the first sample in the file. */
  dataOffset: number
  /** Whole frames present in the file. */
  frames: number
  truncated: boolean
}

const codecNames: Record<number, string> = {
  0x0002: 'Microsoft ADPCM',
  0x0006: 'A-law',
  0x0007: 'µ-law',
  0x0011: 'IMA ADPCM',
  0x0031: 'GSM 6.10',
  0x0050: 'MPEG audio',
  0x0055: 'MP3',
  0x00ff: 'AAC',
  0x0161: 'Windows Media Audio',
  0x2000: 'AC-3',
}

const pcm = 1
const ieeeFloat = 3
const extensible = 0xfffe
const unknownSize = 0xffffffff
/** A real file has a few dozen chunks; the limit keeps a crafted one from being walked byte by byte. */
const mostChunks = 4096

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

function tag(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, at + 4)
}

interface Format {
  encoding: PcmEncoding
  channels: number
  sampleRate: number
  blockAlign: number
}

/** Reads the body of a `fmt ` chunk (WAVEFORMATEX or WAVEFORMATEXTENSIBLE). */
function parseFormat(body: Buffer, file: string): Format {
  const fail = (code: 'corrupt' | 'bad-input' | 'unsupported', message: string, hint: string) =>
    new NagareError(code, `${file}: ${message}`, { hint, file })
  const again = 'Export it again as 16-bit PCM WAV.'
  if (body.length < 16)
    throw fail('corrupt', `expected a format chunk of at least 16 bytes, found ${body.length}.`, again)

  const format = body.readUInt16LE(0)
  const channels = body.readUInt16LE(2)
  const sampleRate = body.readUInt32LE(4)
  const blockAlign = body.readUInt16LE(12)
  const bits = body.readUInt16LE(14)
  const codec = format === extensible && body.length >= 26 ? body.readUInt16LE(24) : format

  if (codec !== pcm && codec !== ieeeFloat) {
    const name = codecNames[codec] ?? 'an unknown codec'
    const code = `0x${codec.toString(16).padStart(4, '0')}`
    throw fail(
      'unsupported',
      `expected PCM or float samples, found ${name} (format tag ${code}).`,
      'Convert it to PCM WAV or FLAC first.',
    )
  }
  if (channels === 0) throw fail('bad-input', 'expected at least one channel, the header says 0.', again)
  if (channels > maxChannels)
    throw fail('unsupported', `expected at most ${maxChannels} channels, found ${channels}.`, 'Export fewer channels.')
  const [lowest, highest] = sampleRateRange
  if (sampleRate < lowest || sampleRate > highest)
    throw fail(
      'bad-input',
      `expected a sample rate of ${lowest} to ${highest} Hz, the header says ${sampleRate} Hz.`,
      again,
    )

  const bytes = Math.ceil(bits / 8)
  const encodings: Record<number, PcmEncoding> =
    codec === pcm ? { 1: 'u8', 2: 's16', 3: 's24', 4: 's32' } : { 4: 'f32', 8: 'f64' }
  const encoding = encodings[bytes]
  if (!encoding)
    throw fail(
      'unsupported',
      `expected 8, 16, 24 or 32-bit integers or 32 or 64-bit floats, found ${bits}-bit ${codec === pcm ? 'integers' : 'floats'}.`,
      again,
    )
  if (blockAlign !== channels * bytes)
    throw fail(
      'corrupt',
      `expected ${channels * bytes} bytes per frame for ${channels} × ${bits} bits, the header says ${blockAlign}.`,
      again,
    )
  return { encoding, channels, sampleRate, blockAlign }
}

/**
 * Reads the chunks of a RIFF, RF64 or BW64 file of `size` bytes and never more memory than a few hundred bytes, whatever
 * the sizes in the file say. A data size of 0 or 2³²−1, which writers leave that could not seek back, means up to the end of the file.
 * Throws `corrupt`, `bad-input` or `unsupported`; a file that is shorter than its header promises throws `corrupt`
 * unless `allowTruncated`. Sources: Microsoft RIFF multimedia data standards; EBU Tech 3306 (RF64); ITU-R BS.2088 (BW64).
 */
export async function readWavLayout(
  handle: FileHandle,
  size: number,
  file: string,
  allowTruncated: boolean,
): Promise<WavLayout> {
  const fail = (message: string, hint = 'Copy or export the file again.') =>
    new NagareError('corrupt', `${file}: ${message}`, { hint, file })

  const start = await readAt(handle, 0, 12)
  if (start.length < 12 || tag(start, 8) !== 'WAVE')
    throw fail(`expected a WAV file, it ends or goes wrong after ${start.length} bytes of header.`)
  const riffSize = start.readUInt32LE(4)

  let format: Format | undefined
  let wideDataSize: number | undefined
  let position = 12
  for (let chunk = 0; chunk < mostChunks && position + 8 <= size; chunk++) {
    const head = await readAt(handle, position, 8)
    const id = tag(head, 0)
    const length = head.readUInt32LE(4)
    const body = position + 8

    if (id === 'fmt ') {
      format = parseFormat(await readAt(handle, body, Math.min(length, 40)), file)
    } else if (id === 'ds64') {
      const sizes = await readAt(handle, body, Math.min(length, 28))
      if (sizes.length < 16) throw fail(`expected a 64-bit size chunk of at least 16 bytes, found ${sizes.length}.`)
      wideDataSize = Number(sizes.readBigUInt64LE(8))
    } else if (id === 'data') {
      if (!format) throw fail('expected a format chunk before the samples, found none.')
      const present = size - body
      const streamed =
        length === 0
          ? await isUnsizedData(handle, body, present)
          : length === unknownSize && (riffSize === unknownSize || riffSize === 0)
      const claimed = wideDataSize !== undefined && length === unknownSize ? wideDataSize : streamed ? present : length
      const truncated = claimed > present
      if (truncated && !allowTruncated)
        throw fail(
          `expected ${claimed} bytes of samples as its header says, found ${present}: the file is cut short.`,
          'Copy or download it again.',
        )
      const frames = Math.floor(Math.min(claimed, present) / format.blockAlign)
      if (frames === 0)
        throw new NagareError('bad-input', `${file}: expected a recording, the file holds no samples.`, {
          hint: 'Choose another file.',
          file,
        })
      return { ...format, dataOffset: body, frames, truncated }
    }
    position = body + length + (length & 1)
  }
  throw fail(
    format
      ? 'expected a chunk of samples, the file ends before it.'
      : 'expected a format chunk and samples, the file ends before them.',
  )
}

/** Whether a data chunk of size 0 is a streaming writer's: bytes follow and they are not the next chunk. */
async function isUnsizedData(handle: FileHandle, body: number, present: number): Promise<boolean> {
  if (present < 8) return present > 0
  const next = await readAt(handle, body, 8)
  const namesChunk = /^[A-Za-z][A-Za-z0-9 ]{3}$/.test(tag(next, 0))
  return !(namesChunk && next.readUInt32LE(4) + 8 <= present)
}
