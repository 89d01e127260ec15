import * as tf from '@tensorflow/tfjs-core'
import { bilinearMatrix, nearestMatrix, repeats, type Mapping } from '../kernels/interpolation'
import { ofInput } from './rule'

type Matrix = (from: number, to: number, mapping: Mapping) => Float32Array

/** Multiplies y [batch, height, width, channels] by the transposed interpolation matrix of each of the two axes. */
function unresized(dy: tf.Tensor, shape: readonly number[], matrix: Matrix, mapping: Mapping): tf.Tensor {
  const [batch, high, wide, channels] = shape as [number, number, number, number]
  const [, toHigh, toWide] = dy.shape as [number, number, number]
  const weights = (from: number, to: number) => tf.tensor2d(matrix(from, to, mapping), [to, from])
  const rows = tf.matMul(
    tf.expandDims(weights(high, toHigh), 0),
    tf.reshape(dy, [batch, toHigh, toWide * channels]),
    true,
  )
  if (channels === 1) return tf.reshape(tf.matMul(tf.reshape(rows, [-1, toWide]), weights(wide, toWide)), [...shape])
  const columns = tf.reshape(rows, [batch * high, toWide, channels])
  return tf.reshape(tf.matMul(tf.expandDims(weights(wide, toWide), 0), columns, true), [...shape])
}

function ofNearest(dy: tf.Tensor, { shape }: tf.Tensor, attrs: tf.ResizeNearestNeighborAttrs): tf.Tensor {
  const [, high, wide] = shape as [number, number, number]
  const [down, across] = [repeats(high, attrs.size[0], attrs), repeats(wide, attrs.size[1], attrs)]
  if (down === undefined || across === undefined) return unresized(dy, shape, nearestMatrix, attrs)
  return tf.mul(tf.avgPool(dy as tf.Tensor4D, [down, across], [down, across], 'valid'), down * across)
}

/** Resizing is linear in the image, so its gradient is the transposed interpolation. */
export const resizeGradients: readonly tf.GradConfig[] = [
  ofInput('ResizeNearestNeighbor', 'images', ofNearest),
  ofInput<tf.ResizeBilinearAttrs>('ResizeBilinear', 'images', (dy, x, attrs) =>
    unresized(dy, x.shape, bilinearMatrix, attrs),
  ),
]
