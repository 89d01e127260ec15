import * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../lib/errors'
import { dense } from './layers'

/**
 * Scaled dot-product attention, softmax(q kᵀ / √d) v (Vaswani et al., 2017, eq. 1). q […, queries, d], k […, keys, d], v […, keys, e]; result
 * […, queries, e]. `mask` is added to the scores (-1e9 hides a key) and broadcasts against […, queries, keys].
 */
export function attention(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, mask?: tf.Tensor): tf.Tensor {
  const scores = tf.matMul(tf.mul(q, 1 / Math.sqrt(q.shape.at(-1)!)), k, false, true)
  return tf.matMul(tf.softmax(mask ? tf.add(scores, mask) : scores), v)
}

/** Weights [in, size] and biases [size] of the four maps of multi-head attention; `out` is [size, out]. */
export interface AttentionWeights {
  query: tf.Tensor
  key: tf.Tensor
  value: tf.Tensor
  out: tf.Tensor
  queryBias?: tf.Tensor
  keyBias?: tf.Tensor
  valueBias?: tf.Tensor
  outBias?: tf.Tensor
}

/**
 * Multi-head attention (Vaswani et al., 2017, §3.2.2). x [batch, queries, features]; `context` [batch, keys, features] is x itself where left out;
 * `mask` broadcasts against [batch, heads, queries, keys]. Result [batch, queries, out]. Throws `bad-input` where `size` is no multiple of `heads`.
 */
export function multiHeadAttention(
  x: tf.Tensor,
  weights: AttentionWeights,
  { heads, context = x, mask }: { heads: number; context?: tf.Tensor; mask?: tf.Tensor },
): tf.Tensor {
  const size = weights.query.shape[1]!
  if (size % heads !== 0)
    throw new NagareError('bad-input', `multiHeadAttention expects a size in ${heads} equal heads, found ${size}.`)
  const map = (from: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor): tf.Tensor => {
    const [batch, times, features] = from.shape as [number, number, number]
    return tf.reshape(dense(tf.reshape(from, [batch * times, features]), weight, bias), [
      batch,
      times,
      weight.shape[1]!,
    ])
  }
  const split = (from: tf.Tensor) => {
    const [batch, times] = from.shape as [number, number]
    return tf.transpose(tf.reshape(from, [batch, times, heads, from.shape[2]! / heads]), [0, 2, 1, 3])
  }
  const seen = attention(
    split(map(x, weights.query, weights.queryBias)),
    split(map(context, weights.key, weights.keyBias)),
    split(map(context, weights.value, weights.valueBias)),
    mask,
  )
  const joined = tf.reshape(tf.transpose(seen, [0, 2, 1, 3]), [x.shape[0]!, x.shape[1]!, weights.value.shape[1]!])
  return map(joined, weights.out, weights.outBias)
}
