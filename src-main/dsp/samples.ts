import { NagareError } from '../lib/errors'
import type { Encoding, Planar } from './audio'

export type PcmEncoding = Exclude<Encoding, 'compressed'>

/** Bytes per sample of each encoding. */
export const sampleBytes: Record<PcmEncoding, number> = { u8: 1, s16: 2, s24: 3, s32: 4, f32: 4, f64: 8 }

/**
 * Interleaved little-endian samples → planar. `bytes` must start at a multiple of 8 in its buffer; integers are
 * divided by 2^(bits−1), so −1 is the lowest value of each format.
 */
export function decodeSamples(bytes: Uint8Array, encoding: PcmEncoding, channels: number, frames: number): Planar {
  const { buffer, byteOffset } = bytes
  const count = frames * channels
  const out = Array.from({ length: channels }, () => new Float32Array(frames))
  const spread = (from: ArrayLike<number>, scale: number) => {
    for (let c = 0; c < channels; c++) {
      const to = out[c]!
      for (let i = 0, j = c; i < frames; i++, j += channels) to[i] = from[j]! * scale
    }
  }
  switch (encoding) {
    case 's16': {
      // A loop of its own: nearly all recordings come so, and one that also sees other arrays is three times as slow.
      const from = new Int16Array(buffer, byteOffset, count)
      for (let c = 0; c < channels; c++) {
        const to = out[c]!
        for (let i = 0, j = c; i < frames; i++, j += channels) to[i] = from[j]! / 32768
      }
      break
    }
    case 's32':
      spread(new Int32Array(buffer, byteOffset, count), 1 / 2147483648)
      break
    case 'f32':
      spread(new Float32Array(buffer, byteOffset, count), 1)
      break
    case 'f64':
      spread(new Float64Array(buffer, byteOffset, count), 1)
      break
    case 'u8':
      for (let c = 0; c < channels; c++) {
        const to = out[c]!
        for (let i = 0, j = c; i < frames; i++, j += channels) to[i] = (bytes[j]! - 128) / 128
      }
      break
    case 's24':
      for (let c = 0; c < channels; c++) {
        const to = out[c]!
        for (let i = 0, j = 3 * c; i < frames; i++, j += 3 * channels) {
          const high = (bytes[j]! << 8) | (bytes[j + 1]! << 16) | (bytes[j + 2]! << 24)
          to[i] = high / 2147483648
        }
      }
  }
  return out
}

/** Index of the first NaN or infinite sample, −1 when there is none. */
export function firstNonFinite(x: Float32Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * 0
  return sum === 0 ? -1 : x.findIndex((value) => !Number.isFinite(value))
}

/** Throws `bad-input` naming the position when a block that starts at sample `start` of `file` holds NaN or infinity. */
export function refuseNonFinite(block: Planar, start: number, sampleRate: number, file: string): void {
  for (const [c, channel] of block.entries()) {
    const at = firstNonFinite(channel)
    if (at < 0) continue
    const seconds = ((start + at) / sampleRate).toFixed(3)
    throw new NagareError(
      'bad-input',
      `${file}: expected finite samples, found ${channel[at]} at sample ${start + at} (${seconds} s) of channel ${c + 1}.`,
      { hint: 'Export the recording again from the program that made it; a plug-in there may have failed.', file },
    )
  }
}
