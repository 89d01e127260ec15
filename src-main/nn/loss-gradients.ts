import * as tf from '@tensorflow/tfjs-core'
import type { Shapes, Tensors } from '../compute'
import { NagareError } from '../lib/errors'

export interface LossResult {
  /** The scalar to lower. */
  loss: tf.Tensor
  /** Further tensors to return at each step. */
  metrics?: Tensors
  /** New values of the extra state, such as running statistics. */
  state?: Tensors
}

export type LossFunction = (params: Tensors, inputs: Tensors, state: Tensors) => LossResult

interface Trained {
  name: string
  params: Shapes
  state: Shapes
  frozen: Shapes
  loss: LossFunction
}

/**
 * The loss with its gradients by the parameters, its metrics and the new extra state. `release` frees, on an eager device, what outlived the loss
 * function and is not in `used`.
 */
export function lossAndGradients(
  { name, params, state, frozen, loss }: Trained,
  before: Tensors,
  inputs: Tensors,
): {
  loss: tf.Tensor
  gradients: Tensors
  metrics: Tensors
  state: Tensors
  release(used: readonly tf.Tensor[]): void
} {
  const names = Object.keys(params)
  const extra = Object.fromEntries([...Object.keys(state), ...Object.keys(frozen)].map((key) => [key, before[key]!]))
  let metrics: Tensors = {}
  let next: Tensors = {}
  const at = names.map((key) => before[key]!)
  const { value, grads } = tf.engine().gradients(
    () => {
      const result = loss(Object.fromEntries(names.map((key, i) => [key, at[i]!])), inputs, extra)
      if (result.loss.rank !== 0)
        throw new NagareError(
          'bad-input',
          `The loss of "${name}" must be a scalar, found shape [${result.loss.shape}].`,
        )
      const stranger = Object.keys(result.state ?? {}).find((key) => !(key in state))
      if (stranger !== undefined)
        throw new NagareError(
          'bad-input',
          `The loss of "${name}" returns state "${stranger}", which ${stranger in frozen ? 'is frozen' : 'it does not declare'}.`,
        )
      metrics = kept(result.metrics)
      next = kept(result.state)
      return result.loss
    },
    at,
    undefined,
    true,
  )
  const idle = names.filter((_, i) => !grads[i])
  if (idle.length > 0)
    throw new NagareError('bad-input', `The loss of "${name}" does not depend on ${idle.join(', ')}.`, {
      hint: 'Leave what is not trained here out of `params`; what the loss only reads belongs in `frozen`.',
    })
  return {
    loss: value,
    gradients: Object.fromEntries(names.map((key, i) => [key, grads[i]!])),
    metrics,
    state: next,
    release: (used) => {
      const wanted = new Set(used)
      for (const tensor of [...Object.values(metrics), ...Object.values(next)])
        if (!wanted.has(tensor)) tensor.dispose()
    },
  }
}

/** Copies that outlive the gradient's own scope. */
const kept = (tensors: Tensors = {}): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([key, tensor]) => [key, tf.keep(tf.clone(tensor))]))
