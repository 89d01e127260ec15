import * as tf from '@tensorflow/tfjs-core'
import type { Tensors } from '../../compute'
import type { FAnoganConfig } from './config'
import { criticise, encode, generate } from './network'
import { runningNorms, type Norm } from './norms'

/** λ of the gradient penalty. */
export const PENALTY = 10

/** Sums over all axes but the first, [batch]. */
const sumOfItem = (x: tf.Tensor) => tf.sum(tf.reshape(x, [x.shape[0]!, -1]), 1)
const meanOfItem = (x: tf.Tensor) => tf.mean(tf.reshape(x, [x.shape[0]!, -1]), 1)

/**
 * Mean over the batch of (‖∂D/∂x̂‖ − 1)² at x̂ = real + share · (fake − real) (Gulrajani et al., 2017, eq. 3); exact, and itself differentiable.
 * real, fake [batch, channels, size, size]; share, uniform in [0, 1), [batch, 1, 1, 1] or one for each channel.
 */
export function gradientPenalty(
  config: FAnoganConfig,
  weights: Tensors,
  { real, fake, share }: { real: tf.Tensor; fake: tf.Tensor; share: tf.Tensor },
): tf.Tensor {
  const between = tf.add(real, tf.mul(share, tf.sub(fake, real)))
  const gradient = tf.grad((x: tf.Tensor) => tf.sum(criticise(config, weights, x).scores))(between)
  // A root has no slope at zero.
  const norm = tf.sqrt(tf.add(sumOfItem(tf.square(gradient)), 1e-12))
  return tf.mean(tf.square(tf.sub(norm, 1)))
}

/** The critic's loss and its two parts (Gulrajani et al., 2017, algorithm 1). */
export interface CriticLoss {
  loss: tf.Tensor
  /** Mean score of real images less that of generated ones: an estimate of the distance between the two, up to a scale. */
  gap: tf.Tensor
  penalty: tf.Tensor
}

/** mean D(fake) − mean D(real) + 10 · penalty. Shapes as for `gradientPenalty`. */
export function criticLoss(
  config: FAnoganConfig,
  weights: Tensors,
  images: { real: tf.Tensor; fake: tf.Tensor; share: tf.Tensor },
): CriticLoss {
  const penalty = gradientPenalty(config, weights, images)
  const [made, real] = tf.split(criticise(config, weights, tf.concat([images.fake, images.real], 0)).scores, 2)
  const gap = tf.sub(tf.mean(real!), tf.mean(made!))
  return { loss: tf.sub(tf.mul(penalty, PENALTY), gap), gap, penalty }
}

/** −mean D(fake). fake [batch, channels, size, size]. */
export const generatorLoss = (config: FAnoganConfig, weights: Tensors, fake: tf.Tensor): tf.Tensor =>
  tf.neg(tf.mean(criticise(config, weights, fake).scores))

/** How far images are from their reconstructions, each [batch] (Schlegl et al., 2019, eqs. 3 and 6). */
export interface Distances {
  /** Mean squared difference of the pixels. */
  image: tf.Tensor
  /** Mean squared difference of the critic's features. */
  feature: tf.Tensor
}

/** The distances of images and what became of them, both [batch, channels, size, size]. */
export function distances(
  config: FAnoganConfig,
  weights: Tensors,
  images: tf.Tensor,
  reconstruction: tf.Tensor,
): Distances {
  const seen = criticise(config, weights, images).features
  const again = criticise(config, weights, reconstruction).features
  return { image: imageDistance(images, reconstruction), feature: meanOfItem(tf.square(tf.sub(seen, again))) }
}

/** Mean squared difference of the pixels alone, [batch]. */
export const imageDistance = (images: tf.Tensor, reconstruction: tf.Tensor): tf.Tensor =>
  meanOfItem(tf.square(tf.sub(images, reconstruction)))

/** Mean squared difference of two latents, [batch]; each [batch, latent]. */
export const zDistance = (z: tf.Tensor, again: tf.Tensor): tf.Tensor => meanOfItem(tf.square(tf.sub(z, again)))

/**
 * The encoder's loss izi_f: mean over the batch of image distance + κ · feature distance (Schlegl et al., 2019, eq. 4), the generator in inference mode.
 * images [batch, channels, size, size]; `norm` is the encoder's.
 */
export function encoderLoss(
  config: FAnoganConfig,
  weights: Tensors,
  images: tf.Tensor,
  { kappa, norm }: { kappa: number; norm: Norm },
): Distances & { loss: tf.Tensor; reconstruction: tf.Tensor } {
  const z = encode(config, weights, images, norm)
  const reconstruction = generate(config, weights, z, runningNorms(config, weights))
  const { image, feature } = distances(config, weights, images, reconstruction)
  return { image, feature, reconstruction, loss: tf.mean(tf.add(image, tf.mul(feature, kappa))) }
}
