import * as tf from '@tensorflow/tfjs-core'
import type { Shapes, Tensors } from '../../compute'
import { float32, type NDArrays } from '../../lib/ndarray'
import type { Random } from '../../lib/random'
import { conv2d, convFans, heUniform } from '../../nn'
import type { SegmenterConfig } from './config'

/** Steps between the taps of the residual layers' filters: a pixel is seen together with all within 46 pixels. */
export const dilations = [1, 2, 4, 8, 4, 2, 1] as const

/** Shapes of the weights. */
export function weightShapes({ channels, width }: Pick<SegmenterConfig, 'channels' | 'width'>): Shapes {
  const layer = (name: string, weight: readonly number[]) => ({
    [`${name}.weight`]: weight,
    [`${name}.bias`]: [weight[0]!],
  })
  return {
    ...layer('stem', [width, channels, 6, 6]),
    ...Object.assign({}, ...dilations.map((_, i) => layer(`layer${i}`, [width, width, 3, 3]))),
    ...layer('head', [4, width, 3, 3]),
  }
}

/** He's uniform before ReLUs; residual layers start a third as strong, so that their sum stays in bounds; the head starts at few painted pixels. */
export function initialWeights(config: Pick<SegmenterConfig, 'channels' | 'width'>, random: Random): NDArrays {
  const weights: NDArrays = {}
  for (const [name, entry] of Object.entries(weightShapes(config))) {
    const shape = entry as readonly number[]
    if (name.endsWith('.bias')) {
      weights[name] = float32(shape, new Float32Array(shape[0]!).fill(name === 'head.bias' ? -2 : 0))
      continue
    }
    const drawn = heUniform(random, shape, convFans(shape))
    const scale = name.startsWith('stem') ? 1 : 1 / 3
    weights[name] = float32(
      shape,
      (drawn.data as Float32Array).map((value) => value * scale),
    )
  }
  return weights
}

/**
 * Log odds that a pixel is painted: images [batch, channels, height, width], even sides → [batch, height, width]. Half the resolution inside, residual
 * layers with filters ever wider apart (Yu & Koltun, 2016), and four numbers for each of the inner places at the end, one for each of its pixels.
 */
export function segment(weights: Tensors, images: tf.Tensor): tf.Tensor {
  const of = (name: string) => ({ weight: weights[`${name}.weight`]!, bias: weights[`${name}.bias`]! })
  let x = conv2d(images, of('stem'), { strides: 2, padding: 2 })
  for (const [i, dilation] of dilations.entries())
    x = tf.add(x, conv2d(tf.relu(x), of(`layer${i}`), { dilations: dilation, padding: dilation }))
  const four = conv2d(tf.relu(x), of('head'), { padding: 1 })
  const [batch, , rows, columns] = four.shape as [number, number, number, number]
  const apart = tf.transpose(tf.reshape(four, [batch, 2, 2, rows, columns]), [0, 3, 1, 4, 2])
  return tf.reshape(apart, [batch, 2 * rows, 2 * columns])
}
