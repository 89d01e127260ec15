import * as tf from '@tensorflow/tfjs-core'
import type { Tensors } from '../../compute'
import { conv1d, dense, luMatrix, type LuFactors } from '../../nn'
import { range, stepsAt, type BlowConfig } from './config'

/** What the flows make of sound: noise, and how much they stretched the space on the way. */
export interface Latent {
  /** [batch, frame]. */
  z: tf.Tensor
  /** log |det ∂z/∂x| of each item, [batch]. */
  logDet: tf.Tensor
}

/** Adaptation of a flow's ActNorm to the data it first sees: gets what it normalises, [batch, channels, steps], returns shift and log scale [channels]. */
export type Normalise = (name: string, x: tf.Tensor) => { shift: tf.Tensor; logScale: tf.Tensor }

/**
 * Sound → noise, given who speaks (Serrà et al., 2019, §3). audio [batch, frame], voice [batch, embedding].
 * With `normalise` every ActNorm takes what that returns in place of its own numbers.
 */
export function encode(
  config: BlowConfig,
  params: Tensors,
  audio: tf.Tensor,
  voice: tf.Tensor,
  normalise?: Normalise,
): Latent {
  const [batch] = audio.shape as [number]
  let x = tf.reshape(audio, [batch, 1, config.frame])
  const perItem: tf.Tensor[] = []
  const shared: tf.Tensor[] = []
  for (const b of range(config.blocks)) {
    x = squeeze(x, config.squeeze)
    const steps = stepsAt(config, b)
    for (const f of range(config.flows)) {
      const name = `blocks.${b}.flows.${f}`
      const of = (part: string) => params[`${name}.${part}`]!
      const factors = mixFactors(params, name)
      const matrix = luMatrix(factors)
      const norm = normalise
        ? normalise(name, conv1d(x, { weight: tf.expandDims(matrix, 2) }))
        : { shift: of('norm.shift'), logScale: of('norm.logScale') }
      const scale = tf.exp(norm.logScale)
      const mixed = conv1d(x, {
        weight: tf.expandDims(tf.mul(matrix, tf.expandDims(scale, 1)), 2),
        bias: tf.mul(scale, norm.shift),
      })
      const [kept, changed] = tf.split(mixed, 2, 1) as [tf.Tensor, tf.Tensor]
      const coupling = couplingOf(config, params, name, kept, voice)
      x = tf.concat([kept, tf.mul(coupling.scale, tf.add(changed, coupling.shift))], 1)
      perItem.push(tf.sum(tf.log(coupling.scale), [1, 2]))
      shared.push(tf.mul(tf.add(tf.sum(factors.logScale), tf.sum(norm.logScale)), steps))
    }
  }
  return { z: tf.reshape(x, [batch, config.frame]), logDet: tf.add(tf.addN(perItem), tf.addN(shared)) }
}

/** The factors of one flow's mixing among a program's parameters. */
const mixFactors = (params: Tensors, name: string): LuFactors<tf.Tensor> => ({
  order: params[`${name}.mix.order`]!,
  lower: params[`${name}.mix.lower`]!,
  upper: params[`${name}.mix.upper`]!,
  sign: params[`${name}.mix.sign`]!,
  logScale: params[`${name}.mix.logScale`]!,
})

/** [batch, channels, time] → [batch, factor · channels, time / factor]: a channel's neighbouring samples become channels side by side. */
export function squeeze(x: tf.Tensor, factor: number): tf.Tensor {
  const [batch, channels, time] = x.shape as [number, number, number]
  const apart = tf.transpose(tf.reshape(x, [batch, channels, time / factor, factor]), [0, 1, 3, 2])
  return tf.reshape(apart, [batch, channels * factor, time / factor])
}

/** The inverse of `squeeze`. */
export function unsqueeze(x: tf.Tensor, factor: number): tf.Tensor {
  const [batch, channels, time] = x.shape as [number, number, number]
  const apart = tf.reshape(x, [batch, channels / factor, factor, time])
  return tf.reshape(tf.transpose(apart, [0, 1, 3, 2]), [batch, channels / factor, time * factor])
}

/** Scale and shift of one flow's coupling (§3.2). kept [batch, half, steps], voice [batch, embedding] → both [batch, half, steps]. */
export function couplingOf(
  config: BlowConfig,
  params: Tensors,
  name: string,
  kept: tf.Tensor,
  voice: tf.Tensor,
): { scale: tf.Tensor; shift: tf.Tensor } {
  const layer = (part: string) => ({
    weight: params[`${name}.${part}.weight`]!,
    bias: params[`${name}.${part}.bias`]!,
  })
  const adapt = (part: string) => dense(voice, layer(part).weight, layer(part).bias)
  const adapted = tf.relu(hyperConv(config, kept, adapt('kernel'), adapt('offset')))
  const hidden = tf.relu(conv1d(adapted, layer('hidden')))
  const { weight, bias } = layer('end')
  const [outputs, channels, kernel] = weight.shape as [number, number, number]
  const byTap = tf.reshape(tf.transpose(weight, [2, 0, 1]), [kernel * outputs, channels, 1])
  const out = tf.add(tapSum(conv1d(hidden, { weight: byTap }), kernel), tf.reshape(bias, [1, outputs, 1]))
  const [raw, shift] = tf.split(out, 2, 1) as [tf.Tensor, tf.Tensor]
  return { scale: tf.add(tf.sigmoid(tf.add(raw, 2)), 1e-7), shift }
}

/**
 * What is left of a convolution after its products: x [batch, kernel · outputs, steps] holds what each tap gives, tap by tap; a step's outputs
 * [batch, outputs, steps] are the sum of tap k's, k − (kernel − 1) / 2 steps later. A few outputs of many channels cost less so.
 */
export function tapSum(x: tf.Tensor, kernel: number): tf.Tensor {
  const [batch, all, steps] = x.shape as [number, number, number]
  const outputs = all / kernel
  const reach = (kernel - 1) / 2
  const padded = tf.pad(x, [
    [0, 0],
    [0, 0],
    [reach, reach],
  ])
  return tf.addN(range(kernel).map((tap) => tf.slice(padded, [0, tap * outputs, tap], [batch, outputs, steps])))
}

/**
 * A convolution whose weights belong to each item's voice: every channel makes its own share of the outputs.
 * x [batch, half, steps], kernels [batch, channels · kernel], offsets [batch, channels] → [batch, channels, steps].
 */
function hyperConv({ channels, kernel }: BlowConfig, x: tf.Tensor, kernels: tf.Tensor, offsets: tf.Tensor): tf.Tensor {
  const [batch, half, steps] = x.shape as [number, number, number]
  const each = channels / half
  const weights = tf.concat(
    [tf.reshape(kernels, [batch, channels, kernel]), tf.reshape(offsets, [batch, channels, 1])],
    2,
  )
  const reach = (kernel - 1) / 2
  const padded = tf.pad(x, [
    [0, 0],
    [0, 0],
    [reach, reach],
  ])
  const taps = range(kernel).map((tap) =>
    tf.reshape(tf.slice(padded, [0, 0, tap], [batch, half, steps]), [batch, half, 1, steps]),
  )
  const columns = tf.concat([...taps, tf.ones([batch, half, 1, steps])], 2)
  const product = tf.matMul(tf.reshape(weights, [batch, half, each, kernel + 1]), columns)
  return tf.reshape(product, [batch, channels, steps])
}
