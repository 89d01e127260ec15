import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-core/dist/register_all_gradients'
import { axesOf } from './kernels/kernel'

/**
 * Gradients that tfjs-core gets wrong or lacks, registered anew.
 *
 * tfjs saves the *output* of some ops for their gradient and then loses the path from that output to the input, so that a gradient of a gradient
 * comes out wrong without a word. Here such gradients save the input and compute the output again; tracing makes one node of both.
 * Others ignore broadcasting (`maximum`), the axis (`cumsum`) or are not differentiable a second time (`prod`).
 */
export function registerGradients(): void {
  for (const gradient of gradients) tf.registerGradient(gradient)
}

type Dy = tf.Tensor

/** A gradient of one input as a function of that input. */
function ofInput(
  kernelName: string,
  name: string,
  gradient: (dy: Dy, x: tf.Tensor, attrs: Record<string, unknown>) => tf.Tensor,
): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: [name],
    gradFunc: (dy, [x], attrs) => ({ [name]: () => gradient(dy as Dy, x!, attrs as Record<string, unknown>) }),
  }
}

/** Gradients of an elementwise op of two tensors, summed over the axes along which each was repeated. */
function ofBoth(
  kernelName: string,
  toA: (dy: Dy, a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  toB: typeof toA,
): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => ({
      a: () => sumTo(toA(dy as Dy, a!, b!), a!.shape),
      b: () => sumTo(toB(dy as Dy, a!, b!), b!.shape),
    }),
  }
}

/** Sums `x` over the axes along which `shape` was broadcast. */
function sumTo(x: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, x.shape)
  return tf.reshape(axes.length > 0 ? tf.sum(x, axes) : x, shape)
}

const mask = (condition: tf.Tensor) => tf.cast(condition, 'float32')

/** The dy of a reduction, in a shape that broadcasts over the reduced tensor. */
function keptDims(dy: Dy, shape: number[], axes: readonly number[]): tf.Tensor {
  return tf.reshape(
    dy,
    shape.map((side, i) => (axes.includes(i) ? 1 : side)),
  )
}

/** Gradient of a maximum or minimum: to every element that attains it. */
const ofExtreme =
  (extreme: (x: tf.Tensor, axes: number[], keepDims: boolean) => tf.Tensor) =>
  (dy: Dy, x: tf.Tensor, attrs: Record<string, unknown>) => {
    const axes = axesOf((attrs['reductionIndices'] ?? attrs['axis']) as number[] | undefined, x.rank)
    return tf.mul(keptDims(dy, x.shape, axes), mask(tf.equal(x, extreme(x, axes, true))))
  }

/** Gradient of a product over axes: dy times the product of all the other elements, as an n × n table with ones on its diagonal. */
function ofProduct(dy: Dy, x: tf.Tensor, attrs: Record<string, unknown>): tf.Tensor {
  const axes = axesOf(attrs['axis'] as number[] | undefined, x.rank)
  const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i))
  const order = [...kept, ...axes]
  const moved = tf.transpose(x, order)
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1)
  const rows = x.size / count
  const table = tf.tile(tf.reshape(moved, [rows, 1, count]), [1, count, 1])
  const diagonal = tf.tile(tf.expandDims(tf.cast(tf.eye(count), 'bool'), 0), [rows, 1, 1])
  const others = tf.prod(tf.where(diagonal, tf.onesLike(table), table), 2)
  const back = order.map((_, i) => order.indexOf(i))
  return tf.mul(keptDims(dy, x.shape, axes), tf.transpose(tf.reshape(others, moved.shape), back))
}

/** Gradient of tile: the sum over the copies. */
function ofTile(dy: Dy, x: tf.Tensor, attrs: Record<string, unknown>): tf.Tensor {
  const reps = attrs['reps'] as number[]
  const split = x.shape.flatMap((side, i) => [reps[i]!, side])
  const copies = x.shape.map((_, i) => 2 * i).filter((i) => split[i]! > 1)
  return tf.reshape(copies.length > 0 ? tf.sum(tf.reshape(dy, split), copies) : dy, x.shape)
}

/** A test of numbers: flat wherever it has a derivative. */
const ofTest = (kernelName: string, ...inputs: string[]): tf.GradConfig => ({
  kernelName,
  inputsToSave: inputs,
  gradFunc: (_, saved) => Object.fromEntries(inputs.map((name, i) => [name, () => tf.zeros(saved[i]!.shape)])),
})

const gradients: tf.GradConfig[] = [
  ...['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'LogicalAnd', 'LogicalOr'].map((name) =>
    ofTest(name, 'a', 'b'),
  ),
  ofTest('LogicalNot', 'x'),
  ofInput('Tanh', 'x', (dy, x) => tf.mul(dy, tf.sub(1, tf.square(tf.tanh(x))))),
  ofInput('Sigmoid', 'x', (dy, x) => {
    const y = tf.sigmoid(x)
    return tf.mul(dy, tf.mul(y, tf.sub(1, y)))
  }),
  ofInput('Exp', 'x', (dy, x) => tf.mul(dy, tf.exp(x))),
  ofInput('Elu', 'x', (dy, x) => tf.mul(dy, tf.where(tf.greater(x, 0), tf.onesLike(x), tf.exp(tf.minimum(x, 0))))),
  ofInput('Rsqrt', 'x', (dy, x) => tf.neg(tf.div(dy, tf.mul(tf.mul(x, tf.sqrt(x)), 2)))),
  ofInput('Abs', 'x', (dy, x) => tf.mul(dy, tf.sign(tf.cast(x, 'float32')))),
  ofInput('Softmax', 'logits', (dy, x) => {
    const y = tf.softmax(x)
    const weighted = tf.mul(dy, y)
    return tf.sub(weighted, tf.mul(tf.sum(weighted, -1, true), y))
  }),
  ofInput('Max', 'x', ofExtreme(tf.max)),
  ofInput('Min', 'x', ofExtreme(tf.min)),
  ofInput('Prod', 'x', ofProduct),
  ofInput('Tile', 'x', ofTile),
  ofInput('Cumsum', 'x', (dy, _, attrs) =>
    tf.cumsum(dy, attrs['axis'] as number, attrs['exclusive'] as boolean, !attrs['reverse']),
  ),
  ofBoth(
    'Maximum',
    (dy, a, b) => tf.mul(dy, mask(tf.greaterEqual(a, b))),
    (dy, a, b) => tf.mul(dy, mask(tf.less(a, b))),
  ),
  ofBoth(
    'Minimum',
    (dy, a, b) => tf.mul(dy, mask(tf.lessEqual(a, b))),
    (dy, a, b) => tf.mul(dy, mask(tf.greater(a, b))),
  ),
  ofBoth(
    'SquaredDifference',
    (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(a, b))),
    (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(b, a))),
  ),
  ofBoth(
    'Pow',
    (dy, a, b) => tf.mul(dy, tf.mul(b, tf.pow(a, tf.sub(b, 1)))),
    (dy, a, b) => tf.mul(dy, tf.mul(tf.pow(a, b), tf.where(tf.greater(a, 0), tf.log(a), tf.zerosLike(a)))),
  ),
]

tf.enableProdMode()
registerGradients()
