import type { Container } from './audio'

/** The decoder a compressed file needs, by the name it has in the decoding library. */
export type Codec = 'mp3' | 'flac' | 'oga' | 'opus' | 'm4a' | 'aac' | 'aiff' | 'caf' | 'webm'

export interface Kind {
  container: Container
  /** Missing for WAV, which is read directly. */
  codec?: Codec
}

const latin = (bytes: Uint8Array, from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('latin1')

/** Bytes of an ID3v2 tag at the start of a file, 0 when there is none. */
export function id3Length(head: Uint8Array): number {
  if (head.length < 10 || latin(head, 0, 3) !== 'ID3') return 0
  const size = (head[6]! << 21) | (head[7]! << 14) | (head[8]! << 7) | head[9]!
  return 10 + size + (head[5]! & 0x10 ? 10 : 0)
}

const bitrates: Record<string, number[]> = {
  '1:1': [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  '1:2': [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  '1:3': [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  '2:1': [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  '2:2': [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  '2:3': [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
}

/** Length of the MPEG audio frame whose header is at `at` (ISO/IEC 11172-3 §2.4.2.3), 0 when there is none. */
export function mpegFrameLength(b: Uint8Array, at: number): number {
  if (at + 4 > b.length || b[at] !== 0xff || (b[at + 1]! & 0xe0) !== 0xe0) return 0
  const version = (b[at + 1]! >> 3) & 3
  const layer = 4 - ((b[at + 1]! >> 1) & 3)
  const rateIndex = (b[at + 2]! >> 2) & 3
  if (version === 1 || layer === 4 || rateIndex === 3) return 0
  const bitrate = bitrates[`${version === 3 ? 1 : 2}:${layer}`]?.[b[at + 2]! >> 4]
  if (!bitrate) return 0
  const rate = [44100, 48000, 32000][rateIndex]! / (version === 3 ? 1 : version === 2 ? 2 : 4)
  const padding = (b[at + 2]! >> 1) & 1
  if (layer === 1) return 4 * (Math.floor((12_000 * bitrate) / rate) + padding)
  return Math.floor(((layer === 3 && version !== 3 ? 72_000 : 144_000) * bitrate) / rate) + padding
}

/** Length of the ADTS frame at `at` (ISO/IEC 13818-7 §6.2), 0 when there is none. */
function adtsFrameLength(b: Uint8Array, at: number): number {
  if (at + 7 > b.length || b[at] !== 0xff || (b[at + 1]! & 0xf6) !== 0xf0) return 0
  const length = ((b[at + 3]! & 3) << 11) | (b[at + 4]! << 3) | (b[at + 5]! >> 5)
  return length >= 7 ? length : 0
}

/** Whether a frame starts `b` and another one follows it, as far as `b` reaches. */
function startsFrames(b: Uint8Array, frameLength: (b: Uint8Array, at: number) => number): boolean {
  const first = frameLength(b, 0)
  return first > 0 && (first + 7 > b.length || frameLength(b, first) > 0)
}

/** Kind of audio by its first bytes, never by its name; `head` starts after any ID3v2 tag. Null when it is none we read. */
export function sniffAudio(head: Uint8Array, afterId3: boolean): Kind | null {
  const magic = latin(head, 0, 4)
  if (['RIFF', 'RF64', 'BW64'].includes(magic) && latin(head, 8, 12) === 'WAVE') return { container: 'wav' }
  if (magic === 'fLaC') return { container: 'flac', codec: 'flac' }
  if (magic === 'OggS') {
    if (latin(head, 28, 36) === 'OpusHead') return { container: 'ogg', codec: 'opus' }
    if (latin(head, 29, 33) === 'FLAC') return { container: 'ogg', codec: 'flac' }
    return { container: 'ogg', codec: 'oga' }
  }
  if (latin(head, 4, 8) === 'ftyp') return { container: 'm4a', codec: 'm4a' }
  if (magic === 'FORM' && ['AIFF', 'AIFC'].includes(latin(head, 8, 12))) return { container: 'aiff', codec: 'aiff' }
  if (magic === 'caff') return { container: 'caf', codec: 'caf' }
  if (head[0] === 0x1a && head[1] === 0x45 && head[2] === 0xdf && head[3] === 0xa3)
    return { container: 'webm', codec: 'webm' }
  if (startsFrames(head, adtsFrameLength)) return { container: 'aac', codec: 'aac' }
  if (afterId3 || startsFrames(head, mpegFrameLength)) return { container: 'mp3', codec: 'mp3' }
  return null
}
