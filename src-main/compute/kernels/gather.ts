import type * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../../lib/errors'
import { sizeOf, type DType } from '../../lib/ndarray'
import { uniformConstant } from '../onnx/builder'
import { axesOf, kernel, typed, type KernelTable } from './kernel'

/** Kernels that look numbers up by index, and their adjoints. */
export const gather: KernelTable = {
  GatherV2: kernel<tf.GatherV2Attrs>({
    inputs: ['x', 'indices'],
    infer: ([x, indices], { axis, batchDims }) => {
      if (batchDims)
        throw new NagareError(
          'unsupported',
          'gather with batchDims has no lowering to ONNX; gather from a reshaped tensor instead.',
        )
      const [at] = axesOf(axis, x!.shape.length)
      return [typed(x!.dtype, [...x!.shape.slice(0, at), ...indices!.shape, ...x!.shape.slice(at! + 1)])]
    },
    lower: (onnx, [x, indices], { attrs, inputs }) => [
      onnx.node('Gather', [x!, indices!], { axis: axesOf(attrs.axis, inputs[0]!.shape.length)[0]! }),
    ],
  }),
  GatherNd: {
    inputs: ['params', 'indices'],
    infer: ([x, indices]) => [
      typed(x!.dtype, [...indices!.shape.slice(0, -1), ...x!.shape.slice(indices!.shape.at(-1))]),
    ],
    lower: (onnx, [x, indices]) => [onnx.node('GatherND', [x!, onnx.cast(indices!, 'int64')])],
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
