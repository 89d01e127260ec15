import * as tf from '@tensorflow/tfjs-core'
import { avgPool, conv } from '../../compute'
import { float32, type NDArray } from '../../lib/ndarray'
import { random } from '../../lib/random'
import { eachBatch, type ImageShape, type ImageSource } from './image-source'
import { symmetricEigen } from './symmetric-eigen'

/** How an image becomes a vector for each of its cells. */
export interface PatchGeometry {
  /** Side of a cell, pixels. */
  cell: number
  /** Filters at each scale; scales, each half as fine as the one before. */
  filters: number
  scales: number
  /** What the filters are: drawn at random, or learned so that their answers to normal images are uncorrelated and of variance 1. */
  bank: 'random' | 'whitening'
  /** Side of the neighbourhood that whitening filters' answers are taken from, cells; odd. */
  window: number
}

/** Side of a filter, pixels of its scale. */
const SIDE = 5

/** Cells of an image, [rows, columns]; what lies beyond the last whole cell is left out. */
export const cellsOf = ([, height, width]: ImageShape, { cell }: PatchGeometry): [number, number] => [
  Math.floor(height / cell),
  Math.floor(width / cell),
]

/**
 * Numbers that describe a cell: brightness of each channel, and how strongly each filter answers: random ones at each scale, light on dark and dark on
 * light; whitening ones by the logarithm of their energy.
 */
export const featuresOf = ([channels]: ImageShape, { filters, scales, bank }: PatchGeometry): number =>
  channels + (bank === 'random' ? 2 * filters * scales : filters)

/** How many whitening filters there are: as many as a filter has numbers. */
export const whiteningCount = ([channels]: ImageShape): number => channels * SIDE * SIDE

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

/** Added to a whitening filter's energy, which is 1 on average, before its logarithm is taken. */
const FLOOR = 0.01
/** Added to the variances of patches before their roots divide: a direction without any says nothing. */
const RIDGE = 1e-6
/** Places between the patches that filters are learned from. */
const STRIDE = 3

/**
 * Filters [25 · channels, channels, 5, 5] along the principal axes of normal images' patches, each divided by the deviation along it (ZCA's rotation-free
 * relative: Bell & Sejnowski, 1997): what images hardly vary in is heard as well as what they vary in most.
 */
export async function whiteningFilters(images: ImageSource, check: () => void = () => {}): Promise<NDArray> {
  const [channels, height, width] = images.shape
  const size = whiteningCount(images.shape)
  const patch = new Float64Array(size)
  const sum = new Float64Array(size)
  const products = new Float64Array(size * size)
  let count = 0
  await eachBatch(images, 64, (batch, seen) => {
    check()
    for (let i = 0; i < seen; i++)
      for (let y = 0; y + SIDE <= height; y += STRIDE)
        for (let x = (y + i) % STRIDE; x + SIDE <= width; x += STRIDE) {
          for (let c = 0, at = 0; c < channels; c++)
            for (let row = 0; row < SIDE; row++) {
              const from = ((i * channels + c) * height + y + row) * width + x
              for (let column = 0; column < SIDE; column++) patch[at++] = batch[from + column]!
            }
          for (let a = 0; a < size; a++) {
            sum[a]! += patch[a]!
            for (let b = 0; b <= a; b++) products[a * size + b]! += patch[a]! * patch[b]!
          }
          count++
        }
  })
  const covariance = new Float64Array(size * size)
  for (let a = 0; a < size; a++)
    for (let b = 0; b <= a; b++) {
      const value = products[a * size + b]! / count - (sum[a]! / count) * (sum[b]! / count)
      covariance[a * size + b] = covariance[b * size + a] = value
    }
  const { values, vectors } = symmetricEigen(covariance, size)
  const bank = float32([size, channels, SIDE, SIDE])
  for (let f = 0; f < size; f++)
    for (let i = 0; i < size; i++)
      bank.data[f * size + i] = vectors[i * size + f]! / Math.sqrt(Math.max(values[f]!, 0) + RIDGE)
  return bank
}

/** images [batch, channels, height, width], filters as `randomFilters` or `whiteningFilters` → features [batch, features, rows, columns]. */
export function patchFeatures(images: tf.Tensor, filters: tf.Tensor, geometry: PatchGeometry): tf.Tensor {
  const { cell, scales, bank, window } = geometry
  const shape = images.shape.slice(1) as unknown as ImageShape
  const [rows, columns] = cellsOf(shape, geometry)
  let scaled = cut(images, rows * cell, columns * cell)
  if (bank === 'whitening') {
    const energy = avgPool(tf.square(conv(mirrored(scaled), filters)), cell)
    return tf.concat([around(avgPool(scaled, cell), window), tf.log(tf.add(around(energy, window), FLOOR))], 1)
  }
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

/** The mean of each cell's neighbourhood of `window` cells a side. */
const around = (x: tf.Tensor, window: number): tf.Tensor =>
  window === 1 ? x : avgPool(mirrored(x, window), window, { strides: 1 })

/** With a mirrored margin, so that a filter or window of `side` sees no edge where the image ends. */
const mirrored = (x: tf.Tensor, side = SIDE): tf.Tensor => {
  const reach = (side - 1) / 2
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
