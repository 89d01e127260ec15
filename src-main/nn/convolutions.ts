import * as tf from '@tensorflow/tfjs-core'
import { conv, convTranspose, type ConvOptions, type ConvTransposeOptions } from '../compute'
import { NagareError } from '../lib/errors'
import { channelShape } from './norms'

export interface ConvWeights {
  /** [out, in / groups, …kernel]; for a transposed convolution [in, out / groups, …kernel]. */
  weight: tf.Tensor
  /** [out]. */
  bias?: tf.Tensor
}

type Layer<Options> = (x: tf.Tensor, weights: ConvWeights, options?: Options) => tf.Tensor

/** A convolution over `axes` spatial axes, plus its bias. */
const layer =
  <Options>(
    name: string,
    axes: number,
    op: (x: tf.Tensor, weight: tf.Tensor, options?: Options) => tf.Tensor,
  ): Layer<Options> =>
  (x, { weight, bias }, options) => {
    if (x.rank !== axes + 2)
      throw new NagareError('bad-input', `${name} expects x with ${axes + 2} axes, found [${x.shape}].`)
    const y = op(x, weight, options)
    return bias ? tf.add(y, tf.reshape(bias, channelShape(y.rank, bias.size))) : y
  }

/** Convolution over time with its bias. x [batch, in, time]; result [batch, out, time]. Throws `bad-input` where shapes do not fit. */
export const conv1d = layer<ConvOptions>('conv1d', 1, conv)
/** Convolution over pictures with its bias. x [batch, in, height, width]; result [batch, out, height, width]. Throws `bad-input` where shapes do not fit. */
export const conv2d = layer<ConvOptions>('conv2d', 2, conv)
/** Transposed convolution over time with its bias, as PyTorch's. x [batch, in, time]; result [batch, out, time]. Throws `bad-input` where shapes do not fit. */
export const convTranspose1d = layer<ConvTransposeOptions>('convTranspose1d', 1, convTranspose)
/**
 * Transposed convolution over pictures with its bias, as PyTorch's. x [batch, in, height, width]; result [batch, out, height, width].
 * Throws `bad-input` where shapes do not fit.
 */
export const convTranspose2d = layer<ConvTransposeOptions>('convTranspose2d', 2, convTranspose)
