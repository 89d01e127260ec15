import { crop, type Box, type Picture, type Readable } from './picture'
import { readResized, resize } from './resize'
import type { MapBand } from './stitch-tiles'

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
export function readFitted(reader: Readable, size: number, mode: FitMode = 'pad'): Picture {
  const { inSquare } = placement(reader.info.width, reader.info.height, size, mode)
  return framed(readResized(reader, inSquare.width, inSquare.height), inSquare, size)
}

const framed = (scaled: Picture, { x, y }: Box, size: number): Picture =>
  scaled.width === size && scaled.height === size
    ? scaled
    : crop(scaled, { x: 0 - x, y: 0 - y, width: size, height: size })

/** A map [size, size] of the square brought back to the picture it came from, [height, width]; what was cropped away is 0. */
export function unfitMap(map: Float32Array, at: Placement): Float32Array {
  const { width: w, height: h } = at.inSquare
  return resize({ width: w, height: h, channels: 1, depth: 8, data: shownPart(map, at) }, at.width, at.height).data
}

/** As `unfitMap`, in bands of `rows` rows from top to bottom; memory does not grow with the picture's height. */
export function* unfitBands(map: Float32Array, at: Placement, rows = 64): Generator<MapBand> {
  const { width, height } = at
  const { width: w, height: h } = at.inSquare
  if (w > width || h > height) {
    yield { y: 0, rows: height, data: unfitMap(map, at) }
    return
  }
  const shown = shownPart(map, at)
  const across = linearTaps(w, width)
  const down = linearTaps(h, height)
  for (let y = 0; y < height; y += rows) {
    const count = Math.min(rows, height - y)
    const data = new Float32Array(count * width)
    for (let row = 0; row < count; row++) {
      const { low, high, share } = down(y + row)
      for (let x = 0; x < width; x++) {
        const { low: left, high: right, share: part } = across(x)
        const above = shown[low * w + left]! * (1 - part) + shown[low * w + right]! * part
        const below = shown[high * w + left]! * (1 - part) + shown[high * w + right]! * part
        data[row * width + x] = above * (1 - share) + below * share
      }
    }
    yield { y, rows: count, data }
  }
}

/** Between which of `from` samples each of `to` lies, centre on centre, and how far on the way from one to the other. */
function linearTaps(from: number, to: number) {
  const taps = Array.from({ length: to }, (_, i) => {
    const centre = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1)
    const low = Math.min(Math.floor(centre), Math.max(0, from - 2))
    return { low, high: Math.min(low + 1, from - 1), share: centre - low }
  })
  return (i: number) => taps[i]!
}

/** The part of a square's map that shows the picture. */
function shownPart(map: Float32Array, { inSquare, size }: Placement): Float32Array {
  const { x, y, width: w, height: h } = inSquare
  const shown = new Float32Array(w * h)
  for (let row = 0; row < h; row++)
    for (let column = 0; column < w; column++) {
      const [sx, sy] = [x + column, y + row]
      if (sx >= 0 && sx < size && sy >= 0 && sy < size) shown[row * w + column] = map[sy * size + sx]!
    }
  return shown
}
