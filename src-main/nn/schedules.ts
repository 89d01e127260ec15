import * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../lib/errors'

/**
 * A learning rate as a function of the scalar `step`, the number of updates made before this one; computed in the graph.
 * Single precision carries it exactly up to 16 777 216 updates.
 */
export type Schedule = (step: tf.Tensor) => tf.Tensor

/** Always `rate`. */
export const constantRate =
  (rate: number): Schedule =>
  () =>
    tf.scalar(rate)

/** rate · factor^(step / every), continuously. `factor` in (0, 1]. */
export function exponentialDecay(rate: number, factor: number, every = 1): Schedule {
  check('exponentialDecay', { rate, factor, every })
  return (step) => tf.mul(tf.exp(tf.mul(step, Math.log(factor) / every)), rate)
}

/** rate · factor^⌊step / every⌋: a stair. */
export function stepDecay(rate: number, factor: number, every: number): Schedule {
  check('stepDecay', { rate, factor, every })
  return (step) => tf.mul(tf.exp(tf.mul(tf.floor(tf.div(step, every)), Math.log(factor))), rate)
}

/** `rate` at first; from each listed step on, the rate beside it. Throws `bad-input` unless the steps rise. */
export function piecewise(rate: number, changes: readonly (readonly [from: number, rate: number])[]): Schedule {
  check('piecewise', { rate })
  if (changes.some(([from], i) => i > 0 && from <= changes[i - 1]![0]))
    throw new NagareError('bad-input', `piecewise expects rising steps, found ${changes.map(([from]) => from)}.`)
  return (step) =>
    changes.reduce<tf.Tensor>(
      (before, [from, next]) => tf.where(tf.greaterEqual(step, from), tf.scalar(next), before),
      tf.scalar(rate),
    )
}

/** Rises linearly from rate / steps at step 0 to `rate` at step `steps` - 1, then follows `after`, whose own steps start there; stays by default. */
export function linearWarmup(rate: number, steps: number, after: Schedule = constantRate(rate)): Schedule {
  check('linearWarmup', { rate, steps })
  return (step) =>
    tf.where(tf.less(step, steps), tf.mul(tf.add(step, 1), rate / steps), after(tf.relu(tf.sub(step, steps))))
}

/** Falls from `rate` to `least` along half a cosine over `steps`, then stays (Loshchilov & Hutter, 2017, eq. 5, without restarts). */
export function cosineDecay(rate: number, steps: number, least = 0): Schedule {
  check('cosineDecay', { rate, steps })
  return (step) => {
    const turn = tf.mul(tf.minimum(step, steps), Math.PI / steps)
    return tf.add(tf.mul(tf.add(tf.cos(turn), 1), (rate - least) / 2), least)
  }
}

/** Linear warm-up over `warmup` steps, then `cosineDecay` over the rest of `steps`. */
export const cosineWithWarmup = (rate: number, { warmup, steps, least = 0 }: CosineOptions): Schedule =>
  linearWarmup(rate, warmup, cosineDecay(rate, steps - warmup, least))

export interface CosineOptions {
  warmup: number
  /** All steps, warm-up included. */
  steps: number
  /** Rate at the end (default 0). */
  least?: number
}

/** scale · width^(-1/2) · min(n^(-1/2), n · warmup^(-3/2)) with n = step + 1 (Vaswani et al., 2017, eq. 3). */
export function noam(width: number, warmup: number, scale = 1): Schedule {
  check('noam', { width, warmup, scale })
  return (step) => {
    const n = tf.add(step, 1)
    return tf.mul(tf.minimum(tf.rsqrt(n), tf.mul(n, warmup ** -1.5)), scale / Math.sqrt(width))
  }
}

function check(name: string, numbers: Record<string, number>): void {
  for (const [key, number] of Object.entries(numbers)) {
    if (!(number > 0 && Number.isFinite(number)))
      throw new NagareError('bad-input', `${name} expects a positive ${key}, found ${number}.`)
  }
}
