import { sizeOf } from '../../lib/ndarray'
import type { Random } from '../../lib/random'
import type { ImageShape } from '../anomaly/image-source'
import { between, region, smoothNoise, spread, strokes } from './coverage'
import { bounded, copySquare, turn, turnedSquare, type Light, type Source } from './squares'

/**
 * What training paints: `lines` that wander; `stains` of another colour; `pieces` of other pictures; `fadings`, where the contrast, the sharpness or the
 * brightness is another. Shapes and fillings are drawn apart from those of `image/synthetic-defects`, which tests are painted with.
 */
export const paintedFamilies = ['lines', 'stains', 'pieces', 'fadings'] as const
export type PaintedFamily = (typeof paintedFamilies)[number]

export interface PaintOptions {
  families: readonly PaintedFamily[]
  /** Side of the images to make, pixels; at most that of the source's. */
  crop: number
  /** Share of them that nothing is painted on. */
  clean: number
  /** How much more than others the pixels of a defect of 300 pixels count. */
  balance: number
  /** Whether images may be turned by quarters and upside down. */
  turned: boolean
  /** Share of them that are turned by any angle (a little, where not `turned`) and scaled. */
  varied: number
}

/** Painted images [batch, channels, crop, crop]; 1 where they are painted, and how much each pixel counts, [batch, crop, crop]. */
export interface PaintedBatch {
  images: Float32Array
  masks: Float32Array
  weights: Float32Array
}

/** Coverage from which a pixel counts as painted. */
const COVERED = 0.15
/** The least mean change that is called a defect, of values from −1 to 1. */
const LEAST_CHANGE = 0.05
/** And in deviations of the picture: what drowns in its texture teaches nothing. A part that fades changes less than one that is covered. */
const LEAST_SEEN: Readonly<Record<PaintedFamily, number>> = { lines: 0.8, stains: 0.8, pieces: 0.8, fadings: 0.3 }
/** How often a family is drawn: lines are the slowest to learn. */
const SHARES: Readonly<Record<PaintedFamily, number>> = { lines: 2, stains: 1, pieces: 1, fadings: 1 }
/** Pixels of a defect that count `balance` times; those of smaller ones count more, of larger ones less, so that a thin line is not lost beside a stain. */
const USUAL_AREA = 300

/** Cuts a square of each of `batch` images of `shape` in `sources`, changes its light a little, and paints on most of them. All is drawn by `draws`. */
export function paintBatch(
  sources: Float32Array,
  batch: number,
  shape: ImageShape,
  options: PaintOptions,
  draws: Random,
): PaintedBatch {
  const { crop, clean, families, balance, turned, varied } = options
  const [channels, height, width] = shape
  const size = sizeOf(shape)
  const plane = crop * crop
  const images = new Float32Array(batch * channels * plane)
  const masks = new Float32Array(batch * plane)
  const weights = new Float32Array(batch * plane).fill(1)
  const lots = families.flatMap((family) => new Array<PaintedFamily>(SHARES[family]).fill(family))
  const whole = (i: number) => ({ data: sources.subarray(i * size, (i + 1) * size), shape })
  for (let i = 0; i < batch; i++) {
    const [left, top] = [draws.integer(width - crop + 1), draws.integer(height - crop + 1)]
    const image = images.subarray(i * channels * plane, (i + 1) * channels * plane)
    const light = { gain: Math.exp(0.15 * draws.normal()), offset: 0.1 * draws.normal() }
    if (draws.uniform() < varied) turnedSquare(whole(i), crop, light, turned, image, draws)
    else copySquare(whole(i), left, top, crop, light, image)
    if (turned) turn(image, crop, draws.integer(8))
    if (draws.uniform() < clean) continue
    const mask = masks.subarray(i * plane, (i + 1) * plane)
    const weight = weights.subarray(i * plane, (i + 1) * plane)
    const count = draws.uniform() < 0.65 ? 1 : 2
    for (let n = 0; n < count; n++) {
      const family = lots[draws.integer(lots.length)]!
      const other = whole(draws.integer(batch))
      paint(family, { data: image, mask, weight, crop, channels, balance }, { ...other, light }, draws)
    }
  }
  return { images, masks, weights }
}

interface Canvas {
  data: Float32Array
  mask: Float32Array
  weight: Float32Array
  crop: number
  channels: number
  balance: number
}

/** Paints one defect; one that changes next to nothing is taken back. */
function paint(family: PaintedFamily, canvas: Canvas, source: Source & { light: Light }, draws: Random): void {
  const { data, mask, weight, crop, balance } = canvas
  const coverage =
    family === 'lines'
      ? strokes(crop, draws)
      : region(
          crop,
          draws,
          {
            stains: { least: 0.03, most: 0.25, ragged: 1, soft: 0.8 },
            pieces: {
              least: 0.06,
              most: 0.3,
              ragged: draws.uniform() < 0.5 ? 0 : 0.8,
              soft: draws.uniform() < 0.7 ? 0 : 0.6,
            },
            fadings: { least: 0.08, most: 0.35, ragged: 0.6, soft: 1.2 },
          }[family],
        )
  const target = {
    lines: () => (draws.uniform() < 0.85 ? coloured(canvas, coverage, draws) : piece(canvas, source, draws)),
    stains: () => coloured(canvas, coverage, draws),
    pieces: () => piece(canvas, source, draws),
    fadings: () => faded(canvas, coverage, draws),
  }[family]()
  const plane = crop * crop
  let [change, covered] = [0, 0]
  const changed = data.slice()
  for (let i = 0; i < plane; i++) {
    if (coverage[i]! < COVERED) continue
    covered++
    for (let c = i; c < data.length; c += plane) {
      changed[c] = bounded(data[c]! + coverage[i]! * (target(c, i) - data[c]!))
      change += Math.abs(changed[c]! - data[c]!)
    }
  }
  const seen = Math.max(LEAST_CHANGE, LEAST_SEEN[family] * deviation(data))
  if (covered === 0 || (change * plane) / data.length < seen * covered) return
  data.set(changed)
  const counts = balance * Math.min(3, Math.max(0.5, Math.sqrt(USUAL_AREA / covered)))
  for (let i = 0; i < plane; i++) {
    if (coverage[i]! < COVERED) continue
    mask[i] = 1
    weight[i] = Math.max(weight[i]!, counts)
  }
}

/** Standard deviation of all values. */
function deviation(data: Float32Array): number {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length
  return Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length)
}

/** Value that a place of the image goes to; `c` counts through all channels, `i` through one. */
type Target = (c: number, i: number) => number

/** Means of the channels where there is coverage. */
function meansUnder({ data, crop }: Canvas, coverage: Float32Array): number[] {
  const plane = crop * crop
  const total = coverage.reduce((sum, value) => sum + value, 0) || 1
  return Array.from({ length: data.length / plane }, (_, channel) => {
    let sum = 0
    for (let i = 0; i < plane; i++) sum += coverage[i]! * data[channel * plane + i]!
    return sum / total
  })
}

/** A colour over the image, or its light shifted; with grain or clouds in it now and then. */
function coloured(canvas: Canvas, coverage: Float32Array, draws: Random): Target {
  const { data, crop } = canvas
  const plane = crop * crop
  const sign = draws.uniform() < 0.5 ? -1 : 1
  const shift = sign * spread(draws, 0.2, 1.3)
  const own = meansUnder(canvas, coverage)
  const colour = own.map((mean) => bounded(mean + shift * between(draws, 0.6, 1.2)))
  const opacity = draws.uniform() < 0.2 ? 1 : between(draws, 0.25, 1)
  const grain = draws.uniform() < 0.5 ? 0 : spread(draws, 0.02, 0.3)
  const noise = draws.uniform() < 0.5 ? smoothNoise(draws, spread(draws, 1, 20)) : () => 2 * draws.uniform() - 1
  const tints = draws.uniform() < 0.25
  return (c, i) => {
    const channel = Math.floor(c / plane)
    const grained = grain > 0 ? grain * noise(i % crop, Math.floor(i / crop)) : 0
    const wanted = tints ? data[c]! + colour[channel]! - own[channel]! : colour[channel]!
    return data[c]! + opacity * (wanted + grained - data[c]!)
  }
}

/** A piece of another picture of the batch: turned, mirrored, larger or smaller, lighter or darker; half of the time with its pixels as they are. */
function piece({ crop }: Canvas, { data, shape, light }: Source & { light: Light }, draws: Random): Target {
  const [, height, width] = shape
  const [plane, pixels] = [crop * crop, height * width]
  const exact = draws.uniform() < 0.5
  const angle = exact ? (draws.integer(4) * Math.PI) / 2 : 2 * Math.PI * draws.uniform()
  const scale = exact ? 1 : spread(draws, 0.6, 1.6)
  const flip = draws.uniform() < 0.5 ? -1 : 1
  const [cos, sin] = [Math.cos(angle) * scale, Math.sin(angle) * scale]
  const [x0, y0] = [draws.integer(width), draws.integer(height)]
  const gain = light.gain * (draws.uniform() < 0.5 ? 1 : Math.exp(0.3 * draws.normal()))
  const offset = light.offset + (draws.uniform() < 0.25 ? 0 : between(draws, -0.45, 0.45))
  /** A place of the source, mirrored at its edges. */
  const inside = (at: number, length: number) => {
    const turn = ((at % (2 * length)) + 2 * length) % (2 * length)
    return turn < length ? turn : 2 * length - 1 - turn
  }
  return (c, i) => {
    const [x, y] = [flip * (i % crop), Math.floor(i / crop)]
    const [u, v] = [x0 + cos * x - sin * y, y0 + sin * x + cos * y]
    const [left, top] = [Math.floor(u + 1e-6), Math.floor(v + 1e-6)]
    const [s, t] = exact ? [0, 0] : [u - left, v - top]
    const from = Math.floor(c / plane) * pixels
    const value = (column: number, row: number) => data[from + inside(row, height) * width + inside(column, width)]!
    const upper = s > 0 ? (1 - s) * value(left, top) + s * value(left + 1, top) : value(left, top)
    const lower = t > 0 ? (1 - s) * value(left, top + 1) + s * value(left + 1, top + 1) : 0
    return bounded(((1 - t) * upper + t * lower) * gain + offset)
  }
}

/** Less contrast or more of it around the mean of the part or of a pixel's surroundings, and now and then a little lighter or darker. */
function faded(canvas: Canvas, coverage: Float32Array, draws: Random): Target {
  const { data, crop } = canvas
  const plane = crop * crop
  const gain = draws.uniform() < 0.75 ? between(draws, 0, 0.65) : between(draws, 1.5, 2.5)
  const offset = draws.uniform() < 0.3 ? 0 : between(draws, -0.4, 0.4)
  const own = meansUnder(canvas, coverage)
  const softened = draws.uniform() < 0.4 ? boxed(data, crop, 1 + draws.integer(4)) : undefined
  return (c) => {
    const mean = softened ? softened[c]! : own[Math.floor(c / plane)]!
    return mean + gain * (data[c]! - mean) + offset
  }
}

/** Means over squares of 2 · reach + 1 pixels, those beyond the edges left out. */
function boxed(data: Float32Array, crop: number, reach: number): Float32Array {
  const along = (from: Float32Array, step: number, other: number) => {
    const out = new Float32Array(from.length)
    for (let start = 0; start < from.length; start += crop * crop)
      for (let line = 0; line < crop; line++) {
        const base = start + line * other
        for (let i = 0; i < crop; i++) {
          let [sum, count] = [0, 0]
          for (let k = Math.max(0, i - reach); k <= Math.min(crop - 1, i + reach); k++, count++)
            sum += from[base + k * step]!
          out[base + i * step] = sum / count
        }
      }
    return out
  }
  return along(along(data, 1, crop), crop, 1)
}
