import type { PictureReader } from './open-picture'
import { crop, type Box, type Picture } from './picture'
import { readResized, resize } from './resize'

/**
 * How a picture of any shape becomes a model's square input with its aspect kept. `pad` shows all of it and repeats its edge pixels to fill the square: the default,
 * as a defect may sit at the border. `crop` takes the largest square in its middle.
 */
export type FitMode = 'pad' | 'crop'

/** Where a picture lies in the square it was fitted to. */
export interface Placement {
  /** Sides of the picture before. */
  readonly width: number
  readonly height: number
  /** The part of the square that shows the picture, in the square's pixels; beyond the square where it was cropped. */
  readonly inSquare: Box
  readonly size: number
}

/** Where a picture of `width` × `height` lies in a square of side `size`. */
export function placement(width: number, height: number, size: number, mode: FitMode = 'pad'): Placement {
  const scale = mode === 'pad' ? size / Math.max(width, height) : size / Math.min(width, height)
  const w = Math.max(1, Math.round(width * scale))
  const h = Math.max(1, Math.round(height * scale))
  const inSquare = { x: Math.floor((size - w) / 2), y: Math.floor((size - h) / 2), width: w, height: h }
  return { width, height, inSquare, size }
}

/** The picture fitted to a square of side `size`. */
export function fitSquare(source: Picture, size: number, mode: FitMode = 'pad'): Picture {
  const { inSquare } = placement(source.width, source.height, size, mode)
  return framed(resize(source, inSquare.width, inSquare.height), inSquare, size)
}

/** An open picture fitted to a square of side `size`, in memory that does not grow with it. */
export function readFitted(reader: PictureReader, size: number, mode: FitMode = 'pad'): Picture {
  const { inSquare } = placement(reader.info.width, reader.info.height, size, mode)
  return framed(readResized(reader, inSquare.width, inSquare.height), inSquare, size)
}

const framed = (scaled: Picture, { x, y }: Box, size: number): Picture =>
  scaled.width === size && scaled.height === size
    ? scaled
    : crop(scaled, { x: 0 - x, y: 0 - y, width: size, height: size })

/** A map [size, size] of the square brought back to the picture it came from, [height, width]; what was cropped away is 0. */
export function unfitMap(map: Float32Array, { width, height, inSquare, size }: Placement): Float32Array {
  const { x, y, width: w, height: h } = inSquare
  const shown = new Float32Array(w * h)
  for (let row = 0; row < h; row++)
    for (let column = 0; column < w; column++) {
      const [sx, sy] = [x + column, y + row]
      if (sx >= 0 && sx < size && sy >= 0 && sy < size) shown[row * w + column] = map[sy * size + sx]!
    }
  return resize({ width: w, height: h, channels: 1, depth: 8, data: shown }, width, height).data
}
