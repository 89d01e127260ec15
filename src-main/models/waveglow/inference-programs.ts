import * as tf from '@tensorflow/tfjs-core'
import type { ProgramSpec, Tensors } from '../../compute'
import { conv1d, gatedTanh } from '../../nn'
import { channelsAt, conditionChannels, range, stepsPerFrame, type WaveGlowConfig } from './config'
import { flowShapes, framesSeen, rowShapes } from './inference-weights'
import { depthwise, halves, joined } from './network'

/**
 * Mel → conditioning. In: `mel` [1, frames seen · mels, frames], each frame with those before and after it that its steps depend on, side by side.
 * Out: `condition` [1, condition channels, steps].
 */
export function conditioningProgram(config: WaveGlowConfig): ProgramSpec {
  const { mels } = config
  const steps = stepsPerFrame(config)
  const channels = conditionChannels(config)
  const { before, after } = framesSeen(config)
  const seen = (before + 1 + after) * mels
  return {
    name: 'waveglow conditioning',
    key: JSON.stringify(config),
    params: { weight: [steps * channels, seen], bias: [steps * channels] },
    inputs: { mel: [seen, 'frames'] },
    run({ params: { weight, bias }, inputs: { mel } }) {
      const all = tf.add(tf.matMul(weight as tf.Tensor2D, mel as tf.Tensor2D), tf.expandDims(bias!, 1))
      const frames = mel!.shape[1]!
      const byStep = tf.transpose(tf.reshape(all, [steps, channels, frames]), [1, 2, 0])
      return { outputs: { condition: tf.reshape(byStep, [1, channels, frames * steps]) } }
    },
  }
}

/** How a flow's program gets its weights, and the mel spectrogram. */
export interface FlowForm {
  /** Constants of the graph, for flow `k` alone; or inputs of each run, so that flows of one shape share a program and no copy is made of them. */
  weights: 'constants' | 'inputs'
  /** Conditioning as `conditioningProgram` gives it; or mel frames, their way to each layer multiplied out in weights that `foldProgram` made. */
  mel: 'condition' | 'folded'
  /** Whether a step's channels lie apart, or side by side, which products of whole numbers need; then the weights are `rowWeights`. */
  layout: 'channels' | 'rows'
}

/**
 * Flow `k` backwards (Prenger et al., 2019, §2.1–2.2), on `flowWeights`. In: `x` [1, channels, steps], and `condition` [1, condition channels, steps]
 * or `mel` as `conditioningProgram` takes it, with a row of ones below. Out: `x` of the same shape. What lies within `reach` of an end that is not the
 * signal's own is not to be used.
 */
export function flowProgram(config: WaveGlowConfig, k: number, form: FlowForm): ProgramSpec {
  const width = channelsAt(config, k)
  const inFrame = stepsPerFrame(config)
  const side = `${inFrame}*frames`
  const folded = form.mel === 'folded'
  const rows = form.layout === 'rows'
  const all = rows ? rowShapes(config, k) : flowShapes(config, k)
  const weights = folded
    ? Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('condition.')))
    : all
  const given = folded
    ? { ...foldedShapes(config), mel: [foldedRows(config), 'frames'] }
    : { condition: [1, conditionChannels(config), side] }
  const isSwapped = config.swapHalves && k % 2 === 1
  return {
    name: `waveglow flow of ${width} channels`,
    key: JSON.stringify([config, width, isSwapped, form]),
    ...(form.weights === 'constants' ? { params: weights } : {}),
    inputs: { x: [1, width, side], ...given, ...(form.weights === 'inputs' ? weights : {}) },
    run({ params, inputs }) {
      const all = { ...params, ...inputs }
      const [kept, changed] = halves(config, k, all['x']!)
      const conditionOf = (i: number) =>
        folded
          ? foldedCondition(config, all[`folded.${i}`]!, all['mel']!)
          : conv1d(all['condition']!, { weight: all[`condition.${i}.weight`]!, bias: all[`condition.${i}.bias`]! })
      const [shift, logScale] = rows
        ? couplingByRows(config, all, kept, all['condition']!)
        : coupling(config, all, kept, conditionOf)
      const before = joined(config, k, kept, tf.mul(tf.sub(changed, shift), tf.exp(tf.neg(logScale))))
      return { outputs: { x: conv1d(before, { weight: tf.expandDims(all['unmix']!, 2) }) } }
    },
  }
}

/** Rows of the mel frames that folded conditioning takes: those seen, and one of ones for the bias. */
export const foldedRows = (config: WaveGlowConfig): number => {
  const { before, after } = framesSeen(config)
  return (before + 1 + after) * config.mels + 1
}

const foldedShapes = (config: WaveGlowConfig) =>
  Object.fromEntries(
    range(config.wn.layers).map((i) => [
      `folded.${i}`,
      [stepsPerFrame(config), 2 * config.wn.channels, foldedRows(config)],
    ]),
  )

/**
 * One layer's conditioning multiplied out: from mel frames straight to the layer, a matrix for each step of a frame. In: `weight` [2 · WaveNet channels,
 * condition channels] and `bias` of the layer, `ways` [steps per frame, condition channels, rows] the conditioning with its bias as the last column.
 * Out: `folded` [steps per frame, 2 · WaveNet channels, rows].
 */
export function foldProgram(config: WaveGlowConfig): ProgramSpec {
  const [steps, channels, rows] = [stepsPerFrame(config), conditionChannels(config), foldedRows(config)]
  const out = 2 * config.wn.channels
  return {
    name: 'waveglow folding',
    key: JSON.stringify(config),
    inputs: { weight: [out, channels, 1], bias: [out], ways: [steps, channels, rows] },
    run({ inputs: { weight, bias, ways } }) {
      const folded = tf.matMul(tf.reshape(weight!, [1, out, channels]), ways!)
      const last = tf.concat([tf.zeros([1, out, rows - 1]), tf.reshape(bias!, [1, out, 1])], 2)
      return { outputs: { folded: tf.add(folded, last) } }
    },
  }
}

/** folded [steps per frame, out, rows], mel [rows, frames] → [1, out, steps]. */
function foldedCondition(config: WaveGlowConfig, folded: tf.Tensor, mel: tf.Tensor): tf.Tensor {
  const [steps, out] = folded.shape as [number, number]
  const frames = mel.shape[1]!
  const byStep = tf.matMul(folded, tf.expandDims(mel, 0))
  return tf.reshape(tf.transpose(byStep, [1, 2, 0]), [1, out, frames * steps])
}

/** Shift and log-scale of the coupling: the WaveNet of `network.ts` on weights that are multiplied out. */
function coupling(
  { wn: { layers, kernel, growth, separable } }: WaveGlowConfig,
  params: Tensors,
  kept: tf.Tensor,
  conditionOf: (layer: number) => tf.Tensor,
): [tf.Tensor, tf.Tensor] {
  const weight = (name: string) => ({ weight: params[`${name}.weight`]! })
  const layer = (name: string) => ({ ...weight(name), bias: params[`${name}.bias`]! })
  let hidden = conv1d(kept, layer('start'))
  const marked = tf.concat([kept, tf.onesLike(tf.slice(kept, [0, 0, 0], [1, 1, kept.shape[2]!]))], 1)
  const outs: tf.Tensor[] = []
  for (const i of range(layers)) {
    const spread = { dilations: growth ** i, padding: (growth ** i * (kernel - 1)) / 2 }
    const filtered = separable
      ? conv1d(depthwise(hidden, layer(`depthwise.${i}`), spread), weight(`dilated.${i}`))
      : conv1d(i === 0 ? marked : hidden, weight(`dilated.${i}`), spread)
    const gated = gatedTanh(tf.add(filtered, conditionOf(i)))
    if (i < layers - 1) hidden = tf.add(hidden, conv1d(gated, layer(`residual.${i}`)))
    outs.push(conv1d(gated, weight(`out.${i}`)))
  }
  const bias = tf.reshape(params['out.bias']!, [1, params['out.bias']!.size, 1])
  return tf.split(tf.add(tf.addN(outs), bias), 2, 1) as [tf.Tensor, tf.Tensor]
}

/** As `coupling`, with the channels of a step side by side: every layer is a product of [steps, in] and [in, out]. */
function couplingByRows(
  { wn: { layers, kernel, growth } }: WaveGlowConfig,
  params: Tensors,
  kept: tf.Tensor,
  condition: tf.Tensor,
): [tf.Tensor, tf.Tensor] {
  const product = (x: tf.Tensor2D, name: string) => tf.matMul(x, params[`${name}.weight`] as tf.Tensor2D)
  const layer = (x: tf.Tensor2D, name: string): tf.Tensor2D => tf.add(product(x, name), params[`${name}.bias`]!)
  const rowsOf = (x: tf.Tensor): tf.Tensor2D => tf.transpose(tf.squeeze(x, [0])) as tf.Tensor2D
  const [start, seen] = [rowsOf(kept), rowsOf(condition)]
  const steps = start.shape[0]
  let hidden = layer(start, 'start')
  const marked = tf.concat([start, tf.onesLike(tf.slice(start, [0, 0], [steps, 1]))], 1)
  const outs: tf.Tensor[] = []
  for (const i of range(layers)) {
    const x = i === 0 ? marked : hidden
    const [dilation, channels] = [growth ** i, x.shape[1]!]
    const padding = (dilation * (kernel - 1)) / 2
    const padded = tf.pad(x, [[padding, padding], [0, 0]]) // prettier-ignore
    const taps = range(kernel).map((tap) => tf.slice(padded, [tap * dilation, 0], [steps, channels]))
    const filtered = product(tf.concat(taps, 1) as tf.Tensor2D, `dilated.${i}`)
    const gated = gatedTanh(tf.add(filtered, layer(seen, `condition.${i}`)), 1) as tf.Tensor2D
    if (i < layers - 1) hidden = tf.add(hidden, layer(gated, `residual.${i}`))
    outs.push(product(gated, `out.${i}`))
  }
  const [shift, logScale] = tf.split(tf.add(tf.addN(outs), params['out.bias']!), 2, 1) as [tf.Tensor, tf.Tensor]
  return [tf.expandDims(tf.transpose(shift), 0), tf.expandDims(tf.transpose(logScale), 0)]
}
