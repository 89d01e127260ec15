import * as tf from '@tensorflow/tfjs-core'
import type { OnnxBuilder } from '../onnx/builder'
import type { ValueType } from '../program'
import { sameShape } from '../trace/graph'
import { foldSameShape, foldUniform } from './folding'
import { axesOf, kernel, typed, type KernelTable } from './kernel'

type Paddings = readonly (readonly [before: number, after: number])[]

/** The numbers of one side of a slice, as ONNX `Slice` wants them. */
function slice(
  onnx: OnnxBuilder,
  x: string,
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[],
  steps?: readonly number[],
) {
  return onnx.node('Slice', [
    x,
    onnx.ints(starts),
    onnx.ints(ends),
    onnx.ints(axes),
    ...(steps ? [onnx.ints(steps)] : []),
  ])
}

const padded = ({ shape, dtype }: ValueType, paddings: Paddings): ValueType =>
  typed(
    dtype,
    shape.map((side, i) => side + paddings[i]![0] + paddings[i]![1]),
  )

/** ONNX lists all the pads before, then all after. */
const pads = (onnx: OnnxBuilder, paddings: Paddings): string =>
  onnx.ints([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)])

/** Indices along an axis mirrored at its edges, the edges themselves repeated. */
const symmetric = (side: number, before: number, after: number): number[] =>
  Array.from({ length: before + side + after }, (_, i) => {
    const at = i - before
    return at < 0 ? -1 - at : at < side ? at : 2 * side - 1 - at
  })

/** Kernels that take parts of a tensor or put margins around it. */
export const slices: KernelTable = {
  Slice: kernel<tf.SliceAttrs>({
    inputs: ['x'],
    infer: ([x], { begin, size }) => {
      return [typed(x!.dtype, sliced(x!.shape, begin, size).sizes)]
    },
    fold: foldSameShape,
    lower: (onnx, [x], { attrs, inputs }) => {
      const from = inputs[0]!.shape
      const { starts, sizes } = sliced(from, attrs.begin, attrs.size)
      const axes = from.map((_, i) => i).filter((i) => sizes[i] !== from[i])
      return [
        slice(
          onnx,
          x!,
          axes.map((i) => starts[i]!),
          axes.map((i) => starts[i]! + sizes[i]!),
          axes,
        ),
      ]
    },
  }),
  StridedSlice: kernel<tf.StridedSliceAttrs>({
    inputs: ['x'],
    infer: ([x], attrs) => [typed(x!.dtype, stridedSlice(x!.shape, attrs).finalShape)],
    lower: (onnx, [x], { attrs, inputs }) => {
      const { begin, end, strides, finalShape } = stridedSlice(inputs[0]!.shape, attrs)
      const axes = begin.map((_, i) => i)
      const ends = end.map((e, i) => (strides[i]! < 0 && e < 0 ? -(2 ** 31) : e))
      return [onnx.reshape(slice(onnx, x!, begin, ends, axes, strides), finalShape)]
    },
  }),
  Reverse: kernel<tf.ReverseAttrs>({
    inputs: ['x'],
    infer: ([x]) => [x!],
    fold: foldUniform,
    lower: (onnx, [x], { attrs, inputs }) => {
      const axes = axesOf(attrs.dims, inputs[0]!.shape.length)
      const all = <T>(item: T) => axes.map(() => item)
      return [slice(onnx, x!, all(-1), all(-(2 ** 31)), axes, all(-1))]
    },
  }),
  PadV2: kernel<tf.PadV2Attrs>({
    inputs: ['x'],
    infer: ([x], { paddings }) => [padded(x!, paddings)],
    fold: ({ inputs, type }) => (sameShape(inputs[0]!.shape, type.shape) ? inputs[0] : undefined),
    lower: (onnx, [x], { attrs: { paddings, constantValue }, inputs }) => [
      onnx.node('Pad', [x!, pads(onnx, paddings), onnx.scalar(inputs[0]!.dtype, constantValue ?? 0)]),
    ],
  }),
  MirrorPad: kernel<tf.MirrorPadAttrs>({
    inputs: ['x'],
    infer: ([x], { paddings }) => [padded(x!, paddings)],
    fold: foldSameShape,
    lower: (onnx, [x], { attrs: { paddings, mode }, inputs }) => {
      if (mode === 'reflect') return [onnx.node('Pad', [x!, pads(onnx, paddings)], { mode: 'reflect' })]
      return [
        paddings.reduce((name, [before, after], axis) => {
          if (before + after === 0) return name
          return onnx.node('Gather', [name, onnx.ints(symmetric(inputs[0]!.shape[axis]!, before, after))], { axis })
        }, x!),
      ]
    },
  }),
}

function sliced(
  from: readonly number[],
  begin: number | number[],
  size: number | number[],
): { starts: number[]; sizes: number[] } {
  const [starts, sizes] = tf.slice_util.parseSliceParams(
    { shape: from, rank: from.length } as unknown as tf.Tensor,
    begin,
    size,
  )
  return { starts: starts!, sizes: sizes! }
}

function stridedSlice(from: readonly number[], a: tf.StridedSliceAttrs) {
  return tf.slice_util.sliceInfo(
    [...from],
    a.begin,
    a.end,
    a.strides,
    a.beginMask,
    a.endMask,
    a.ellipsisMask,
    a.newAxisMask,
    a.shrinkAxisMask,
  )
}
