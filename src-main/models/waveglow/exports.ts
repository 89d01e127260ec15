import * as tf from '@tensorflow/tfjs-core'
import type { ProgramSpec, Shapes, Tensors } from '../../compute'
import type { NDArrays } from '../../lib/ndarray'
import type { OpenPack } from '../../packs'
import type { PackExport } from '../family'
import { channelsAt, conditionChannels, isExit, range, stepsPerFrame, type WaveGlowConfig } from './config'
import { conditioningProgram, flowProgram } from './inference-programs'
import { conditioningWeights, flowShapes, flowWeights, framesSeen } from './inference-weights'
import { blankFrame, vocoderModel } from './model'

const form = { weights: 'constants', mel: 'condition', layout: 'channels' } as const

/** Values under `prefix`, without it. */
const under = (values: Tensors, prefix: string): Tensors =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  )

const named = <T>(prefix: string, values: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]))

/**
 * All flows backwards as one program: mel [1, mels, frames] and noise [1, group, steps] → sound [1, samples]. `blank` stands beyond the ends of the
 * spectrogram.
 */
export function soundProgram(config: WaveGlowConfig, blank: number): ProgramSpec {
  const { mels, group, early, flows } = config
  const inFrame = stepsPerFrame(config)
  const { before, after } = framesSeen(config)
  const channels = conditionChannels(config)
  const params: Shapes = {
    'conditioning.weight': [inFrame * channels, (before + 1 + after) * mels],
    'conditioning.bias': [inFrame * channels],
    ...Object.assign({}, ...range(flows).map((k) => named(`flows.${k}.`, flowShapes(config, k)))),
  }
  return {
    name: 'waveglow',
    key: JSON.stringify([config, blank]),
    params,
    inputs: { mel: [1, mels, 'frames'], noise: [1, group, `${inFrame}*frames`] },
    run({ params: weights, inputs: { mel, noise } }) {
      const frames = mel!.shape[2]!
      const steps = noise!.shape[2]!
      const longer = tf.pad(tf.reshape(mel!, [mels, frames]), [[0, 0], [before, after]], blank) // prettier-ignore
      const seen = range(before + 1 + after).map((f) => tf.slice(longer, [0, f], [mels, frames]))
      const { condition } = conditioningProgram(config).run({
        params: under(weights, 'conditioning.'),
        state: {},
        inputs: { mel: tf.concat(seen, 0) },
      }).outputs!
      let used = group - channelsAt(config, flows - 1)
      const drawn = (from: number, count: number) => tf.slice(noise!, [0, from, 0], [1, count, steps])
      let x: tf.Tensor = drawn(used, channelsAt(config, flows - 1))
      for (const k of range(flows).toReversed()) {
        const given = { params: under(weights, `flows.${k}.`), state: {}, inputs: { x, condition: condition! } }
        x = flowProgram(config, k, form).run(given).outputs!['x']!
        if (!isExit(config, k)) continue
        used -= early.size
        x = tf.concat([drawn(used, early.size), x], 1)
      }
      return { outputs: { sound: tf.reshape(tf.transpose(x, [0, 2, 1]), [1, steps * group]) } }
    },
  }
}

/** The weights of `soundProgram`. */
export const soundWeights = (config: WaveGlowConfig, weights: NDArrays): NDArrays => ({
  ...named('conditioning.', conditioningWeights(config, weights)),
  ...Object.assign({}, ...range(config.flows).map((k) => named(`flows.${k}.`, flowWeights(config, weights, k)))),
})

/** The whole network as one graph, for any number of frames. Throws as `vocoderModel` does. */
export function exportWaveGlow(pack: OpenPack): PackExport {
  const model = vocoderModel(pack)
  const { config, frontEnd, weights } = model
  const { sampleRate, fft, hop, mels, fmin, fmax, floor } = frontEnd
  return {
    about:
      'A flow that turns noise and a mel spectrogram into sound. Nagare runs it flow by flow in overlapping tiles, so that recordings of any length fit ' +
      'into memory, and can take its hum away afterwards; this graph takes a whole spectrogram at once and does not.',
    graphs: [
      {
        name: 'vocoder',
        description: `Sound of ${hop} samples for each frame of a log-mel spectrogram, at ${sampleRate} Hz.`,
        spec: soundProgram(config, blankFrame(model)),
        params: soundWeights(config, weights),
        values: {
          mel: {
            meaning:
              `natural logarithm of the mel spectrogram: magnitudes of periodic Hann windows of ${fft} samples every ${hop}, ends mirrored, ${mels} ` +
              `bands of Slaney's scale and norm from ${fmin} to ${fmax} Hz, no smaller than ${floor} before the logarithm`,
          },
          noise: { meaning: 'normal noise; its standard deviation is the sigma of sampling, 0.6 as a rule' },
          sound: { meaning: 'samples, full scale ±1, not clipped' },
        },
      },
    ],
  }
}
