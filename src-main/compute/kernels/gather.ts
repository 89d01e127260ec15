import type * as tf from '@tensorflow/tfjs-core'
import { sizeOf, type DType } from '../../lib/ndarray'
import { uniformConstant, type OnnxBuilder } from '../onnx/builder'
import type { ValueType } from '../program'
import { axesOf, kernel, typed, type KernelTable } from './kernel'
import { transposed } from './shape'

/** Number of leading axes that x and the indices share. */
const batchAxes = (batchDims: number | undefined, rank: number) =>
  batchDims === undefined || batchDims >= 0 ? (batchDims ?? 0) : batchDims + rank

/** Indices as ONNX wants them; in tfjs, one-dimensional indices hold one index a row. */
const rows = (onnx: OnnxBuilder, indices: string, { shape }: ValueType): string => {
  const long = onnx.cast(indices, 'int64')
  return shape.length === 1 ? onnx.reshape(long, [shape[0]!, 1]) : long
}

/** Kernels that look numbers up by index, and their adjoints. */
export const gather: KernelTable = {
  GatherV2: kernel<tf.GatherV2Attrs>({
    inputs: ['x', 'indices'],
    infer: ([x, indices], { axis, batchDims }) => {
      const [at] = axesOf(axis, x!.shape.length)
      const batch = batchAxes(batchDims, indices!.shape.length)
      return [typed(x!.dtype, [...x!.shape.slice(0, at), ...indices!.shape.slice(batch), ...x!.shape.slice(at! + 1)])]
    },
    lower: (onnx, [x, indices], { attrs, inputs: [from, at], outputs }) => {
      const [axis] = axesOf(attrs.axis, from!.shape.length)
      const batch = batchAxes(attrs.batchDims, at!.shape.length)
      if (batch === 0) return [onnx.node('Gather', [x!, indices!], { axis: axis! })]
      const batches = sizeOf(from!.shape.slice(0, batch))
      const between = sizeOf(from!.shape.slice(batch, axis))
      const rest = sizeOf(from!.shape.slice(axis! + 1))
      const side = from!.shape[axis!]!
      const count = sizeOf(at!.shape.slice(batch))
      const lines = transposed(
        onnx,
        onnx.reshape(x!, [batches, between, side, rest]),
        [batches, between, side, rest],
        [0, 2, 1, 3],
      )
      const starts = Array.from({ length: batches }, (_, i) => i * side)
      const places = onnx.node('Add', [
        onnx.reshape(onnx.cast(indices!, 'int32'), [batches, count]),
        onnx.constant('int32', [batches, 1], starts),
      ])
      const taken = onnx.node('Gather', [onnx.reshape(lines, [batches * side, between, rest]), places], { axis: 0 })
      const turned = transposed(onnx, taken, [batches, count, between, rest], [0, 2, 1, 3])
      return [onnx.reshape(turned, outputs[0]!.shape)]
    },
  }),
  GatherNd: {
    inputs: ['params', 'indices'],
    infer: ([x, indices]) => [
      typed(x!.dtype, [...indices!.shape.slice(0, -1), ...x!.shape.slice(indices!.shape.at(-1))]),
    ],
    lower: (onnx, [x, indices]) => [onnx.node('GatherND', [x!, onnx.cast(indices!, 'int64')])],
  },
  ScatterNd: kernel<tf.ScatterNdAttrs>({
    inputs: ['indices', 'updates'],
    infer: ([, updates], { shape }) => [typed(updates!.dtype, shape)],
    lower: (onnx, [indices, updates], { inputs: [at], outputs: [output] }) => {
      const zeros = uniformConstant(onnx, 0, output!)
      return [onnx.node('ScatterND', [zeros, rows(onnx, indices!, at!), updates!], { reduction: 'add' })]
    },
  }),
  TensorScatterUpdate: {
    inputs: ['tensor', 'indices', 'updates'],
    infer: ([tensor]) => [tensor!],
    lower: (onnx, [tensor, indices, updates], { inputs: [, at] }) => [
      onnx.node('ScatterND', [tensor!, rows(onnx, indices!, at!), updates!]),
    ],
  },
  UnsortedSegmentSum: kernel<tf.UnsortedSegmentSumAttrs>({
    inputs: ['x', 'segmentIds'],
    infer: ([x, ids], { numSegments }) => [typed(x!.dtype, [numSegments, ...x!.shape.slice(ids!.shape.length)])],
    lower: (onnx, [x, ids], { inputs: [values, segments], outputs: [output] }) => {
      const count = sizeOf(segments!.shape)
      const flat = [count, ...values!.shape.slice(segments!.shape.length)]
      const rows = onnx.node('Expand', [
        onnx.reshape(
          ids!,
          flat.map((side, i) => (i === 0 ? side : 1)),
        ),
        onnx.ints(flat),
      ])
      const zeros = uniformConstant(onnx, 0, output!)
      return [onnx.node('ScatterElements', [zeros, rows, onnx.reshape(x!, flat)], { axis: 0, reduction: 'add' })]
    },
  }),
  OneHot: kernel<tf.OneHotAttrs>({
    inputs: ['indices'],
    infer: ([indices], { depth, dtype }) => [typed(dtype as DType, [...indices!.shape, depth])],
    lower: (onnx, [indices], { attrs: { depth, onValue, offValue }, inputs, outputs }) => {
      const places = onnx.constant(
        'int32',
        [depth],
        Array.from({ length: depth }, (_, i) => i),
      )
      const hit = onnx.node('Equal', [onnx.reshape(indices!, [...inputs[0]!.shape, 1]), places])
      const { dtype } = outputs[0]!
      if (dtype === 'bool') return [onValue ? hit : onnx.node('Not', [hit])]
      return [onnx.node('Where', [hit, onnx.scalar(dtype, onValue), onnx.scalar(dtype, offValue)])]
    },
  }),
}
