import * as tf from '@tensorflow/tfjs-core'
import type { Tensors } from '../../compute'
import type { VaeConfig } from './config'
import { decode, encode, features } from './network'

export interface VaeLoss {
  /** Negative evidence lower bound per frame up to a constant, in nats: what training lowers. */
  loss: tf.Scalar
  /** Itakura–Saito divergence per bin between the frame and its reconstruction; 0.577 is the least that complex Gaussian data allow. */
  divergence: tf.Scalar
  /** KL(q(z|x) ‖ N(0, I)) per frame, nats. */
  kl: tf.Scalar
}

/**
 * The VAE's loss on frames of clean speech: Σ_f [log σ²_f + x_f / σ²_f] + KL(q ‖ N(0, I)), averaged over frames, with one
 * reparametrised sample z = mean + exp(logVar / 2) · noise (Kingma & Welling 2014; Bando et al. 2018, eq. 6).
 * power [frames, bins]; noise [frames, latent]; known [frames, bins], 1 where the recording holds that bin, 0 above its band.
 */
export function vaeLoss(
  config: VaeConfig,
  params: Tensors,
  { power, noise, known }: { power: tf.Tensor2D; noise: tf.Tensor2D; known: tf.Tensor2D },
): VaeLoss {
  const { mean, logVar } = encode(params, tf.mul(features(config, params, power), known))
  const z = tf.add(mean, tf.mul(tf.exp(tf.mul(logVar, 0.5)), noise))
  const logSigma = decode(params, z as tf.Tensor2D)
  const ratio = tf.mul(power, tf.exp(tf.neg(logSigma)))
  const misfit = tf.sum(tf.mul(tf.add(logSigma, ratio), known), 1)
  const kl = tf.mul(tf.sum(tf.sub(tf.add(tf.square(mean), tf.exp(logVar)), tf.add(logVar, 1)), 1), 0.5)
  const itakuraSaito = tf.mul(tf.sub(tf.add(tf.sub(logSigma, tf.log(power)), ratio), 1), known)
  return {
    loss: tf.mean(tf.add(misfit, kl)) as tf.Scalar,
    divergence: tf.div(tf.sum(itakuraSaito), tf.sum(known)) as tf.Scalar,
    kl: tf.mean(kl) as tf.Scalar,
  }
}
