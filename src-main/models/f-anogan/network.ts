import * as tf from '@tensorflow/tfjs-core'
import type { Shapes, Tensors } from '../../compute'
import type { FAnoganConfig } from './config'
import { denseNetworks } from './dense-networks'
import { layerNorms, type Norm } from './norms'
import { residualNetworks } from './residual-networks'

/** What a critic says of images. */
export interface Criticism {
  /** Higher for real images, [batch]. */
  scores: tf.Tensor
  /** Its last hidden layer, [batch, features]. */
  features: tf.Tensor
}

/** One form of the three networks. Weights are named `generator.…`, `critic.…`, `encoder.…`; images are [batch, channels, size, size]. */
export interface Networks {
  generate(config: FAnoganConfig, weights: Tensors, z: tf.Tensor, norm: Norm): tf.Tensor
  encode(config: FAnoganConfig, weights: Tensors, images: tf.Tensor, norm: Norm): tf.Tensor
  criticise(config: FAnoganConfig, weights: Tensors, images: tf.Tensor, norm: Norm): Criticism
  /** Numbers in the critic's features. */
  features(config: FAnoganConfig): number
  /** Shapes of what is trained; each `….gamma` of generator and encoder has running statistics beside it. */
  generatorShapes(config: FAnoganConfig): Shapes
  encoderShapes(config: FAnoganConfig): Shapes
  criticShapes(config: FAnoganConfig): Shapes
}

/** The form of networks that a configuration names. */
export const networksOf = ({ network }: Pick<FAnoganConfig, 'network'>): Networks =>
  network === 'mlp' ? denseNetworks : residualNetworks

/** Latents [batch, latent] → images between −1 and 1, [batch, channels, size, size]. */
export const generate = (config: FAnoganConfig, weights: Tensors, z: tf.Tensor, norm: Norm): tf.Tensor =>
  networksOf(config).generate(config, weights, z, norm)

/** Images [batch, channels, size, size] → latents [batch, latent]. */
export function encode(config: FAnoganConfig, weights: Tensors, images: tf.Tensor, norm: Norm): tf.Tensor {
  const z = networksOf(config).encode(config, weights, images, norm)
  return config.encoderEnd === 'tanh' ? tf.tanh(z) : z
}

/** What the critic says of images [batch, channels, size, size]. */
export const criticise = (config: FAnoganConfig, weights: Tensors, images: tf.Tensor): Criticism =>
  networksOf(config).criticise(config, weights, images, layerNorms(config, weights))
