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

/** Mean and biased variance over `axes`, which stay as sides of 1; the variance as E x² − (E x)², in one reading of x. */
export function moments(x: tf.Tensor, axes: number[]): { mean: tf.Tensor; variance: tf.Tensor } {
  const mean = tf.mean(x, axes, true)
  const variance = tf.relu(tf.sub(tf.mean(tf.square(x), axes, true), tf.square(mean)))
  return { mean, variance }
}

/**
 * Group normalisation (Wu & He, 2018): channels in `groups` equal parts, each standardised with all of its positions, as one product and one sum over x; the variance is
 * E x² − (E x)². x [batch, channels, …space]; γ, β [channels]. Throws `bad-input` where the channels do not divide.
 */
export function groupNorm(
  x: tf.Tensor,
  groups: number,
  weights?: NormWeights,
  { epsilon = 1e-5 }: NormOptions = {},
): tf.Tensor {
  const [batch = 1, channels = 1, ...space] = x.shape
  if (channels % groups !== 0)
    throw new NagareError('bad-input', `groupNorm expects channels in ${groups} equal groups, found ${channels}.`)
  const positions = space.map((_, axis) => axis + 2)
  const overGroups = (y: tf.Tensor) =>
    tf.mean(tf.reshape(positions.length > 0 ? tf.mean(y, positions) : y, [batch, groups, channels / groups]), [2], true)
  const mean = overGroups(x)
  const variance = tf.relu(tf.sub(overGroups(tf.square(x)), tf.square(mean)))
  const perGroup = (y: tf.Tensor) => tf.reshape(y, [1, groups, channels / groups])
  const gamma = weights ? weights.gamma : tf.ones([channels])
  const scale = tf.mul(perGroup(gamma), tf.rsqrt(tf.add(variance, epsilon)))
  const offset = tf.mul(mean, scale)
  const shift = weights ? tf.sub(perGroup(weights.beta), offset) : tf.neg(offset)
  const perItem = (y: tf.Tensor) => tf.reshape(y, [batch, channels, ...space.map(() => 1)])
  return tf.add(tf.mul(x, perItem(scale)), perItem(shift))
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
