import * as tf from '@tensorflow/tfjs-core'
import { conv, type ProgramSpec, type Tensors } from '../../compute'
import { conv1d, dense } from '../../nn'
import { channelsAt, flowsOf, range, stepsAt, type BlowConfig } from './config'
import { inferenceShapes } from './inference-weights'
import { squeeze, tapSum, unsqueeze } from './network'

/**
 * Frames in one voice → the same latent in another (Serrà et al., 2019, §3.4), on `inferenceWeights`. In: `audio` [frames, frame], `from` and `to`
 * [1, embedding], one voice for all frames, so that a coupling's kernels are made once. Out: `audio` of the same shape.
 */
export function conversionProgram(config: BlowConfig): ProgramSpec {
  const { frame, embedding } = config
  return {
    name: 'blow conversion',
    key: JSON.stringify(config),
    params: inferenceShapes(config),
    inputs: { audio: ['frames', frame], from: [1, embedding], to: [1, embedding] },
    run({ params, inputs: { audio, from, to } }) {
      const z = encodeFrames(config, params, audio!, from!)
      return { outputs: { audio: decodeFrames(config, params, z, to!) } }
    },
  }
}

const backParts = /\.unmix\.(weight|bias)$/
const forthParts = /\.mix\.(weight|bias)$/

const shapesBut = (config: BlowConfig, left: RegExp) =>
  Object.fromEntries(Object.entries(inferenceShapes(config)).filter(([name]) => !left.test(name)))

/** The first half of `conversionProgram`: `audio` [frames, frame] and `voice` [1, embedding] → `z` [frames, frame]. */
export const encoderProgram = (config: BlowConfig): ProgramSpec => ({
  name: 'blow encoder',
  key: JSON.stringify(config),
  params: shapesBut(config, backParts),
  inputs: { audio: ['frames', config.frame], voice: [1, config.embedding] },
  run({ params, inputs: { audio, voice } }) {
    const z = encodeFrames(config, params, audio!, voice!)
    return { outputs: { z: tf.reshape(z, audio!.shape) } }
  },
})

/** The second half: `z` [frames, frame] and `voice` [1, embedding] → `audio` [frames, frame]. */
export const decoderProgram = (config: BlowConfig): ProgramSpec => ({
  name: 'blow decoder',
  key: JSON.stringify(config),
  params: shapesBut(config, forthParts),
  inputs: { z: ['frames', config.frame], voice: [1, config.embedding] },
  run({ params, inputs: { z, voice } }) {
    const last = config.blocks - 1
    const latent = tf.reshape(z!, [z!.shape[0]!, channelsAt(config, last), stepsAt(config, last)])
    return { outputs: { audio: decodeFrames(config, params, latent, voice!) } }
  },
})

/** [frames, frame] → the latent as the last block leaves it. */
function encodeFrames(config: BlowConfig, params: Tensors, audio: tf.Tensor, voice: tf.Tensor): tf.Tensor {
  let x = tf.reshape(audio, [audio.shape[0]!, 1, config.frame])
  for (const b of range(config.blocks)) {
    x = squeeze(x, config.squeeze)
    for (const { name } of flowsOf(config).filter(({ block }) => block === b)) {
      const mixed = conv1d(x, { weight: params[`${name}.mix.weight`]!, bias: params[`${name}.mix.bias`]! })
      const [kept, changed] = tf.split(mixed, 2, 1) as [tf.Tensor, tf.Tensor]
      const { scale, shift } = coupling(config, params, name, kept, voice)
      x = tf.concat([kept, tf.mul(scale, tf.add(changed, shift))], 1)
    }
  }
  return x
}

/** The latent of `encodeFrames` → [frames, frame]. */
function decodeFrames(config: BlowConfig, params: Tensors, latent: tf.Tensor, voice: tf.Tensor): tf.Tensor {
  let x = latent
  for (const b of range(config.blocks).reverse()) {
    const flows = flowsOf(config).filter(({ block }) => block === b)
    for (const { name } of flows.reverse()) {
      const [kept, changed] = tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor]
      const { scale, shift } = coupling(config, params, name, kept, voice)
      const mixed = tf.concat([kept, tf.sub(tf.div(changed, scale), shift)], 1)
      x = conv1d(mixed, { weight: params[`${name}.unmix.weight`]!, bias: params[`${name}.unmix.bias`]! })
    }
    x = unsqueeze(x, config.squeeze)
  }
  return tf.reshape(x, [latent.shape[0]!, config.frame])
}

/** `couplingOf` with one voice [1, embedding] for all frames. kept [frames, half, steps] → both of that shape. */
function coupling(
  { channels, kernel }: BlowConfig,
  params: Tensors,
  name: string,
  kept: tf.Tensor,
  voice: tf.Tensor,
): { scale: tf.Tensor; shift: tf.Tensor } {
  const half = kept.shape[1]!
  const of = (part: string) => params[`${name}.${part}`]!
  const kernels = tf.reshape(dense(voice, of('kernel.weight'), of('kernel.bias')), [channels, 1, kernel])
  const offsets = tf.reshape(dense(voice, of('offset.weight'), of('offset.bias')), [channels])
  const reach = (kernel - 1) / 2
  const convolved = conv(kept, kernels, { groups: half, padding: reach })
  const adapted = tf.relu(tf.add(convolved, tf.reshape(offsets, [1, channels, 1])))
  const hidden = tf.relu(conv1d(adapted, { weight: of('hidden.weight'), bias: of('hidden.bias') }))
  const taps = conv1d(hidden, { weight: of('end.weight') })
  const out = tf.add(tapSum(taps, kernel), tf.reshape(of('end.bias'), [1, 2 * half, 1]))
  const [raw, shift] = tf.split(out, 2, 1) as [tf.Tensor, tf.Tensor]
  return { scale: tf.add(tf.sigmoid(raw), 1e-7), shift }
}
