import { NagareError } from '../lib/errors'
import type { Random } from '../lib/random'
import type { Planar } from './audio'
import { firstNonFinite } from './samples'

/** Rounds samples to integers of a fixed width and counts what it had to clamp. */
export interface Quantizer {
  readonly clipped: number
  /** Writes the integers of `x` to `out` at `start`, `start + step`, … */
  fill(x: Float32Array, out: Int16Array | Int32Array, start: number, step: number): void
}

/** A quantizer to `bits` with ±1 = ±2^(bits−1); with `noise`, triangular dither of ±1 step goes in first. */
export function quantizer(bits: number, noise: Random | null = null): Quantizer {
  const scale = 2 ** (bits - 1)
  let clipped = 0
  return {
    get clipped() {
      return clipped
    },
    fill(x, out, start, step) {
      for (let i = 0, j = start; i < x.length; i++, j += step) {
        const exact = x[i]! * scale + (noise ? noise.uniform() - noise.uniform() : 0)
        let value = Math.round(exact)
        if (value > scale - 1) {
          // Full scale itself lands one step too high in every integer format; only what lies above it is clipped.
          if (value > scale) clipped++
          value = scale - 1
        } else if (value < -scale) {
          clipped++
          value = -scale
        }
        out[j] = value
      }
    },
  }
}

/** Frames in a block for a file of `channels`; throws RangeError on uneven blocks and `internal` on NaN or infinite samples. */
export function blockLength(block: Planar, channels: number, file: string): number {
  const frames = block[0]?.length ?? 0
  if (block.length !== channels || block.some((x) => x.length !== frames))
    throw new RangeError(`Expected ${channels} channels of equal length, got ${block.map((x) => x.length).join(', ')}`)
  for (const x of block) {
    const at = firstNonFinite(x)
    if (at >= 0)
      throw new NagareError('internal', `${file}: the result to be written holds ${x[at]} instead of a number.`, {
        hint: 'Try other settings or another model; nothing was written.',
        file,
      })
  }
  return frames
}
