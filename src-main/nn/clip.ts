import * as tf from '@tensorflow/tfjs-core'

export interface ClipOptions {
  /** Shrink all gradients by one factor so that their common norm is at most this. */
  norm?: number
  /** Cut each number to ± this; done first where both are given. */
  value?: number
}

/** √Σ g² over all numbers of all gradients: a scalar. */
export function globalNorm(gradients: readonly tf.Tensor[]): tf.Tensor {
  const squares = gradients.map((gradient) => tf.sum(tf.square(gradient)))
  return tf.sqrt(squares.length === 1 ? squares[0]! : tf.addN(squares))
}

/** The gradients within bounds; by norm as PyTorch's `clip_grad_norm_`: times min(1, limit / (norm + 1e-6)). `norm` is theirs where already known. */
export function clipped(gradients: readonly tf.Tensor[], { norm: limit, value }: ClipOptions, norm?: tf.Tensor) {
  const cut = value === undefined ? gradients : gradients.map((gradient) => tf.clipByValue(gradient, -value, value))
  if (limit === undefined) return cut
  const length = value === undefined && norm ? norm : globalNorm(cut)
  const factor = tf.minimum(tf.div(limit, tf.add(length, 1e-6)), 1)
  return cut.map((gradient) => tf.mul(gradient, factor))
}
