import * as tf from '@tensorflow/tfjs-core'

/**
 * A weight by direction and length, w = g · v / ‖v‖ (Salimans & Kingma, 2016, eq. 2). ‖v‖ is taken over all axes but the first, as PyTorch's
 * `weight_norm` with dim 0. v [out, …]; g has `out` numbers in any shape; result in v's shape.
 */
export function weightNorm(v: tf.Tensor, g: tf.Tensor): tf.Tensor {
  const [out = 1] = v.shape
  const rows = tf.reshape(v, [out, v.size / out])
  const length = tf.sqrt(tf.sum(tf.square(rows), 1, true))
  return tf.reshape(tf.mul(rows, tf.div(tf.reshape(g, [out, 1]), length)), v.shape)
}

export interface SpectralNormOptions {
  /** Power iterations at each call (default 1). */
  iterations?: number
  /** Least length that a vector is divided by (default 1e-12). */
  epsilon?: number
}

/**
 * A weight divided by its largest singular value σ, which power iteration follows from step to step (Miyato et al., 2018, algorithm 1).
 * weight [out, …] counts as the matrix [out, rest]; u [out] is state: start it with normal noise and return `u` as its next value.
 * No gradient flows through u and v, as in the paper.
 */
export function spectralNorm(
  weight: tf.Tensor,
  u: tf.Tensor,
  { iterations = 1, epsilon = 1e-12 }: SpectralNormOptions = {},
): { weight: tf.Tensor; u: tf.Tensor; sigma: tf.Tensor } {
  const [out = 1] = weight.shape
  const rest = weight.size / out
  const matrix = tf.reshape(weight, [out, rest])
  const fixed = stopGradient(matrix)
  const unit = (x: tf.Tensor) => tf.div(x, tf.maximum(tf.sqrt(tf.sum(tf.square(x))), epsilon))
  let left = unit(tf.reshape(stopGradient(u), [1, out]))
  let right = unit(tf.matMul(left, fixed))
  for (let i = 0; i < iterations; i++) {
    if (i > 0) right = unit(tf.matMul(left, fixed))
    left = unit(tf.matMul(right, fixed, false, true))
  }
  const sigma = tf.sum(tf.mul(tf.matMul(left, matrix), right))
  return { weight: tf.div(weight, sigma), u: tf.reshape(left, [out]), sigma }
}

/** The tensor itself, as a constant to gradients. */
export const stopGradient = <T extends tf.Tensor>(x: T): T =>
  tf.customGrad((...args) => ({
    value: tf.clone(args[0] as T),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }))(x) as T
