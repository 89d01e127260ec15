import type { Random } from '../lib/random'
import type { Mask } from './contour'
import { picture, type Picture } from './picture'
import { blobCoverage, fadingCoverage, pastePlace, scratchCoverage } from './defect-shapes'

/** `scratch`: a curved line; `blob`: a stain; `cut-paste`: a turned piece of the picture elsewhere; `fading`: a part that loses its contrast. */
export type DefectKind = 'scratch' | 'blob' | 'cut-paste' | 'fading'
export const defectKinds: readonly DefectKind[] = ['scratch', 'blob', 'cut-paste', 'fading']

/** A picture with a painted defect. Outside the mask it is unchanged, bit for bit. */
export interface Painted {
  readonly picture: Picture
  readonly mask: Mask
  readonly kind: DefectKind
}

/** The name a painted defect goes by in tables and files, so that nobody takes it for a real one. */
export const syntheticName = (kind: DefectKind): string => `synthetic ${kind}`

/** Coverage below which a pixel counts as untouched. */
const leastCoverage = 0.1

/** Paints one defect of `kind`, placed and shaped by `rng`. Throws RangeError for pictures under 8 × 8 pixels. */
export function paintDefect(source: Picture, kind: DefectKind, rng: Random): Painted {
  const { width, height } = source
  if (width < 8 || height < 8) throw new RangeError(`A defect needs 8 × 8 pixels to show, got ${width} × ${height}.`)
  if (kind === 'cut-paste') return pasted(source, rng)
  const shape = { scratch: scratchCoverage, blob: blobCoverage, fading: fadingCoverage }[kind]
  let coverage: Float32Array
  do {
    coverage = shape(width, height, rng)
    for (let i = 0; i < coverage.length; i++) if (coverage[i]! < leastCoverage) coverage[i] = 0
  } while (coverage.every((value) => value === 0))
  return kind === 'fading' ? faded(source, coverage, rng) : shifted(source, coverage, kind, rng)
}

/** Mean colour under a coverage. */
function meanUnder({ channels, data }: Picture, coverage: Float32Array): number[] {
  const sums = new Array<number>(channels).fill(0)
  let total = 0
  for (let i = 0; i < coverage.length; i++) {
    if (coverage[i] === 0) continue
    total += coverage[i]!
    for (let c = 0; c < channels; c++) sums[c]! += coverage[i]! * data[i * channels + c]!
  }
  return sums.map((sum) => sum / total)
}

/** Mixes `target` in where there is coverage. */
function mixed(
  source: Picture,
  coverage: Float32Array,
  kind: DefectKind,
  target: (value: number, channel: number) => number,
): Painted {
  const { width, height, channels, depth } = source
  const data = source.data.slice()
  for (let i = 0; i < coverage.length; i++) {
    if (coverage[i] === 0) continue
    for (let c = 0; c < channels; c++) {
      const at = i * channels + c
      const wanted = Math.min(Math.max(target(data[at]!, c), 0), 1)
      data[at] = data[at]! + coverage[i]! * (wanted - data[at]!)
    }
  }
  const mask = { width, height, data: Uint8Array.from(coverage, (value) => (value > 0 ? 1 : 0)) }
  return { picture: picture(width, height, channels, data, depth), mask, kind }
}

/** Towards a lighter or darker colour, whichever has more room. */
function shifted(source: Picture, coverage: Float32Array, kind: 'scratch' | 'blob', rng: Random): Painted {
  const mean = meanUnder(source, coverage)
  const level = mean.reduce((sum, value) => sum + value, 0) / mean.length
  const sign = level > 0.35 + 0.3 * rng.uniform() ? -1 : 1
  const contrast = 0.25 + 0.35 * rng.uniform()
  const colour = mean.map((value) => value + sign * contrast * (0.8 + 0.4 * rng.uniform()))
  const flatness = kind === 'blob' ? 0.5 + 0.4 * rng.uniform() : 0.8
  return mixed(source, coverage, kind, (value, c) => value + flatness * (colour[c]! - value))
}

/** Towards the mean of the part, a little lighter or darker. */
function faded(source: Picture, coverage: Float32Array, rng: Random): Painted {
  const mean = meanUnder(source, coverage)
  const level = mean.reduce((sum, value) => sum + value, 0) / mean.length
  const offset = (level > 0.5 ? -1 : 1) * (0.06 + 0.12 * rng.uniform())
  const strength = 0.7 + 0.25 * rng.uniform()
  return mixed(source, coverage, 'fading', (value, c) => value + strength * (mean[c]! + offset - value))
}

function pasted(source: Picture, rng: Random): Painted {
  const { width, height, channels, depth } = source
  const { from, to, size } = pastePlace(width, height, rng)
  const data = source.data.slice()
  const mask = new Uint8Array(width * height)
  const quarter = 1 + rng.integer(3)
  const shift = (rng.uniform() < 0.5 ? -1 : 1) * (0.05 + 0.1 * rng.uniform())
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const [sx, sy] = [
        [size - 1 - y, x],
        [size - 1 - x, size - 1 - y],
        [y, size - 1 - x],
      ][quarter - 1]!
      const read = (from.y + sy!) * width + from.x + sx!
      const write = (to.y + y) * width + to.x + x
      mask[write] = 1
      for (let c = 0; c < channels; c++)
        data[write * channels + c] = Math.min(Math.max(source.data[read * channels + c]! + shift, 0), 1)
    }
  return {
    picture: picture(width, height, channels, data, depth),
    mask: { width, height, data: mask },
    kind: 'cut-paste',
  }
}
