import * as tf from '@tensorflow/tfjs-core'
import type { Shapes, Tensors } from '../../compute'
import type { BlowConfig } from './config'
import { encode, type Latent } from './network'

/** −log p(x) of each item in nats per sample, [batch]: a standard normal latent and the volume change (Serrà et al., 2019, eq. 1). */
export function nllPerSample({ z, logDet }: Latent): tf.Tensor {
  const [, frame] = z.shape as [number, number]
  const logDensity = tf.sub(tf.mul(tf.sum(tf.square(z), 1), -0.5), 0.5 * Math.log(2 * Math.PI) * frame)
  return tf.mul(tf.add(logDensity, logDet), -1 / frame)
}

/** What a training step is fed: frames, and who speaks in each as weights of the voices, as a rule a single 1. */
export const lossInputs = ({ frame, voices }: BlowConfig, batch: number): Shapes => ({
  audio: [batch, frame],
  speaker: [batch, voices],
})

/** The loss of a batch: mean nats per sample. Inputs as `lossInputs`. */
export const blowLoss =
  (config: BlowConfig) =>
  (params: Tensors, { audio, speaker }: Tensors): { loss: tf.Tensor } => {
    const voice = tf.matMul(speaker as tf.Tensor2D, params['voices'] as tf.Tensor2D)
    return { loss: tf.mean(nllPerSample(encode(config, params, audio!, voice))) }
  }
