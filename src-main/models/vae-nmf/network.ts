import * as tf from '@tensorflow/tfjs-core'
import type { Shapes, Tensors } from '../../compute'
import { float32, type NDArrays } from '../../lib/ndarray'
import type { Random } from '../../lib/random'
import type { VaeConfig } from './config'

/**
 * The speech VAE of VAE-NMF (Bando et al., ICASSP 2018, §2.2), with the layer sizes of its public successor FastMNMF-DP:
 * power spectrum [frames, bins] → tanh → mean and log variance of z [frames, latent] → tanh → log power [frames, bins].
 */
export function vaeShapes({ bins, latent, encoder, decoder }: VaeConfig): Shapes {
  const dense = (name: string, from: number, to: number) => ({ [`${name}.weight`]: [from, to], [`${name}.bias`]: [to] })
  return {
    ...dense('encoder.hidden', bins, encoder.hidden),
    ...dense('encoder.mean', encoder.hidden, latent),
    ...dense('encoder.logVar', encoder.hidden, latent),
    ...dense('decoder.hidden', latent, decoder.hidden),
    ...dense('decoder.logPower', decoder.hidden, bins),
  }
}

/** Shapes of the fixed feature statistics that a log-power encoder needs beside its weights. */
export const featureShapes = ({ bins }: VaeConfig): Shapes => ({ 'feature.mean': [bins], 'feature.scale': [1] })

const dense = (params: Tensors, name: string, x: tf.Tensor2D): tf.Tensor2D =>
  tf.add(tf.matMul(x, params[`${name}.weight`] as tf.Tensor2D), params[`${name}.bias`]!)

/** What the encoder sees of `power` [frames, bins], which must be positive. */
export function features(config: VaeConfig, params: Tensors, power: tf.Tensor2D): tf.Tensor2D {
  if (config.encoder.input === 'power') return power
  return tf.mul(tf.sub(tf.log(power), params['feature.mean']!), params['feature.scale']!)
}

/** Mean and log variance of q(z|x), each [frames, latent], from features [frames, bins]. */
export function encode(params: Tensors, x: tf.Tensor2D): { mean: tf.Tensor2D; logVar: tf.Tensor2D } {
  const hidden = tf.tanh(dense(params, 'encoder.hidden', x))
  return { mean: dense(params, 'encoder.mean', hidden), logVar: dense(params, 'encoder.logVar', hidden) }
}

/** Log variance of speech, log σ²(z) [frames, bins], from z [frames, latent]. */
export function decode(params: Tensors, z: tf.Tensor2D): tf.Tensor2D {
  return dense(params, 'decoder.logPower', tf.tanh(dense(params, 'decoder.hidden', z)))
}

/** Fresh weights: uniform in ±1/√inputs, the last bias at the data's mean log power so that training starts at its level. */
export function initialWeights(config: VaeConfig, random: Random, meanLogPower: Float32Array): NDArrays {
  const weights: NDArrays = {}
  for (const [name, shape] of Object.entries(vaeShapes(config)) as [string, number[]][]) {
    const inputs =
      shape.length === 2 ? shape[0]! : (vaeShapes(config)[name.replace('.bias', '.weight')] as number[])[0]!
    const array = float32(shape)
    random.fillUniform(array.data)
    for (let i = 0; i < array.data.length; i++) array.data[i] = (2 * array.data[i]! - 1) / Math.sqrt(inputs)
    weights[name] = array
  }
  weights['decoder.logPower.bias'] = float32([config.bins], meanLogPower.slice())
  return weights
}

/** Brings the mean frame energy of `power` [frames, bins] to 1 and lifts every bin to `floor`; returns the energy it had. */
export function normalise(power: Float32Array, frames: number, floor: number): { scaled: Float32Array; scale: number } {
  const scale = frames === 0 ? 0 : power.reduce((sum, value) => sum + value, 0) / frames
  const scaled = new Float32Array(power.length)
  for (let i = 0; i < power.length; i++) scaled[i] = Math.max(floor, scale > 0 ? power[i]! / scale : 0)
  return { scaled, scale }
}
