import * as tf from '@tensorflow/tfjs-core'
import { conv, convTranspose } from '../../compute'

/** A 3 × 3 filter laid on each corner of a 4 × 4 one, summed: what it sees together with its right, lower and lower right neighbour. */
function spread(filter: tf.Tensor): tf.Tensor {
  const corners = [0, 1].flatMap((down) =>
    [0, 1].map((across) =>
      tf.pad(filter, [
        [0, 0],
        [0, 0],
        [down, 1 - down],
        [across, 1 - across],
      ]),
    ),
  )
  return tf.addN(corners)
}

/**
 * A 3 × 3 convolution with a padding of 1 followed by the mean of each 2 × 2 square, as one convolution with a stride of 2: 4 products for what would be 9.
 * x [batch, in, height, width], filter [out, in, 3, 3] → [batch, out, height / 2, width / 2].
 */
export const convThenPool = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
  conv(x, tf.mul(spread(filter), 0.25), { strides: 2, padding: 1 })

/**
 * Each pixel repeated to 2 × 2 and then a 3 × 3 convolution with a padding of 1, as one transposed convolution with a stride of 2.
 * x [batch, in, height, width], filter [out, in, 3, 3] → [batch, out, 2 · height, 2 · width].
 */
export function repeatThenConv(x: tf.Tensor, filter: tf.Tensor): tf.Tensor {
  const turned = tf.reverse(tf.transpose(filter, [1, 0, 2, 3]), [2, 3])
  return convTranspose(x, spread(turned), { strides: 2, padding: 1 })
}
