/** A mask of one bit for each pixel, filled from top to bottom. */
export interface BitMask {
  /** Sets the pixels of rows from `y` on whose values reach `threshold`. */
  set(y: number, values: Float32Array, threshold: number): void
  /** Clears runs: a row, its first pixel and one past its last, each. */
  clear(runs: readonly number[]): void
  /** Rows as bytes, 255 where set. */
  rows(y: number, count: number): Uint8Array
  /** Pixels that are set. */
  count(): number
}

/** An empty mask of `width` × `height`. */
export function bitMask(width: number, height: number): BitMask {
  const bits = new Uint8Array(Math.ceil((width * height) / 8))
  let above = 0
  return {
    set(y, values, threshold) {
      for (let i = 0, at = y * width; i < values.length; i++, at++)
        if (values[i]! >= threshold) {
          bits[at >> 3]! |= 1 << (at & 7)
          above++
        }
    },
    clear(runs) {
      for (let i = 0; i < runs.length; i += 3) {
        const row = runs[i]! * width
        for (let at = row + runs[i + 1]!; at < row + runs[i + 2]!; at++) bits[at >> 3]! &= ~(1 << (at & 7))
        above -= runs[i + 2]! - runs[i + 1]!
      }
    },
    rows(y, count) {
      const out = new Uint8Array(count * width)
      for (let i = 0, at = y * width; i < out.length; i++, at++) if (bits[at >> 3]! & (1 << (at & 7))) out[i] = 255
      return out
    },
    count: () => above,
  }
}
