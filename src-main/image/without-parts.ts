import type { MapBand } from './stitch-tiles'
import { picture, type Box, type Picture, type Readable } from './picture'
import { readResized } from './resize'

/** Most pixels on the longer side of what is painted over the parts. */
const side = 128

/**
 * A picture with the parts that `mask`, of its size, marks (over 0.5) painted over by the colours around them, so that they catch nobody's eye. Memory does
 * not grow with the picture.
 */
export function withoutParts(reader: Readable, mask: Pick<Readable, 'read'>): Readable {
  const { width, height } = reader.info
  let paint: Picture | undefined
  return {
    info: reader.info,
    read(box) {
      const part = reader.read(box)
      const marked = mask.read(box)
      if (!marked.data.some((value) => value > 0.5)) return part
      paint ??= surroundings(reader, mask)
      const { channels, data } = part
      const out = data.slice()
      const across = taps(paint.width, width)
      const down = taps(paint.height, height)
      for (let y = 0, at = 0; y < part.height; y++)
        for (let x = 0; x < part.width; x++, at++) {
          if (marked.data[at]! <= 0.5) continue
          const [left, right, part] = across(box.x + x)
          const [above, below, share] = down(box.y + y)
          for (let c = 0; c < channels; c++) {
            const value = (row: number, column: number) => paint!.data[(row * paint!.width + column) * channels + c]!
            const upper = value(above, left) * (1 - part) + value(above, right) * part
            const lower = value(below, left) * (1 - part) + value(below, right) * part
            out[at * channels + c] = upper * (1 - share) + lower * share
          }
        }
      return { ...part, data: out }
    },
  }
}

/** Between which of `from` samples the place `i` of `to` lies, and how far on the way. */
function taps(from: number, to: number) {
  return (i: number): [number, number, number] => {
    const centre = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1)
    const low = Math.min(Math.floor(centre), Math.max(0, from - 2))
    return [low, Math.min(low + 1, from - 1), centre - low]
  }
}

/** The picture made small, its marked parts filled from what is around them: halved until each hole is closed, then painted in from coarse to fine (push-pull, Gortler et al., 1996, §3.4.2). */
function surroundings(reader: Readable, mask: Pick<Readable, 'read'>): Picture {
  const { width, height, channels } = reader.info
  const scale = Math.min(1, side / Math.max(width, height))
  const size = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))] as const
  const small = readResized(reader, ...size)
  const holes = readResized({ info: { ...reader.info, channels: 1 }, read: (box: Box) => mask.read(box) }, ...size)
  const weights = Float32Array.from(holes.data, (value) => (value > 0.01 ? 0 : 1))
  return picture(small.width, small.height, channels, filled(small.data, weights, small.width, small.height, channels))
}

function filled(
  data: Float32Array,
  weights: Float32Array,
  width: number,
  height: number,
  channels: number,
): Float32Array {
  if ((width === 1 && height === 1) || weights.every((weight) => weight > 0)) return data
  const [w, h] = [Math.ceil(width / 2), Math.ceil(height / 2)]
  const sums = new Float32Array(w * h * channels)
  const sure = new Float32Array(w * h)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const weight = weights[y * width + x]!
      if (weight === 0) continue
      const to = (y >> 1) * w + (x >> 1)
      sure[to]! += weight
      for (let c = 0; c < channels; c++) sums[to * channels + c]! += weight * data[(y * width + x) * channels + c]!
    }
  for (let i = 0; i < sure.length; i++)
    if (sure[i]! > 0) {
      for (let c = 0; c < channels; c++) sums[i * channels + c]! /= sure[i]!
      sure[i] = 1
    }
  const coarse = filled(sums, sure, w, h, channels)
  const across = taps(w, width)
  const down = taps(h, height)
  const out = data.slice()
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (weights[y * width + x]! > 0) continue
      const [left, right, part] = across(x)
      const [above, below, share] = down(y)
      for (let c = 0; c < channels; c++) {
        const value = (row: number, column: number) => coarse[(row * w + column) * channels + c]!
        out[(y * width + x) * channels + c] =
          (value(above, left) * (1 - part) + value(above, right) * part) * (1 - share) +
          (value(below, left) * (1 - part) + value(below, right) * part) * share
      }
    }
  return out
}

/** A map with 0 in the marked parts. */
export async function* bandsWithout(
  bands: Iterable<MapBand> | AsyncIterable<MapBand>,
  mask: Pick<Readable, 'read'>,
  width: number,
): AsyncGenerator<MapBand> {
  for await (const { y, rows, data } of bands) {
    const marked = mask.read({ x: 0, y, width, height: rows }).data
    yield { y, rows, data: data.map((value, i) => (marked[i]! > 0.5 ? 0 : value)) }
  }
}
