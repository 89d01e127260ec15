import * as tf from '@tensorflow/tfjs-core'
import { maxPool, upsampleNearest, type Shapes, type Tensors } from '../../compute'
import { float32, type NDArray, type NDArrays } from '../../lib/ndarray'
import type { Random } from '../../lib/random'
import { conv2d, convFans, groupNorm, heUniform } from '../../nn'
import { GROUPS, HALVINGS, type SegmenterConfig } from './config'

/** Log odds that the network starts at, everywhere: few pixels are painted. */
const FEW = -2

type Size = Pick<SegmenterConfig, 'channels' | 'width'>

/** Convolutions of 3 × 3, each normalised and cut off at zero: its name, channels that it takes and gives. */
function blocks({ channels, width }: Size): [name: string, taken: number, given: number][] {
  const sides = Array.from({ length: HALVINGS + 1 }, (_, level) => width * 2 ** level)
  return [
    ...sides.flatMap((own, level): [string, number, number][] => [
      [`down${level}.0`, sides[level - 1] ?? channels, own],
      [`down${level}.1`, own, own],
    ]),
    ...sides.slice(0, -1).map((own, level): [string, number, number] => [`up${level}`, own, own]),
  ]
}

/** Shapes of the weights. */
export function weightShapes(size: Size): Shapes {
  const shapes: Record<string, number[]> = {}
  for (const [name, taken, given] of blocks(size)) {
    shapes[`${name}.weight`] = [given, taken, 3, 3]
    shapes[`${name}.gamma`] = [given]
    shapes[`${name}.beta`] = [given]
  }
  for (let level = 0, own = size.width; level < HALVINGS; level++, own *= 2)
    shapes[`narrow${level}.weight`] = [own, 2 * own, 1, 1]
  return { ...shapes, 'head.weight': [1, size.width, 1, 1], 'head.bias': [1] }
}

/** He's uniform before ReLUs; norms change nothing, and few pixels are painted. */
export function initialWeights(size: Size, random: Random): NDArrays {
  const constants: Record<string, number> = { gamma: 1, beta: 0, bias: FEW }
  const weights: Record<string, NDArray> = {}
  for (const [name, entry] of Object.entries(weightShapes(size))) {
    const shape = entry as readonly number[]
    const constant = constants[name.slice(name.lastIndexOf('.') + 1)]
    weights[name] =
      constant === undefined
        ? heUniform(random, shape, convFans(shape))
        : float32(shape, new Float32Array(shape[0]!).fill(constant))
  }
  return weights
}

/**
 * Log odds that a pixel is painted: images [batch, channels, height, width], sides that are multiples of 8 → [batch, height, width]. A U (Ronneberger et al., 2015) from the
 * full resolution to an eighth: two convolutions at each, the largest of 2 × 2 going down; going up each value four times, added to what was seen there before, and one
 * convolution more.
 */
export function segment(weights: Tensors, images: tf.Tensor): tf.Tensor {
  const weight = (name: string) => ({ weight: weights[`${name}.weight`]! })
  const block = (name: string, x: tf.Tensor) => {
    const norm = { gamma: weights[`${name}.gamma`]!, beta: weights[`${name}.beta`]! }
    return tf.relu(groupNorm(conv2d(x, weight(name), { padding: 1 }), GROUPS, norm))
  }
  const seen = (x: tf.Tensor, level: number): tf.Tensor => {
    const fine = block(`down${level}.1`, block(`down${level}.0`, x))
    if (level === HALVINGS) return fine
    const coarse = conv2d(seen(maxPool(fine, 2), level + 1), weight(`narrow${level}`))
    return block(`up${level}`, tf.add(fine, upsampleNearest(coarse, 2)))
  }
  const odds = conv2d(seen(images, 0), { ...weight('head'), bias: weights['head.bias']! })
  return tf.squeeze(odds, [1])
}
