import * as tf from '@tensorflow/tfjs-core'
import type { Shapes, Tensors } from '../../compute'
import { dense } from '../../nn'
import { imageShape, pixelsOf, type FAnoganConfig } from './config'
import type { Networks } from './network'

/** Widths of the hidden layers; the generator's first has no normalisation. */
const generatorWidths = [128, 256, 512, 1024]
const trunkWidths = [512, 256]
const features = trunkWidths.at(-1)!

const leaky = (x: tf.Tensor) => tf.leakyRelu(x, 0.2)

const layer = (weights: Tensors, name: string, x: tf.Tensor) =>
  dense(x, weights[`${name}.weight`]!, weights[`${name}.bias`]!)

function trunk(weights: Tensors, name: string, images: tf.Tensor): tf.Tensor {
  let x = tf.reshape(images, [images.shape[0]!, -1])
  for (const i of trunkWidths.keys()) x = leaky(layer(weights, `${name}.${i}`, x))
  return x
}

const layerShapes = (name: string, from: number, to: number): Shapes => ({
  [`${name}.weight`]: [from, to],
  [`${name}.bias`]: [to],
})

function trunkShapes(config: FAnoganConfig, name: string, end: number): Shapes {
  const widths = [pixelsOf(config), ...trunkWidths]
  const layers = trunkWidths.map((to, i) => layerShapes(`${name}.${i}`, widths[i]!, to))
  return Object.assign(layerShapes(`${name}.out`, features, end), ...layers) as Shapes
}

/** Dense networks for small images such as digits, as a public PyTorch port of f-AnoGAN has them: quick, and enough where all images are aligned. */
export const denseNetworks: Networks = {
  generate(config, weights, z, norm) {
    let x = leaky(layer(weights, 'generator.0', z))
    for (const i of generatorWidths.keys())
      if (i > 0) x = leaky(norm(`generator.${i}.norm`, layer(weights, `generator.${i}`, x)))
    return tf.reshape(tf.tanh(layer(weights, 'generator.out', x)), [z.shape[0]!, ...imageShape(config)])
  },
  encode: (_, weights, images) => layer(weights, 'encoder.out', trunk(weights, 'encoder', images)),
  criticise(_, weights, images) {
    const seen = trunk(weights, 'critic', images)
    return { features: seen, scores: tf.reshape(layer(weights, 'critic.out', seen), [images.shape[0]!]) }
  },
  features: () => features,
  generatorShapes(config) {
    const widths = [config.latent, ...generatorWidths]
    const layers = generatorWidths.map((to, i) => ({
      ...layerShapes(`generator.${i}`, widths[i]!, to),
      ...(i > 0 ? { [`generator.${i}.norm.gamma`]: [to], [`generator.${i}.norm.beta`]: [to] } : {}),
    }))
    return Object.assign(layerShapes('generator.out', generatorWidths.at(-1)!, pixelsOf(config)), ...layers) as Shapes
  },
  encoderShapes: (config) => trunkShapes(config, 'encoder', config.latent),
  criticShapes: (config) => trunkShapes(config, 'critic', 1),
}
