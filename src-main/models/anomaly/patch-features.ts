import * as tf from '@tensorflow/tfjs-core'
import { avgPool, conv } from '../../compute'
import { float32, type NDArray } from '../../lib/ndarray'
import { random } from '../../lib/random'
import type { ImageShape } from './image-source'

/** How an image becomes a vector for each of its cells. */
export interface PatchGeometry {
  /** Side of a cell, pixels. */
  cell: number
  /** Random filters at each scale; scales, each half as fine as the one before. */
  filters: number
  scales: number
}

/** Side of a filter, pixels of its scale. */
const SIDE = 5

/** Cells of an image, [rows, columns]; what lies beyond the last whole cell is left out. */
export const cellsOf = ([, height, width]: ImageShape, { cell }: PatchGeometry): [number, number] => [
  Math.floor(height / cell),
  Math.floor(width / cell),
]

/** Numbers that describe a cell: brightness of each channel, and how strongly each filter answers at each scale, light on dark and dark on light. */
export const featuresOf = ([channels]: ImageShape, { filters, scales }: PatchGeometry): number =>
  channels + 2 * filters * scales

/** Random filters [filters, channels, 5, 5] for a seed, each of mean 0 and length 1, as good edge and texture detectors as learned ones of this size (Saxe et al., 2011). */
export function randomFilters(seed: number, filters: number, channels: number): NDArray {
  const draws = random(seed)
  const bank = float32([filters, channels, SIDE, SIDE])
  const size = channels * SIDE * SIDE
  for (let f = 0; f < filters; f++) {
    const filter = draws.fillNormal(bank.data.subarray(f * size, (f + 1) * size))
    const mean = filter.reduce((sum, value) => sum + value, 0) / size
    const length = Math.sqrt(filter.reduce((sum, value) => sum + (value - mean) ** 2, 0))
    for (let i = 0; i < size; i++) filter[i] = (filter[i]! - mean) / length
  }
  return bank
}

/** images [batch, channels, height, width], filters as `randomFilters` → features [batch, features, rows, columns]. */
export function patchFeatures(images: tf.Tensor, filters: tf.Tensor, geometry: PatchGeometry): tf.Tensor {
  const { cell, scales } = geometry
  const shape = images.shape.slice(1) as unknown as ImageShape
  const [rows, columns] = cellsOf(shape, geometry)
  let scaled = cut(images, rows * cell, columns * cell)
  const parts = [avgPool(scaled, cell)]
  for (let scale = 0; scale < scales; scale++) {
    if (scale > 0) scaled = avgPool(scaled, 2)
    const signed = conv(mirrored(scaled), filters)
    const answers = tf.relu(tf.concat([signed, tf.neg(signed)], 1))
    const step = cell / 2 ** scale
    parts.push(step > 1 ? avgPool(answers, step) : repeated(answers, rows, columns))
  }
  return tf.concat(parts, 1)
}

/** The upper left part. */
function cut(images: tf.Tensor, height: number, width: number): tf.Tensor {
  const [batch, channels, high, wide] = images.shape as [number, number, number, number]
  return high === height && wide === width ? images : tf.slice(images, [0, 0, 0, 0], [batch, channels, height, width])
}

/** With a mirrored margin, so that a filter sees no edge where the image ends. */
const mirrored = (x: tf.Tensor): tf.Tensor => {
  const reach = (SIDE - 1) / 2
  return tf.mirrorPad(
    x,
    [
      [0, 0],
      [0, 0],
      [reach, reach],
      [reach, reach],
    ],
    'symmetric',
  )
}

/** Coarser than the cells: each answer for all the cells that it covers. */
function repeated(x: tf.Tensor, rows: number, columns: number): tf.Tensor {
  const [batch, features, high, wide] = x.shape as [number, number, number, number]
  if (high === rows && wide === columns) return x
  const spread = tf.tile(tf.reshape(x, [batch, features, high, 1, wide, 1]), [1, 1, 1, rows / high, 1, columns / wide])
  return tf.reshape(spread, [batch, features, rows, columns])
}
