import * as tf from '@tensorflow/tfjs-core'
import type { Tensors } from '../../compute'
import type { WaveGlowConfig } from './config'
import { encode, type Latent } from './network'

/**
 * The loss of the paper (Prenger et al., 2019, eq. 12) per sample, constants left out: Σ z² / 2σ² − Σ log s − Σ log |det W|, over the number of samples.
 * Losses at different σ do not compare; `natsPerSample` does.
 */
export function latentLoss({ z, logScales, logDets }: Latent, sigma: number): tf.Tensor {
  const spread = tf.div(tf.sum(tf.square(z)), 2 * sigma ** 2)
  const volume = tf.addN([...logScales.map((scale) => tf.sum(scale)), ...logDets])
  return tf.div(tf.sub(spread, volume), z.size)
}

/** The loss of a batch: inputs audio [batch, samples], mel [batch, mels, frames]. */
export const waveGlowLoss =
  (config: WaveGlowConfig, sigma: number) =>
  (params: Tensors, { audio, mel }: Tensors): { loss: tf.Tensor } => ({
    loss: latentLoss(encode(config, params, audio!, mel!), sigma),
  })

/** −log p per sample in nats, for sound of amplitude ±1 and z of standard deviation σ: what `latentLoss` is, with its constants. */
export const natsPerSample = (loss: number, sigma: number): number =>
  loss + Math.log(sigma) + 0.5 * Math.log(2 * Math.PI)
