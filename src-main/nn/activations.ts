import * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../lib/errors'

/** x Φ(x) with Φ the normal distribution function (Hendrycks & Gimpel, 2016), exact by the error function. */
export const gelu = (x: tf.Tensor): tf.Tensor => tf.mul(x, tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5))

/** x · sigmoid(x), also called SiLU (Ramachandran et al., 2017). */
export const swish = (x: tf.Tensor): tf.Tensor => tf.mul(x, tf.sigmoid(x))

/** tanh(a) · sigmoid(b), a the first and b the second half of x along `axis` (van den Oord et al., 2016, eq. 2). Throws `bad-input` for an odd side. */
export function gatedTanh(x: tf.Tensor, axis = 1): tf.Tensor {
  const side = x.shape.at(axis)!
  if (side % 2 !== 0)
    throw new NagareError('bad-input', `gatedTanh expects an even side along axis ${axis}, found [${x.shape}].`)
  const [a, b] = tf.split(x, 2, axis) as [tf.Tensor, tf.Tensor]
  return tf.mul(tf.tanh(a), tf.sigmoid(b))
}
