import * as tf from '@tensorflow/tfjs-core'
import { avgPool, conv, upsampleNearest, type Shapes, type Tensors } from '../../compute'
import { conv2d, dense } from '../../nn'
import { channelsAt, levelsOf, startOf, type FAnoganConfig } from './config'
import type { Networks } from './network'
import type { Norm } from './norms'
import { convThenPool, repeatThenConv } from './resampled-convolutions'

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** Pre-activation block that halves the sides: norm, ReLU, 3 × 3, norm, ReLU, 3 × 3, mean of squares; beside it mean of squares, 1 × 1. */
function down(weights: Tensors, name: string, x: tf.Tensor, norm: Norm): tf.Tensor {
  const of = (part: string) => weights[`${name}.${part}`]!
  const hidden = conv(tf.relu(norm(`${name}.norm1`, x)), of('conv1.weight'), { padding: 1 })
  const deep = convThenPool(tf.relu(norm(`${name}.norm2`, hidden)), of('conv2.weight'))
  const beside = conv(avgPool(x, 2), of('beside.weight'))
  return tf.add(tf.add(deep, beside), bias(of('conv2.bias'), of('beside.bias')))
}

/** Pre-activation block that doubles the sides: norm, ReLU, repeat, 3 × 3, norm, ReLU, 3 × 3; beside it repeat, 1 × 1, which may change places. */
function up(weights: Tensors, name: string, x: tf.Tensor, norm: Norm): tf.Tensor {
  const of = (part: string) => weights[`${name}.${part}`]!
  const hidden = repeatThenConv(tf.relu(norm(`${name}.norm1`, x)), of('conv1.weight'))
  const deep = conv(tf.relu(norm(`${name}.norm2`, hidden)), of('conv2.weight'), { padding: 1 })
  const beside = tf.add(conv(x, of('beside.weight')), bias(of('conv2.bias'), of('beside.bias')))
  return tf.add(deep, upsampleNearest(beside, 2))
}

/** The biases of two sums that meet, as one. */
const bias = (a: tf.Tensor, b: tf.Tensor) => tf.reshape(tf.add(a, b), [1, a.size, 1, 1])

/** Images [batch, channels, size, size] → what is left after all halvings, one row each. */
function trunk(config: FAnoganConfig, weights: Tensors, name: string, images: tf.Tensor, norm: Norm): tf.Tensor {
  let x = conv2d(images, { weight: weights[`${name}.in.weight`]!, bias: weights[`${name}.in.bias`]! }, { padding: 1 })
  for (const level of range(levelsOf(config))) x = down(weights, `${name}.blocks.${level}`, x, norm)
  return tf.reshape(x, [images.shape[0]!, deepest(config)])
}

/** Numbers that are left of an image after all halvings: the critic's features. */
const deepest = (config: FAnoganConfig) => channelsAt(config, levelsOf(config)) * startOf(config) ** 2

function blockShapes(name: string, from: number, to: number, middle: number): Shapes {
  return {
    [`${name}.norm1.gamma`]: [from],
    [`${name}.norm1.beta`]: [from],
    [`${name}.conv1.weight`]: [middle, from, 3, 3],
    [`${name}.norm2.gamma`]: [middle],
    [`${name}.norm2.beta`]: [middle],
    [`${name}.conv2.weight`]: [to, middle, 3, 3],
    [`${name}.conv2.bias`]: [to],
    [`${name}.beside.weight`]: [to, from, 1, 1],
    [`${name}.beside.bias`]: [to],
  }
}

function trunkShapes(config: FAnoganConfig, name: string): Shapes {
  const blocks = range(levelsOf(config)).map((level) => {
    const from = channelsAt(config, level)
    return blockShapes(`${name}.blocks.${level}`, from, channelsAt(config, level + 1), from)
  })
  return Object.assign(
    { [`${name}.in.weight`]: [config.width, config.channels, 3, 3], [`${name}.in.bias`]: [config.width] },
    ...blocks,
  ) as Shapes
}

/**
 * The published networks (Schlegl et al., 2019; residual blocks of Gulrajani et al., 2017, appendix), for images of `start · 2^levels` pixels: 4 for
 * 32, 64 and 128, 7 for 28. The critic normalises each item, generator and encoder the batch.
 */
export const residualNetworks: Networks = {
  generate(config, weights, z, norm) {
    const levels = levelsOf(config)
    const start = startOf(config)
    const first = dense(z, weights['generator.in.weight']!, weights['generator.in.bias']!)
    let x = tf.reshape(first, [z.shape[0]!, channelsAt(config, levels), start, start])
    for (const i of range(levels)) x = up(weights, `generator.blocks.${i}`, x, norm)
    const end = { weight: weights['generator.out.weight']!, bias: weights['generator.out.bias']! }
    return tf.tanh(conv2d(tf.relu(norm('generator.out.norm', x)), end, { padding: 1 }))
  },
  encode(config, weights, images, norm) {
    const features = trunk(config, weights, 'encoder', images, norm)
    return dense(features, weights['encoder.out.weight']!, weights['encoder.out.bias']!)
  },
  criticise(config, weights, images, norm) {
    const features = trunk(config, weights, 'critic', images, norm)
    const scores = dense(features, weights['critic.out.weight']!, weights['critic.out.bias']!)
    return { features, scores: tf.reshape(scores, [images.shape[0]!]) }
  },
  features: deepest,
  generatorShapes(config) {
    const levels = levelsOf(config)
    const [top, last] = [channelsAt(config, levels), channelsAt(config, 0)]
    const blocks = range(levels).map((i) => {
      const to = channelsAt(config, levels - i - 1)
      return blockShapes(`generator.blocks.${i}`, channelsAt(config, levels - i), to, to)
    })
    return Object.assign(
      {
        'generator.in.weight': [config.latent, top * startOf(config) ** 2],
        'generator.in.bias': [top * startOf(config) ** 2],
        'generator.out.norm.gamma': [last],
        'generator.out.norm.beta': [last],
        'generator.out.weight': [config.channels, last, 3, 3],
        'generator.out.bias': [config.channels],
      },
      ...blocks,
    ) as Shapes
  },
  encoderShapes: (config) => ({
    ...trunkShapes(config, 'encoder'),
    'encoder.out.weight': [deepest(config), config.latent],
    'encoder.out.bias': [config.latent],
  }),
  criticShapes: (config) => ({
    ...trunkShapes(config, 'critic'),
    'critic.out.weight': [deepest(config), 1],
    'critic.out.bias': [1],
  }),
}
