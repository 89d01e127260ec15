import * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../lib/errors'

export interface NormWeights {
  /** Scale, γ. */
  gamma: tf.Tensor
  /** Shift, β. */
  beta: tf.Tensor
}

export interface NormOptions {
  /** Added to the variance (default 1e-5). */
  epsilon?: number
}

/** (x - μ) / √(σ² + ε) over `axes`, with the biased variance. */
export function standardize(x: tf.Tensor, axes: number[], epsilon = 1e-5): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, axes, true))
  return tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), axes, true), epsilon)))
}

/**
 * Layer normalisation (Ba et al., 2016): each item standardised over `axes` (default the last one). γ and β have the shape of those axes; without
 * weights only standardised. x of any shape; result alike.
 */
export function layerNorm(
  x: tf.Tensor,
  weights?: NormWeights,
  { axes = [-1], epsilon = 1e-5 }: NormOptions & { axes?: number[] } = {},
): tf.Tensor {
  const over = axes.map((axis) => (axis < 0 ? axis + x.rank : axis))
  const shape = x.shape.map((side, i) => (over.includes(i) ? side : 1))
  return scaled(standardize(x, over, epsilon), shape, weights)
}

/**
 * Group normalisation (Wu & He, 2018): channels in `groups` equal parts, each standardised with all of its positions. x [batch, channels, …space];
 * γ, β [channels]. Throws `bad-input` where the channels do not divide.
 */
export function groupNorm(
  x: tf.Tensor,
  groups: number,
  weights?: NormWeights,
  { epsilon = 1e-5 }: NormOptions = {},
): tf.Tensor {
  const [batch = 1, channels = 1] = x.shape
  if (channels % groups !== 0)
    throw new NagareError('bad-input', `groupNorm expects channels in ${groups} equal groups, found ${channels}.`)
  const parts = standardize(tf.reshape(x, [batch, groups, x.size / (batch * groups)]), [2], epsilon)
  return scaled(tf.reshape(parts, x.shape), channelShape(x.rank, channels), weights)
}

/** Instance normalisation (Ulyanov et al., 2016): each channel of each item standardised over its positions. x [batch, channels, …space]; γ, β [channels]. */
export function instanceNorm(x: tf.Tensor, weights?: NormWeights, options: NormOptions = {}): tf.Tensor {
  return groupNorm(x, x.shape[1] ?? 1, weights, options)
}

/** Shape in which one number per channel meets [batch, channels, …space]. */
export const channelShape = (rank: number, channels: number): number[] => [
  1,
  channels,
  ...new Array<number>(Math.max(0, rank - 2)).fill(1),
]

function scaled(x: tf.Tensor, shape: number[], weights?: NormWeights): tf.Tensor {
  if (!weights) return x
  return tf.add(tf.mul(x, tf.reshape(weights.gamma, shape)), tf.reshape(weights.beta, shape))
}
