import * as tf from '@tensorflow/tfjs-core'
import type { ProgramSpec, Tensors } from '../../compute'
import { conv1d, gatedTanh } from '../../nn'
import { channelsAt, conditionChannels, range, stepsPerFrame, type WaveGlowConfig } from './config'
import { flowShapes, framesSeen } from './inference-weights'
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

/**
 * Flow `k` backwards (Prenger et al., 2019, §2.1–2.2), on `flowWeights`. In: `x` [1, channels, steps], `condition` [1, condition channels, steps].
 * Out: `x` of the same shape. What lies within `reach` of an end that is not the signal's own is not to be used.
 */
export function flowProgram(config: WaveGlowConfig, k: number): ProgramSpec {
  const width = channelsAt(config, k)
  const side = `${stepsPerFrame(config)}*frames`
  return {
    name: `waveglow flow ${k}`,
    key: JSON.stringify([config, k]),
    params: flowShapes(config, k),
    inputs: { x: [1, width, side], condition: [1, conditionChannels(config), side] },
    run({ params, inputs: { x, condition } }) {
      const [kept, changed] = halves(config, k, x!)
      const [shift, logScale] = coupling(config, params, kept, condition!)
      const before = joined(config, k, kept, tf.mul(tf.sub(changed, shift), tf.exp(tf.neg(logScale))))
      return { outputs: { x: conv1d(before, { weight: tf.expandDims(params['unmix']!, 2) }) } }
    },
  }
}

/** Shift and log-scale of the coupling: the WaveNet of `network.ts` on weights that are multiplied out. */
function coupling(
  { wn: { layers, kernel, growth, separable } }: WaveGlowConfig,
  params: Tensors,
  kept: tf.Tensor,
  condition: tf.Tensor,
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
    const gated = gatedTanh(tf.add(filtered, conv1d(condition, layer(`condition.${i}`))))
    if (i < layers - 1) hidden = tf.add(hidden, conv1d(gated, layer(`residual.${i}`)))
    outs.push(conv1d(gated, weight(`out.${i}`)))
  }
  const bias = tf.reshape(params['out.bias']!, [1, params['out.bias']!.size, 1])
  return tf.split(tf.add(tf.addN(outs), bias), 2, 1) as [tf.Tensor, tf.Tensor]
}
