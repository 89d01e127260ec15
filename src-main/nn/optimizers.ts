import * as tf from '@tensorflow/tfjs-core'
import type { Tensors } from '../compute'

/** How one step moves a parameter along its gradient. Every rule here works element by element, so that a tensor of any shape will do. */
export interface Optimizer {
  /** First part of the names of its state, as in `adam.m.weight`. */
  name: string
  /** Tensors kept for each parameter, shaped like it; zero at the start. */
  slots: readonly string[]
  /** Scalars that all parameters share at a step. `rate` is the learning rate, `step` counts updates from 1. */
  begin(rate: tf.Tensor, step: tf.Tensor): Tensors
  /** The parameter and its slots after one step. */
  update(at: { param: tf.Tensor; gradient: tf.Tensor; slots: Tensors; shared: Tensors }): {
    param: tf.Tensor
    slots: Tensors
  }
}

export interface AdamOptions {
  /** Decay of the first moment (default 0.9). */
  beta1?: number
  /** Decay of the second moment (default 0.999). */
  beta2?: number
  /** Added to the root of the second moment (default 1e-8). */
  epsilon?: number
  /** Divide by the largest second moment so far (Reddi et al., 2018; default false). */
  amsgrad?: boolean
}

/** Adam (Kingma & Ba, 2015, algorithm 1). With decoupled weight decay in the training program it is AdamW. */
export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, amsgrad = false }: AdamOptions = {}): Optimizer {
  return {
    name: 'adam',
    slots: amsgrad ? ['m', 'v', 'vMax'] : ['m', 'v'],
    begin: (rate, step) => ({
      scale: tf.div(rate, oneMinusPower(beta1, step)),
      rootScale: tf.rsqrt(oneMinusPower(beta2, step)),
    }),
    update({ param, gradient, slots, shared }) {
      const m = blend(slots['m']!, gradient, beta1)
      const v = blend(slots['v']!, tf.square(gradient), beta2)
      const vMax = amsgrad ? tf.maximum(slots['vMax']!, v) : v
      const root = tf.add(tf.mul(tf.sqrt(vMax), shared['rootScale']!), epsilon)
      return {
        param: tf.sub(param, tf.mul(shared['scale']!, tf.div(m, root))),
        slots: amsgrad ? { m, v, vMax } : { m, v },
      }
    },
  }
}

export interface RmsPropOptions {
  /** Decay of the mean square (default 0.99). */
  alpha?: number
  /** Added to the root of the mean square (default 1e-8). */
  epsilon?: number
  /** Share of the last move that goes on (default 0). */
  momentum?: number
  /** Divide by the standard deviation of the gradient instead of its root mean square (Graves, 2013; default false). */
  centered?: boolean
}

/** RMSProp (Tieleman & Hinton, 2012), with PyTorch's defaults: the learning rate scales the move after momentum, ε stands outside the root. */
export function rmsProp({
  alpha = 0.99,
  epsilon = 1e-8,
  momentum = 0,
  centered = false,
}: RmsPropOptions = {}): Optimizer {
  return {
    name: 'rmsProp',
    slots: ['square', ...(centered ? ['mean'] : []), ...(momentum ? ['move'] : [])],
    begin: (rate) => ({ rate }),
    update({ param, gradient, slots, shared }) {
      const next: Tensors = { square: blend(slots['square']!, tf.square(gradient), alpha) }
      let spread = next['square']!
      if (centered) {
        next['mean'] = blend(slots['mean']!, gradient, alpha)
        // Rounding may take a variance of next to nothing below zero.
        spread = tf.relu(tf.sub(spread, tf.square(next['mean'])))
      }
      let move = tf.div(gradient, tf.add(tf.sqrt(spread), epsilon))
      if (momentum) move = next['move'] = tf.add(tf.mul(slots['move']!, momentum), move)
      return { param: tf.sub(param, tf.mul(move, shared['rate']!)), slots: next }
    },
  }
}

export interface SgdOptions {
  /** Share of the last velocity that goes on (default 0). */
  momentum?: number
  /** Look ahead along the velocity (Sutskever et al., 2013; default false). Needs momentum. */
  nesterov?: boolean
}

/** Stochastic gradient descent; velocity = momentum · velocity + gradient, as in PyTorch without dampening. */
export function sgd({ momentum = 0, nesterov = false }: SgdOptions = {}): Optimizer {
  return {
    name: 'sgd',
    slots: momentum ? ['velocity'] : [],
    begin: (rate) => ({ rate }),
    update({ param, gradient, slots, shared }) {
      if (!momentum) return { param: tf.sub(param, tf.mul(gradient, shared['rate']!)), slots: {} }
      const velocity = tf.add(tf.mul(slots['velocity']!, momentum), gradient)
      const move = nesterov ? tf.add(gradient, tf.mul(velocity, momentum)) : velocity
      return { param: tf.sub(param, tf.mul(move, shared['rate']!)), slots: { velocity } }
    },
  }
}

/** decay · before + (1 - decay) · now. */
const blend = (before: tf.Tensor, now: tf.Tensor, decay: number) =>
  tf.add(tf.mul(before, decay), tf.mul(now, 1 - decay))

/** 1 - base^step for a base in (0, 1), without cancellation in the first steps; 1 for base 0. */
export const oneMinusPower = (base: number, step: tf.Tensor): tf.Tensor =>
  base === 0 ? tf.scalar(1) : tf.neg(tf.expm1(tf.mul(step, Math.log(base))))
