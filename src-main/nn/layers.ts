import * as tf from '@tensorflow/tfjs-core'

/** x W + b. `x` [rows, in], `weight` [in, out], `bias` [out]; result [rows, out]. */
export function dense(x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  const product = tf.matMul(x, weight)
  return bias ? tf.add(product, bias) : product
}

/** Rows of a table by number, as for a speaker or a code. `table` [count, size], `ids` int32 of any shape; result [...ids, size]. */
export const embedding = (table: tf.Tensor, ids: tf.Tensor): tf.Tensor => tf.gather(table, ids as tf.Tensor1D)

export interface BatchNormWeights {
  /** Scale, one per feature. */
  gamma: tf.Tensor
  /** Shift, one per feature. */
  beta: tf.Tensor
}

export interface Statistics {
  mean: tf.Tensor
  variance: tf.Tensor
}

export interface BatchNormOptions {
  /** Axes that are averaged over (default the first one; the features must then be last). */
  axes?: number[]
  /** Added to the variance (default 1e-5). */
  epsilon?: number
}

/**
 * Batch normalisation with the batch's own statistics (Ioffe & Szegedy, 2015, algorithm 1): y = γ (x - μ) / √(σ² + ε) + β.
 * γ and β broadcast against `x`; the statistics have the reduced shape, the variance is the biased one.
 */
export function batchNormTrain(
  x: tf.Tensor,
  { gamma, beta }: BatchNormWeights,
  { axes = [0], epsilon = 1e-5 }: BatchNormOptions = {},
): Statistics & { y: tf.Tensor } {
  const mean = tf.mean(x, axes, true)
  const centred = tf.sub(x, mean)
  const variance = tf.mean(tf.square(centred), axes, true)
  const y = tf.add(tf.mul(centred, tf.mul(gamma, tf.rsqrt(tf.add(variance, epsilon)))), beta)
  return { y, mean: tf.squeeze(mean, axes), variance: tf.squeeze(variance, axes) }
}

/** Batch normalisation with stored statistics, as one multiplication and one addition; all of them broadcast against `x`. */
export function batchNormInfer(
  x: tf.Tensor,
  { gamma, beta }: BatchNormWeights,
  { mean, variance }: Statistics,
  { epsilon = 1e-5 }: Pick<BatchNormOptions, 'epsilon'> = {},
): tf.Tensor {
  const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, epsilon)))
  return tf.add(tf.mul(x, scale), tf.sub(beta, tf.mul(mean, scale)))
}

/**
 * Running statistics after one more batch: decay · old + (1 - decay) · batch, the batch's variance made unbiased by count / (count - 1).
 * `count` is the number of values that each statistic was taken over.
 */
export function updateStatistics(old: Statistics, batch: Statistics, count: number, decay = 0.9): Statistics {
  const blend = (before: tf.Tensor, now: tf.Tensor) => tf.add(tf.mul(before, decay), tf.mul(now, 1 - decay))
  const unbiased = tf.mul(batch.variance, count / Math.max(1, count - 1))
  return { mean: blend(old.mean, batch.mean), variance: blend(old.variance, unbiased) }
}
