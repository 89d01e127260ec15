import * as tf from '@tensorflow/tfjs-core'
import type { Device } from '../../compute'
import { float32, type NDArray } from '../../lib/ndarray'
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

/** A frame [frame] to score, and the number of the voice to score it under; without one it is the mean of all. */
export interface Pair {
  x: Float32Array
  voice: number | undefined
}

/** Nats per sample of each pair, in batches of `batch` as the likelihood was opened for. `step` is called before each and may throw to stop. */
export async function scorePairs(
  likelihood: Likelihood,
  { config: { frame, voices } }: Pick<VoiceModel, 'config'>,
  batch: number,
  pairs: readonly Pair[],
  step: (done: number, total: number) => void,
): Promise<Float32Array> {
  const scores = new Float32Array(pairs.length)
  for (let from = 0; from < pairs.length; from += batch) {
    step(from, pairs.length)
    const part = pairs.slice(from, from + batch)
    const audio = float32([batch, frame])
    const speaker = float32([batch, voices])
    // What the last batch lacks repeats its first pair.
    for (let i = 0; i < batch; i++) {
      const { x, voice } = part[i] ?? part[0]!
      audio.data.set(x, i * frame)
      if (voice !== undefined) speaker.data[i * voices + voice] = 1
      else speaker.data.fill(1 / voices, i * voices, (i + 1) * voices)
    }
    scores.set((await likelihood.score(audio, speaker)).subarray(0, part.length), from)
  }
  return scores
}

/** At most `most` of `items`, spread over all. */
export function spread<T>(items: readonly T[], most: number): T[] {
  const count = Math.min(items.length, most)
  return Array.from({ length: count }, (_, i) => items[Math.floor(((i + 0.5) * items.length) / count)]!)
}
