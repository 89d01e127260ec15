import * as tf from '@tensorflow/tfjs-core'
import type { Tensors } from '../../compute'
import { conv1d, convTranspose1d, gatedTanh, weightNorm, type ConvWeights } from '../../nn'
import { channelsAt, isExit, range, stepsPerFrame, type WaveGlowConfig } from './config'
import { mixing } from './mixing'

/** What the flows make of sound: noise, and how much they stretched the space on the way. */
export interface Latent {
  /** [batch, group, steps], in the order in which the channels leave. */
  z: tf.Tensor
  /** log s of each flow's coupling, [batch, channels / 2, steps]. */
  logScales: tf.Tensor[]
  /** log |det W| of each flow's mixing, times batch and steps: scalars. */
  logDets: tf.Tensor[]
}

/**
 * Sound → noise (Prenger et al., 2019, §2, fig. 1). audio [batch, samples], samples a multiple of the group; mel [batch, mels, frames], natural
 * log, as `conditioning` wants it. Takes a pack's weights, or those of training.
 */
export function encode(config: WaveGlowConfig, params: Tensors, audio: tf.Tensor, mel: tf.Tensor): Latent {
  const { group, early, flows } = config
  const [batch, samples] = audio.shape as [number, number]
  const steps = samples / group
  const condition = conditioning(config, params, mel, steps)
  let x = tf.transpose(tf.reshape(audio, [batch, steps, group]), [0, 2, 1])
  const gone: tf.Tensor[] = []
  const logScales: tf.Tensor[] = []
  const logDets: tf.Tensor[] = []
  for (const k of range(flows)) {
    if (isExit(config, k)) {
      const [leaving, staying] = tf.split(x, [early.size, channelsAt(config, k)], 1) as [tf.Tensor, tf.Tensor]
      gone.push(leaving)
      x = staying
    }
    const { matrix, logDet } = mixing(params, k)
    const [kept, changed] = halves(config, k, conv1d(x, { weight: tf.expandDims(matrix, 2) }))
    const [shift, logScale] = coupling(config, params, k, kept, condition)
    x = joined(config, k, kept, tf.add(tf.mul(tf.exp(logScale), changed), shift))
    logScales.push(logScale)
    logDets.push(tf.mul(logDet, batch * steps))
  }
  return { z: tf.concat([...gone, x], 1), logScales, logDets }
}

/**
 * The mel spectrogram as the steps see it: [batch, condition channels, steps].
 * mel [batch, mels, frames]: all frames that the steps lie in, for a convolution over frames with (kernel − 1) / 2 more at either side.
 */
export function conditioning(config: WaveGlowConfig, params: Tensors, mel: tf.Tensor, steps: number): tf.Tensor {
  const { mels, group, hop, conditioning: how } = config
  const [batch] = mel.shape as [number]
  if (how.kind === 'frames') {
    const inFrame = stepsPerFrame(config)
    const context = conv1d(mel, convOf(params, 'context'))
    const frames = context.shape[2]!
    const apart = tf.reshape(context, [batch, how.channels, inFrame, frames])
    const steady = tf.reshape(tf.transpose(apart, [0, 1, 3, 2]), [batch, how.channels, frames * inFrame])
    return tf.slice(steady, [0, 0, 0], [batch, how.channels, steps])
  }
  const long = convTranspose1d(mel, convOf(params, 'upsample'), { strides: hop })
  const cut = tf.reshape(tf.slice(long, [0, 0, 0], [batch, mels, steps * group]), [batch, mels, steps, group])
  return tf.reshape(tf.transpose(cut, [0, 1, 3, 2]), [batch, mels * group, steps])
}

/** Shift and log-scale of one flow's coupling, by a WaveNet (§2.2). kept [batch, half, steps] → both [batch, half, steps]. */
function coupling(
  { wn: { layers, kernel, growth, separable } }: WaveGlowConfig,
  params: Tensors,
  k: number,
  kept: tf.Tensor,
  condition: tf.Tensor,
): [tf.Tensor, tf.Tensor] {
  const layer = (name: string) => convOf(params, `flows.${k}.${name}`)
  let hidden = conv1d(kept, layer('start'))
  const skips: tf.Tensor[] = []
  for (const i of range(layers)) {
    const spread = { dilations: growth ** i, padding: (growth ** i * (kernel - 1)) / 2 }
    const filtered = separable
      ? conv1d(depthwise(hidden, layer(`depthwise.${i}`), spread), layer(`dilated.${i}`))
      : conv1d(hidden, layer(`dilated.${i}`), spread)
    const gated = gatedTanh(tf.add(filtered, conv1d(condition, layer(`condition.${i}`))))
    const both = conv1d(gated, layer(`residual.${i}`))
    const [residual, skip] = i < layers - 1 ? (tf.split(both, 2, 1) as [tf.Tensor, tf.Tensor]) : [undefined, both]
    if (residual) hidden = tf.add(hidden, residual)
    skips.push(skip)
  }
  return tf.split(conv1d(tf.addN(skips), layer('end')), 2, 1) as [tf.Tensor, tf.Tensor]
}

/** Every channel filtered by itself. x [batch, channels, steps], weight [channels, 1, kernel]. */
export function depthwise(
  x: tf.Tensor,
  { weight, bias }: ConvWeights,
  { dilations, padding }: { dilations: number; padding: number },
): tf.Tensor {
  const [batch, channels, steps] = x.shape as [number, number, number]
  const [, , kernel] = weight.shape as [number, number, number]
  const padded = tf.pad(x, [
    [0, 0],
    [0, 0],
    [padding, padding],
  ])
  const taps = range(kernel).map((tap) =>
    tf.mul(
      tf.slice(padded, [0, 0, tap * dilations], [batch, channels, steps]),
      tf.reshape(tf.slice(weight, [0, 0, tap], [channels, 1, 1]), [1, channels, 1]),
    ),
  )
  return tf.add(tf.addN(taps), tf.reshape(bias!, [1, channels, 1]))
}

/** The half that flow `k` keeps and the half that it changes. */
export function halves({ swapHalves }: WaveGlowConfig, k: number, x: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const [first, second] = tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor]
  return swapHalves && k % 2 === 1 ? [second, first] : [first, second]
}

export const joined = ({ swapHalves }: WaveGlowConfig, k: number, kept: tf.Tensor, changed: tf.Tensor): tf.Tensor =>
  tf.concat(swapHalves && k % 2 === 1 ? [changed, kept] : [kept, changed], 1)

/** A convolution's weights by name: as they are, or from direction and length. */
const convOf = (params: Tensors, name: string): ConvWeights => ({
  weight: params[`${name}.weight`] ?? weightNorm(params[`${name}.v`]!, params[`${name}.g`]!),
  bias: params[`${name}.bias`]!,
})
