import * as tf from '@tensorflow/tfjs-core'
import { flat, mask, ofBoth, ofInput } from './rule'

/** Elementwise ops whose gradients tfjs computes from their outputs, without broadcasting, or not at all. */
export const elementwiseGradients: readonly tf.GradConfig[] = [
  ...['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'LogicalAnd', 'LogicalOr'].map((name) =>
    flat(name, 'a', 'b'),
  ),
  flat('LogicalNot', 'x'),
  ofInput('Tanh', 'x', (dy, x) => tf.mul(dy, tf.sub(1, tf.square(tf.tanh(x))))),
  ofInput('Sigmoid', 'x', (dy, x) => {
    const y = tf.sigmoid(x)
    return tf.mul(dy, tf.mul(y, tf.sub(1, y)))
  }),
  ofInput('Exp', 'x', (dy, x) => tf.mul(dy, tf.exp(x))),
  ofInput('Elu', 'x', (dy, x) => tf.mul(dy, tf.where(tf.greater(x, 0), tf.onesLike(x), tf.exp(tf.minimum(x, 0))))),
  // tfjs multiplies by a step that keeps what is no number: three passes more, and a loss that is no number tells as much. The mask is shared by
  // gradients of gradients, and takes less time than a choice between dy and zero.
  ofInput('Relu', 'x', (dy, x) => tf.mul(dy, mask(tf.greater(x, 0)))),
  // The factor first: dy is as a rule one number of each item, repeated.
  ofInput('Square', 'x', (dy, x) => tf.mul(tf.mul(dy, 2), tf.cast(x, 'float32'))),
  ofInput('Rsqrt', 'x', (dy, x) => tf.neg(tf.div(dy, tf.mul(tf.mul(x, tf.sqrt(x)), 2)))),
  ofInput('Abs', 'x', (dy, x) => tf.mul(dy, tf.sign(tf.cast(x, 'float32')))),
  ofInput('Softmax', 'logits', (dy, x) => {
    const y = tf.softmax(x)
    const weighted = tf.mul(dy, y)
    return tf.sub(weighted, tf.mul(tf.sum(weighted, -1, true), y))
  }),
  ofBoth(
    'Maximum',
    (dy, a, b) => tf.mul(dy, mask(tf.greaterEqual(a, b))),
    (dy, a, b) => tf.mul(dy, mask(tf.less(a, b))),
  ),
  ofBoth(
    'Minimum',
    (dy, a, b) => tf.mul(dy, mask(tf.lessEqual(a, b))),
    (dy, a, b) => tf.mul(dy, mask(tf.greater(a, b))),
  ),
  ofBoth(
    'SquaredDifference',
    (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(a, b))),
    (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(b, a))),
  ),
  ofBoth(
    'Mod',
    (dy) => dy,
    (dy, a, b) => tf.mul(dy, tf.neg(tf.floor(tf.div(a, b)))),
  ),
  ofBoth(
    'Pow',
    (dy, a, b) => tf.mul(dy, tf.mul(b, tf.pow(a, tf.sub(b, 1)))),
    (dy, a, b) => tf.mul(dy, tf.mul(tf.pow(a, b), tf.where(tf.greater(a, 0), tf.log(a), tf.zerosLike(a)))),
  ),
]
