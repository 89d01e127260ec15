import type * as tf from '@tensorflow/tfjs-core'
import type { OnnxBuilder } from '../onnx/builder'
import type { ValueType } from '../program'
import type { DType } from '../../lib/ndarray'
import { axesOf, kernel, numeric, typed, type Kernel, type KernelTable } from './kernel'

interface ReduceAttrs {
  axis?: number | number[] | null
  /** What tfjs calls the axes of `Max`. */
  reductionIndices?: number | number[] | null
  keepDims?: boolean
}

const reducedAxes = (attrs: ReduceAttrs, rank: number) => axesOf(attrs.axis ?? attrs.reductionIndices, rank)

function reducedShape(shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  return keepDims ? shape.map((side, i) => (axes.includes(i) ? 1 : side)) : shape.filter((_, i) => !axes.includes(i))
}

/** A reduction over `axis`; tfjs gives `keepDims` to some kernels and reshapes itself for others. */
function reduction(type: string, resultType: (dtype: DType) => DType): Kernel {
  return kernel<ReduceAttrs>({
    inputs: ['x'],
    infer: ([x], attrs) => [
      typed(resultType(x!.dtype), reducedShape(x!.shape, reducedAxes(attrs, x!.shape.length), attrs.keepDims === true)),
    ],
    lower: (onnx, [x], { attrs, inputs, outputs }) => {
      const { shape, dtype } = inputs[0]!
      const axes = reducedAxes(attrs, shape.length)
      // ONNX Runtime reduces no bools.
      const as = outputs[0]!.dtype === 'bool' ? 'int32' : outputs[0]!.dtype
      const input = dtype === as ? x! : onnx.cast(x!, as)
      if (axes.every((axis) => shape[axis] === 1))
        return [toType(onnx, onnx.reshape(input, outputs[0]!.shape), as, outputs[0]!)]
      const reduced = onnx.node(type, [input, onnx.ints(axes)], { keepdims: attrs.keepDims ? 1 : 0 })
      return [toType(onnx, reduced, as, outputs[0]!)]
    },
  })
}

const toType = (onnx: OnnxBuilder, name: string, from: DType, { dtype }: ValueType) =>
  from === dtype ? name : onnx.cast(name, dtype)
const same = (dtype: DType): DType => dtype
const sums = (dtype: DType): DType => (dtype === 'bool' ? 'int32' : dtype)

function argReduction(type: string): Kernel {
  return kernel<tf.ArgMaxAttrs>({
    inputs: ['x'],
    infer: ([x], { axis }) => [typed('int32', reducedShape(x!.shape, axesOf(axis ?? 0, x!.shape.length), false))],
    lower: (onnx, [x], { attrs, inputs }) => {
      const [axis] = axesOf(attrs.axis ?? 0, inputs[0]!.shape.length)
      const input = inputs[0]!.dtype === 'bool' ? onnx.cast(x!, 'int32') : x!
      return [onnx.cast(onnx.node(type, [input], { axis: axis!, keepdims: 0 }), 'int32')]
    },
  })
}

/** Sums, means, extremes, running sums and order statistics. */
export const reduce: KernelTable = {
  Sum: reduction('ReduceSum', sums),
  Mean: reduction('ReduceMean', () => 'float32'),
  Max: reduction('ReduceMax', same),
  Min: reduction('ReduceMin', same),
  Prod: reduction('ReduceProd', sums),
  All: reduction('ReduceMin', () => 'bool'),
  Any: reduction('ReduceMax', () => 'bool'),
  ArgMax: argReduction('ArgMax'),
  ArgMin: argReduction('ArgMin'),
  Cumsum: kernel<tf.CumsumAttrs>({
    inputs: ['x'],
    infer: ([x]) => [typed(sums(x!.dtype), x!.shape)],
    lower: (onnx, [x], { attrs, inputs }) => {
      const input = inputs[0]!.dtype === 'bool' ? onnx.cast(x!, 'int32') : x!
      const [axis] = axesOf(attrs.axis, inputs[0]!.shape.length)
      return [
        onnx.node('CumSum', [input, onnx.scalar('int64', axis!)], {
          exclusive: Number(attrs.exclusive),
          reverse: Number(attrs.reverse),
        }),
      ]
    },
  }),
  TopK: kernel<tf.TopKAttrs>({
    inputs: ['x'],
    takes: numeric,
    many: true,
    infer: ([x], { k }) => {
      const shape = [...x!.shape.slice(0, -1), k]
      return [typed(x!.dtype, shape), typed('int32', shape)]
    },
    lower: (onnx, [x], { attrs }) => {
      const [values, indices] = onnx.nodes('TopK', [x!, onnx.ints([attrs.k])], { axis: -1, sorted: 1 }, 2)
      return [values!, onnx.cast(indices!, 'int32')]
    },
  }),
}
