import * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../../lib/errors'
import { coveredCounts, LEAST, poolGeometry } from '../kernels/pool-geometry'
import type { Padding } from './convolution'

export interface PoolOptions {
  /** Steps between two windows, for all spatial axes or for each (default: the window, so that windows lie side by side). */
  strides?: number | readonly number[]
  /** Default `'valid'`. An average counts only what lies inside x, a maximum never finds the padding. */
  padding?: Padding
}

export interface BilinearOptions {
  /** The first and last elements of source and result coincide (default false: elements are areas, as in PyTorch's `interpolate`). */
  alignCorners?: boolean
}

/**
 * Repeats each element `factor` times along every spatial axis, or `factor[i]` times along axis i.
 * x [batch, channels, ...space] → [batch, channels, ...space · factor], one or two spatial axes. Throws `bad-input` for other ranks and factors.
 */
export function upsampleNearest(x: tf.Tensor, factor: number | readonly number[]): tf.Tensor {
  const { images, space, restored } = planes('upsampleNearest', x)
  const factors = perAxis('upsampleNearest', 'factor', factor, space.length)
  const size = space.map((side, i) => side * factors[i]!)
  return restored(tf.image.resizeNearestNeighbor(images, pair(size)), size)
}

/**
 * Linear interpolation to `size`, one number per spatial axis.
 * x [batch, channels, ...space] → [batch, channels, ...size], one or two spatial axes. Throws `bad-input` for other ranks and sizes.
 */
export function resizeBilinear(
  x: tf.Tensor,
  size: readonly number[],
  { alignCorners = false }: BilinearOptions = {},
): tf.Tensor {
  const { images, space, restored } = planes('resizeBilinear', x)
  const sizes = perAxis('resizeBilinear', 'size', size, space.length)
  return restored(tf.image.resizeBilinear(images, pair(sizes), alignCorners, !alignCorners), sizes)
}

/**
 * Mean of each window of `window` elements (along every spatial axis, or one number for each).
 * x [batch, channels, ...space] → [batch, channels, ...⌊(side + pads - window) / stride⌋ + 1], one or two spatial axes.
 */
export function avgPool(x: tf.Tensor, window: number | readonly number[], options: PoolOptions = {}): tf.Tensor {
  return pool('avgPool', x, window, options)
}

/** Largest number of each window; shapes and options as for `avgPool`. The gradient goes to the first element that attains it. */
export function maxPool(x: tf.Tensor, window: number | readonly number[], options: PoolOptions = {}): tf.Tensor {
  return pool('maxPool', x, window, options)
}

function pool(
  op: 'avgPool' | 'maxPool',
  x: tf.Tensor,
  window: number | readonly number[],
  { strides, padding = 'valid' }: PoolOptions,
): tf.Tensor {
  const { images, space, restored } = planes(op, x)
  const windows = perAxis(op, 'window', window, space.length)
  const [sides, steps] = [pair(windows), pair(perAxis(op, 'strides', strides ?? windows, space.length))]
  const [pads, mode] =
    typeof padding === 'string' ? [[], padding] : [padsOf(op, padding, space.length), 'valid' as const]
  const padded = pads.length > 0 ? tf.pad(images, explicit(pads), op === 'maxPool' ? LEAST : 0) : images
  if (mode === 'valid' && pair(padded.shape.slice(1, 3)).some((side, i) => side < sides[i]!))
    throw new NagareError('bad-input', `${op}: a window of [${windows}] is longer than the padded input [${x.shape}].`)
  const pooled = op === 'maxPool' ? tf.maxPool(padded, sides, steps, mode) : tf.avgPool(padded, sides, steps, mode)
  const result = pooled.shape.slice(1, 1 + space.length)
  if (op === 'maxPool' || pads.length === 0) return restored(pooled, result)
  const attrs = { filterSize: sides, strides: steps, pad: explicit(pads) } as tf.AvgPoolAttrs
  const geometry = poolGeometry(images.shape, attrs)
  const [rows, columns] = ([0, 1] as const).map((axis) => coveredCounts(geometry, axis, images.shape[axis + 1]!))
  const weights = rows!.flatMap((high) => columns!.map((wide) => (sides[0] * sides[1]) / (high * wide)))
  return restored(tf.mul(pooled, tf.tensor(weights, [1, rows!.length, columns!.length, 1], 'float32')), result)
}

/** x as one-channel images [batch · channels, height, width, 1], so that nothing has to be moved, and the way back. */
function planes(op: string, x: tf.Tensor) {
  const [batch, channels, ...space] = x.shape as [number, number, ...number[]]
  if (space.length !== 1 && space.length !== 2)
    throw new NagareError('bad-input', `${op} takes [batch, channels, ...one or two spatial axes], found [${x.shape}].`)
  return {
    images: tf.reshape(x, [batch * channels, ...pair(space), 1]) as tf.Tensor4D,
    space,
    restored: (y: tf.Tensor, size: readonly number[]) => tf.reshape(y, [batch, channels, ...size]),
  }
}

const pair = (numbers: readonly number[]): [number, number] => [numbers[0]!, numbers[1] ?? 1]

const explicit = (pads: readonly (readonly [number, number])[]): [number, number][] => [
  [0, 0],
  [...pads[0]!],
  pads[1] ? [...pads[1]] : [0, 0],
  [0, 0],
]

function perAxis(op: string, what: string, given: number | readonly number[], axes: number): number[] {
  const numbers = typeof given === 'number' ? new Array<number>(axes).fill(given) : [...given]
  if (numbers.length === axes && numbers.every((n) => Number.isInteger(n) && n >= 1)) return numbers
  throw new NagareError(
    'bad-input',
    `${op}: ${what} must be a whole number from 1, or one for each of ${axes} spatial axes; found ${JSON.stringify(given)}.`,
  )
}

function padsOf(op: string, padding: Exclude<Padding, string>, axes: number): (readonly [number, number])[] {
  const pairs =
    typeof padding === 'number' ? Array.from({ length: axes }, () => [padding, padding] as const) : [...padding]
  if (pairs.length === axes && pairs.flat().every((n) => Number.isInteger(n) && n >= 0)) return pairs
  throw new NagareError(
    'bad-input',
    `${op}: padding must be 'valid', 'same', a whole number, or one pair [before, after] for each of ${axes} spatial axes; found ${JSON.stringify(padding)}.`,
  )
}
