import * as tf from '@tensorflow/tfjs-core'
import type { ProgramSpec, Shapes } from '../../compute'
import { pick } from '../../lib/ndarray'
import type { OpenPack } from '../../packs'
import type { PackExport } from '../family'
import type { FrontEnd, VaeConfig } from './config'
import { speechModel } from './model'
import { decode } from './network'
import { decoderShapes, encodeObserved, encoderShapes, noiseFloor } from './programs'
import { emptyBin } from './separator'

/** As before the chain: energy brought to 1, bins above the recording's band left out, then the encoder. In: power. Out: mean, logVar, scale. */
function encoderProgram(config: VaeConfig, frontEnd: FrontEnd): ProgramSpec {
  return {
    name: 'vae-nmf encoder',
    params: encoderShapes(config),
    inputs: { power: ['frames', config.bins] },
    run({ params, inputs }) {
      const power = inputs['power'] as tf.Tensor2D
      const scale = tf.mean(tf.sum(power, 1))
      const scaled: tf.Tensor2D = tf.maximum(tf.div(power, tf.maximum(scale, 1e-30)), noiseFloor)
      const band: tf.Tensor2D = tf.cast(tf.greater(tf.mean(scaled, 0, true), emptyBin), 'float32')
      return { outputs: { ...encodeObserved(config, frontEnd, params, scaled, band), scale } }
    },
  }
}

function decoderProgram(config: VaeConfig): ProgramSpec {
  return {
    name: 'vae-nmf decoder',
    params: decoderShapes(config),
    inputs: { z: ['frames', config.latent] },
    run: ({ params, inputs }) => ({ outputs: { variance: tf.exp(decode(params, inputs['z'] as tf.Tensor2D)) } }),
  }
}

/** Encoder and decoder of the speech VAE, over any number of frames. Throws as `speechModel` does. */
export function exportVae(pack: OpenPack): PackExport {
  const { config, frontEnd, weights } = speechModel(pack)
  const { sampleRate, size, hop } = frontEnd
  const weightsOf = (shapes: Shapes) => pick(weights, Object.keys(shapes))
  return {
    about:
      'The two halves of a variational autoencoder of clean speech. The encoder tells which speech a power spectrogram is most like, the decoder what ' +
      'spectrum that speech has. Enhancement in Nagare starts its Monte-Carlo EM at the mean that the encoder gives for the noisy recording, and uses ' +
      'the decoder as its model of speech beside a noise model learned from the recording. That part is no network and is not in these files.',
    graphs: [
      {
        name: 'encoder',
        description: 'Mean and log variance of the latent variable z for each frame of a power spectrogram.',
        spec: encoderProgram(config, frontEnd),
        params: weightsOf(encoderShapes(config)),
        values: {
          power: {
            meaning:
              `|X|² of the short-time Fourier transform at ${sampleRate} Hz: periodic Hann windows of ${size} samples every ${hop}, no scaling, ` +
              'samples between −1 and 1. The graph brings the mean energy of the frames it is given to 1; in Nagare that is a window of up to 512.',
            unit: 'amplitude²',
          },
          mean: { meaning: 'mean of q(z|x)' },
          logVar: { meaning: 'logarithm of the variance of q(z|x)', unit: 'nats' },
          scale: { meaning: 'mean energy of a frame of `power`, that was divided out', unit: 'amplitude²' },
        },
      },
      {
        name: 'decoder',
        description: 'Variance of speech in each frequency bin for a latent variable z, which is standard normal.',
        spec: decoderProgram(config),
        params: weightsOf(decoderShapes(config)),
        values: {
          z: { meaning: 'latent variable of each frame', from: 'mean' },
          variance: {
            meaning: 'expected power of speech; times `scale` for the units of `power`',
            unit: 'mean frame energy',
          },
        },
      },
    ],
  }
}
