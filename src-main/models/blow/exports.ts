import { pick } from '../../lib/ndarray'
import type { OpenPack } from '../../packs'
import type { PackExport } from '../family'
import { encoderProgram, decoderProgram } from './inference-programs'
import { inferenceWeights } from './inference-weights'
import { voiceModel } from './model'

/** Both directions of Blow over any number of frames. Throws as `voiceModel` does. */
export async function exportBlow(pack: OpenPack): Promise<PackExport> {
  const model = await voiceModel(pack)
  const { config, frontEnd, voices } = model
  const { frame, embedding } = config
  const weights = inferenceWeights(config, model.weights)
  const [encoder, decoder] = [encoderProgram(config), decoderProgram(config)]
  const table = model.weights['voices']!
  const names = voices.voices.map(({ name }) => name)
  return {
    about:
      `A normalising flow between frames of sound and noise, once for each voice: ${names.join(', ')}. Encode a frame as the voice that speaks, decode ` +
      `the latent as the voice that shall speak. Nagare takes frames of ${frame} samples at ${frontEnd.sampleRate} Hz that overlap by half, bounds ` +
      'the decoded frames at ±1, fades each with a periodic Hann window and adds them up; a recording is first brought to a peak of ' +
      `${frontEnd.peak}, its mean taken off${frontEnd.noise > 0 ? `, and encoded under normal noise of deviation ${frontEnd.noise}, which is taken off the decoded sound again` : ''}. The voices are vectors, row by row: ` +
      names
        .map(
          (name, i) =>
            `${name} [${[...table.data.subarray(i * embedding, i * embedding + 3)].map((x) => x.toFixed(3)).join(', ')}, …]`,
        )
        .join('; ') +
      '. All of them lie in weights.safetensors of the pack as `voices`.',
    graphs: [
      {
        name: 'encoder',
        description: 'Sound of a voice to its latent.',
        spec: encoder,
        params: pick(weights, Object.keys(encoder.params!)),
        values: {
          audio: { meaning: `frames of ${frame} samples between −1 and 1 at ${frontEnd.sampleRate} Hz` },
          voice: { meaning: 'vector of the voice that speaks: its row of `voices`' },
          z: { meaning: 'latent, standard normal where the model fits', unit: '1' },
        },
      },
      {
        name: 'decoder',
        description: 'Latent to sound of a voice.',
        spec: decoder,
        params: pick(weights, Object.keys(decoder.params!)),
        values: {
          z: { meaning: 'latent, as the encoder gives it', from: 'z' },
          voice: { meaning: 'vector of the voice that shall speak: its row of `voices`' },
          audio: { meaning: `frames of ${frame} samples at ${frontEnd.sampleRate} Hz; bound them at ±1` },
        },
      },
    ],
  }
}
