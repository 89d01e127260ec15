import * as tf from '@tensorflow/tfjs-core'

/** Logarithm of the softmax along any `axis` (default the last): x - max - log Σ exp(x - max). x of any shape → the same shape. */
export function logSoftmax(x: tf.Tensor, axis = -1): tf.Tensor {
  const along = axis < 0 ? axis + x.rank : axis
  const differentiable = tf.customGrad((...args) => {
    const [logits, save] = args as [tf.Tensor, tf.GradSaveFunc]
    save([logits])
    const shifted = tf.sub(logits, tf.max(logits, along, true))
    return {
      value: tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), along, true))),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.sub(dy, tf.mul(tf.sum(dy, along, true), tf.exp(logSoftmax(saved[0]!, along)))),
    }
  })
  return differentiable(x)
}
