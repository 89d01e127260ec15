import * as tf from '@tensorflow/tfjs-core'
import type { Device } from '../../compute'
import type { NDArray } from '../../lib/ndarray'
import { lossInputs, nllPerSample } from './loss'
import type { VoiceModel } from './model'
import { encode } from './network'
import { weightShapes } from './weights'

/** How likely frames are under voices. */
export interface Likelihood {
  /** Nats per sample of each item. audio [batch, frame], speaker [batch, voices]: weights of the voices, as a rule a single 1. */
  score(audio: NDArray, speaker: NDArray): Promise<Float32Array>
  dispose(): Promise<void>
}

/** Opens a model for batches of `batch` frames (Serrà et al., 2019, eq. 1). */
export async function openLikelihood(
  device: Device,
  { config, weights }: Pick<VoiceModel, 'config' | 'weights'>,
  batch: number,
): Promise<Likelihood> {
  const runner = await device.load(
    {
      name: 'blow likelihood',
      key: JSON.stringify([config, batch]),
      params: weightShapes(config),
      inputs: lossInputs(config, batch),
      run({ params, inputs: { audio, speaker } }) {
        const voice = tf.matMul(speaker as tf.Tensor2D, params['voices'] as tf.Tensor2D)
        return { outputs: { likelihood: tf.neg(nllPerSample(encode(config, params, audio!, voice))) } }
      },
    },
    { params: weights },
  )
  return {
    score: async (audio, speaker) => (await runner.run({ audio, speaker }))['likelihood']!.data as Float32Array,
    dispose: () => runner.dispose(),
  }
}
