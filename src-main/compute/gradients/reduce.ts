import * as tf from '@tensorflow/tfjs-core'
import { axesOf } from '../kernels/kernel'
import { constant, keptDims, mask, ofInput, product } from './rule'

interface ReduceAttrs {
  axis?: number | number[]
  /** What tfjs calls the axes of `Max`. */
  reductionIndices?: number | number[]
}

/** Gradient of a maximum or minimum: to every element that attains it. */
const ofExtreme =
  (extreme: (x: tf.Tensor, axes: number[], keepDims: boolean) => tf.Tensor) =>
  (dy: tf.Tensor, x: tf.Tensor, attrs: ReduceAttrs) => {
    const axes = axesOf(attrs.reductionIndices ?? attrs.axis, x.rank)
    const attains = constant(() => mask(tf.equal(x, extreme(x, axes, true))))
    return tf.mul(keptDims(dy, x.shape, axes), attains)
  }

/** A table [rows, count, count] of which row [i, j] is x[i, j] with ones on the diagonal, from x [rows, count]. */
function withoutEach(x: tf.Tensor, rows: number, count: number): tf.Tensor {
  const table = tf.tile(tf.reshape(x, [rows, 1, count]), [1, count, 1])
  const diagonal = tf.tile(tf.expandDims(tf.cast(tf.eye(count), 'bool'), 0), [rows, 1, 1])
  return tf.where(diagonal, tf.onesLike(table), table)
}

/** Gradient of a product over axes: dy times the product of all the other elements. */
function ofProduct(dy: tf.Tensor, x: tf.Tensor, attrs: ReduceAttrs): tf.Tensor {
  const axes = axesOf(attrs.axis, x.rank)
  const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i))
  const order = [...kept, ...axes]
  const moved = tf.transpose(x, order)
  const count = product(axes.map((axis) => x.shape[axis]!))
  const others = tf.prod(withoutEach(moved, x.size / count, count), 2)
  const back = order.map((_, i) => order.indexOf(i))
  return tf.mul(keptDims(dy, x.shape, axes), tf.transpose(tf.reshape(others, moved.shape), back))
}

/** Gradient of a running product: dx_i = Σ_j dy_j Π_{k ≠ i} x_k over the factors of y_j, for the j whose product contains x_i. */
function ofCumprod(dy: tf.Tensor, x: tf.Tensor, { axis, exclusive, reverse }: tf.CumprodAttrs): tf.Tensor {
  const [at] = axesOf(axis, x.rank)
  const order = [...axesOf(null, x.rank).filter((i) => i !== at), at!]
  const count = x.shape[at!]!
  const rows = x.size / count
  const moved = tf.transpose(x, order)
  const others = tf.cumprod(withoutEach(moved, rows, count), 2, exclusive, reverse)
  const column = tf.reshape(tf.range(0, count), [count, 1])
  const [first, last] = reverse ? [tf.range(0, count), column] : [column, tf.range(0, count)]
  const contains = mask(exclusive ? tf.less(first, last) : tf.lessEqual(first, last))
  const weighted = tf.mul(tf.mul(others, contains), tf.reshape(tf.transpose(dy, order), [rows, 1, count]))
  const back = order.map((_, i) => order.indexOf(i))
  return tf.transpose(tf.reshape(tf.sum(weighted, 2), moved.shape), back)
}

/** Gradient of the k largest of each row: each dy to the place that its value came from. */
const ofTopK: tf.GradConfig = {
  kernelName: 'TopK',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => ({
    x: () => {
      const { k, sorted } = attrs as unknown as tf.TopKAttrs
      const [values] = dy as unknown as tf.Tensor[]
      const columns = x!.shape.at(-1)!
      const rows = x!.size / columns
      const starts = tf.mul(tf.reshape(tf.range(0, rows, 1, 'int32'), [rows, 1]), tf.scalar(columns, 'int32'))
      const places = tf.add(
        tf.reshape(
          constant(() => tf.topk(x!, k, sorted).indices),
          [rows, k],
        ),
        starts,
      )
      const flat = tf.unsortedSegmentSum(
        tf.reshape(values!, [-1]),
        tf.reshape(places, [-1]) as tf.Tensor1D,
        rows * columns,
      )
      return tf.reshape(flat, x!.shape)
    },
  }),
}

/** Reductions and running reductions whose gradients tfjs computes from their outputs, cannot differentiate again, or lacks. */
export const reduceGradients: readonly tf.GradConfig[] = [
  ofInput('Max', 'x', ofExtreme(tf.max)),
  ofInput('Min', 'x', ofExtreme(tf.min)),
  ofInput('Prod', 'x', ofProduct),
  ofInput<tf.CumsumAttrs>('Cumsum', 'x', (dy, _, { axis, exclusive, reverse }) =>
    tf.cumsum(dy, axis, exclusive, !reverse),
  ),
  ofInput('Cumprod', 'x', ofCumprod),
  ofTopK,
]
