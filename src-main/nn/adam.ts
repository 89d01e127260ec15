import * as tf from '@tensorflow/tfjs-core'
import type { ProgramSpec, Shapes, Tensors } from '../compute'
import { NagareError } from '../lib/errors'

export interface AdamOptions {
  /** Step size; 'input' makes it the program's scalar input `learningRate`. */
  learningRate: number | 'input'
  /** Decay of the first moment (default 0.9). */
  beta1?: number
  /** Decay of the second moment (default 0.999). */
  beta2?: number
  /** Added to the root of the second moment (default 1e-8). */
  epsilon?: number
}

export interface LossResult {
  /** The scalar to lower. */
  loss: tf.Tensor
  /** Further tensors to return at each step. */
  metrics?: Tensors
  /** New values of the extra state, such as running statistics. */
  state?: Tensors
}

export interface TrainingOptions {
  name: string
  /** What is trained; kept as state under the same names. */
  params: Shapes
  inputs: Shapes
  /** State that the loss function updates itself; none by default. */
  state?: Shapes
  loss(params: Tensors, inputs: Tensors, state: Tensors): LossResult
  adam: AdamOptions
}

/**
 * One training step as a program: loss, gradients and Adam (Kingma & Ba, 2015, algorithm 1) in one graph.
 * State: the parameters (must be given to `load`), `adam.m.*`, `adam.v.*` and `adam.step` (start at zero), and the extra state.
 * Outputs: `loss` and the metrics, all from before the step. Throws `bad-input` where two kinds of state share a name.
 */
export function trainingProgram({ name, params, inputs, state = {}, loss, adam }: TrainingOptions): ProgramSpec {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = adam
  const names = Object.keys(params)
  const moments = (kind: 'm' | 'v'): Shapes =>
    Object.fromEntries(names.map((key) => [`adam.${kind}.${key}`, params[key]!]))
  const optimiser: Shapes = { ...moments('m'), ...moments('v'), 'adam.step': [] }
  for (const key of Object.keys({ ...params, ...optimiser })) {
    if (key in state)
      throw new NagareError('bad-input', `Training program "${name}" has two kinds of state named "${key}".`)
  }

  return {
    name,
    state: { ...params, ...state, ...optimiser },
    zeros: Object.keys(optimiser),
    inputs: learningRate === 'input' ? { ...inputs, learningRate: [] } : inputs,
    run(values) {
      const extra = pick(values.state, Object.keys(state))
      const weights = names.map((key) => values.state[key]!)
      let metrics: Tensors = {}
      let nextExtra: Tensors = {}
      const { value, grads } = tf.valueAndGrads((...current: tf.Tensor[]) => {
        const result = loss(Object.fromEntries(names.map((key, i) => [key, current[i]!])), values.inputs, extra)
        metrics = kept(result.metrics)
        nextExtra = kept(result.state)
        return result.loss
      })(weights)

      const rate = learningRate === 'input' ? values.inputs['learningRate']! : tf.scalar(learningRate)
      const step = tf.add(values.state['adam.step']!, 1)
      const scale = tf.div(rate, oneMinusPower(beta1, step))
      const rootScale = tf.rsqrt(oneMinusPower(beta2, step))
      const next: Tensors = { ...nextExtra, 'adam.step': step }
      for (const [i, key] of names.entries()) {
        // A trailing axis of length 1 makes elementwise operators slow in ONNX Runtime.
        const shape = weights[i]!.shape
        const flat = (tensor: tf.Tensor) => (shape.length > 1 && shape.at(-1) === 1 ? tf.reshape(tensor, [-1]) : tensor)
        const gradient = flat(grads[i]!)
        const m = tf.add(tf.mul(flat(values.state[`adam.m.${key}`]!), beta1), tf.mul(gradient, 1 - beta1))
        const v = tf.add(tf.mul(flat(values.state[`adam.v.${key}`]!), beta2), tf.mul(tf.square(gradient), 1 - beta2))
        const root = tf.add(tf.mul(tf.sqrt(v), rootScale), epsilon)
        next[key] = tf.reshape(tf.sub(flat(weights[i]!), tf.mul(scale, tf.div(m, root))), shape)
        next[`adam.m.${key}`] = tf.reshape(m, shape)
        next[`adam.v.${key}`] = tf.reshape(v, shape)
      }
      return { state: next, outputs: { ...metrics, loss: value } }
    },
  }
}

/** 1 - beta^step, without cancellation in the first steps. */
const oneMinusPower = (beta: number, step: tf.Tensor) => tf.neg(tf.expm1(tf.mul(step, Math.log(beta))))

/** Copies that outlive the gradient's own scope. */
const kept = (tensors: Tensors = {}): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([key, tensor]) => [key, tf.keep(tf.clone(tensor))]))

const pick = (tensors: Tensors, keys: readonly string[]): Tensors =>
  Object.fromEntries(keys.map((key) => [key, tensors[key]!]))
