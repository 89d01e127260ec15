import * as tf from '@tensorflow/tfjs-core'
import type { Tensors } from '../../compute'
import { moments, updateStatistics } from '../../nn'
import type { FAnoganConfig } from './config'

/** Normalises what enters a layer by the layer's name. x [batch, channels] or [batch, channels, height, width] → alike. */
export type Norm = (name: string, x: tf.Tensor) => tf.Tensor

/** All axes but those of `kept`. */
const axesBut = (x: tf.Tensor, kept: number) => x.shape.map((_, axis) => axis).filter((axis) => axis !== kept)

/** One number per channel, shaped to meet x. */
const perChannel = (x: tf.Tensor, numbers: tf.Tensor) =>
  tf.reshape(
    numbers,
    x.shape.map((side, axis) => (axis === 1 ? side : 1)),
  )

/** γ (x − μ) / √(σ² + ε) + β as one product and one sum over x. */
function normalised(
  x: tf.Tensor,
  { mean, variance }: { mean: tf.Tensor; variance: tf.Tensor },
  weights: Tensors,
  name: string,
  epsilon: number,
): tf.Tensor {
  const [gamma, beta] = [perChannel(x, weights[`${name}.gamma`]!), perChannel(x, weights[`${name}.beta`]!)]
  const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, epsilon)))
  return tf.add(tf.mul(x, scale), tf.sub(beta, tf.mul(mean, scale)))
}

/** Layer normalisation of each item over channels and positions, with a γ and a β per channel: what a critic with a gradient penalty may use. */
export const layerNorms =
  ({ epsilon }: FAnoganConfig, weights: Tensors): Norm =>
  (name, x) =>
    normalised(x, moments(x, axesBut(x, 0)), weights, name, epsilon)

/**
 * Batch normalisation by the batch's own statistics; `running` gets the next running statistics `<name>.mean` and `<name>.variance` of those
 * in `weights`, a tenth of the way to this batch's.
 */
export const batchNorms =
  ({ epsilon }: FAnoganConfig, weights: Tensors, running?: Tensors): Norm =>
  (name, x) => {
    const found = moments(x, axesBut(x, 1))
    const flat = (numbers: tf.Tensor) => tf.reshape(numbers, [x.shape[1]!])
    if (running) {
      const old = { mean: weights[`${name}.mean`]!, variance: weights[`${name}.variance`]! }
      const next = updateStatistics(
        old,
        { mean: flat(found.mean), variance: flat(found.variance) },
        x.size / x.shape[1]!,
      )
      running[`${name}.mean`] = next.mean
      running[`${name}.variance`] = next.variance
    }
    return normalised(x, found, weights, name, epsilon)
  }

/** Batch normalisation by the running statistics `<name>.mean` and `<name>.variance`: each item by itself. */
export const runningNorms =
  ({ epsilon }: FAnoganConfig, weights: Tensors): Norm =>
  (name, x) => {
    const statistics = {
      mean: perChannel(x, weights[`${name}.mean`]!),
      variance: perChannel(x, weights[`${name}.variance`]!),
    }
    return normalised(x, statistics, weights, name, epsilon)
  }
