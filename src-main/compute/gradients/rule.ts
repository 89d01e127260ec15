import * as tf from '@tensorflow/tfjs-core'

export type Attrs = Record<string, unknown>

/** A gradient of one input as a function of that input. */
export function ofInput<A = Attrs>(
  kernelName: string,
  name: string,
  gradient: (dy: tf.Tensor, x: tf.Tensor, attrs: A) => tf.Tensor,
): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: [name],
    gradFunc: (dy, [x], attrs) => ({ [name]: () => gradient(dy as tf.Tensor, x!, attrs as unknown as A) }),
  }
}

type OfTwo = (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor

/** Gradients of an elementwise op of two tensors, summed over the axes along which each was repeated. */
export function ofBoth(kernelName: string, toA: OfTwo, toB: OfTwo): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => ({
      a: () => sumTo(toA(dy as tf.Tensor, a!, b!), a!.shape),
      b: () => sumTo(toB(dy as tf.Tensor, a!, b!), b!.shape),
    }),
  }
}

/** A test or a rounding of numbers: flat wherever it has a derivative. */
export const flat = (kernelName: string, ...inputs: string[]): tf.GradConfig => ({
  kernelName,
  inputsToSave: inputs,
  gradFunc: (_, saved) => Object.fromEntries(inputs.map((name, i) => [name, () => tf.zeros(saved[i]!.shape)])),
})

/** Sums `x` over the axes along which `shape` was broadcast. */
export function sumTo(x: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, x.shape)
  return tf.reshape(axes.length > 0 ? tf.sum(x, axes) : x, shape)
}

/** What `compute` answers, as a constant: gradients do not follow it. */
export function constant<T>(compute: () => T): T {
  const { state } = tf.engine()
  state.kernelDepth++
  try {
    return compute()
  } finally {
    state.kernelDepth--
  }
}

/** Gradient of a kernel's input that holds indices: none. */
export const noSlope = (indices: tf.Tensor) => () => tf.zeros(indices.shape)

/** 1 where `condition` holds, else 0. */
export const mask = (condition: tf.Tensor) => tf.cast(condition, 'float32')

/** The dy of a reduction, in a shape that broadcasts over the reduced tensor. */
export function keptDims(dy: tf.Tensor, shape: number[], axes: readonly number[]): tf.Tensor {
  return tf.reshape(
    dy,
    shape.map((side, i) => (axes.includes(i) ? 1 : side)),
  )
}

export const product = (numbers: readonly number[]) => numbers.reduce((total, number) => total * number, 1)
