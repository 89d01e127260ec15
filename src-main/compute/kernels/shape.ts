import * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../../lib/errors'
import { sizeOf, type DType } from '../../lib/ndarray'
import type { OnnxBuilder } from '../onnx/builder'
import { sameShape, type Value } from '../trace/graph'
import { axesOf, kernel, typed, type Folding, type Kernel, type KernelTable } from './kernel'

/** A rearrangement of a uniform constant is the same constant in another shape. */
const foldUniform = <A>({ graph, inputs: [x], type }: Folding<A>): Value | undefined =>
  x!.uniform === undefined ? undefined : graph.uniform(x!.uniform, type)

const foldSameShape = <A>(of: Folding<A>): Value | undefined =>
  sameShape(of.inputs[0]!.shape, of.type.shape) ? of.inputs[0] : foldUniform(of)

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

/** `x` cut along `axis` into pieces of `sizes`; pieces that nothing reads are not cut. */
function cut(onnx: OnnxBuilder, x: string, axis: number, sizes: readonly number[]): string[] {
  if (sizes.length === 1) return [x]
  return onnx.nodes('Split', [x, onnx.ints(sizes)], { axis }, sizes.length)
}

/** Moves no element where only axes of length 1 change places. */
function keepsOrder(shape: readonly number[], perm: readonly number[]): boolean {
  const long = perm.filter((axis) => shape[axis] !== 1)
  return long.every((axis, i) => i === 0 || axis > long[i - 1]!)
}

const filled = (number: number): Kernel => ({
  inputs: ['x'],
  infer: ([x]) => [x!],
  fold: ({ graph, type }) => graph.uniform(number, type),
  lower: (_, [x]) => [x!],
})

/** A kernel without inputs whose numbers follow from its attributes. */
function generated<A>(
  type: (attrs: A) => { shape: readonly number[]; dtype: DType },
  numbers: (attrs: A) => readonly number[],
): Kernel {
  return kernel<A>({
    inputs: [],
    infer: (_, attrs) => [type(attrs)],
    fold: ({ graph, attrs, type: of }) => graph.constant(numbers(attrs), of),
    lower: () => [],
  })
}

function rangeNumbers({ start, stop, step }: { start: number; stop: number; step?: number }): number[] {
  const by = step ?? (start <= stop ? 1 : -1)
  return Array.from({ length: Math.max(0, Math.ceil((stop - start) / by)) }, (_, i) => start + i * by)
}

/** Kernels that move numbers without computing any. */
export const shape: KernelTable = {
  Reshape: kernel<tf.ReshapeAttrs>({
    inputs: ['x'],
    infer: ([x], attrs) => {
      const size = sizeOf(x!.shape)
      const to = attrs.shape
      const known = to.reduce((product, side) => (side === -1 ? product : product * side), 1)
      return [
        typed(
          x!.dtype,
          to.map((side) => (side === -1 ? size / known : side)),
        ),
      ]
    },
    fold: (of) => {
      const inner = of.inputs[0]!.node
      if (!sameShape(of.inputs[0]!.shape, of.type.shape) && inner?.kernel === 'Reshape') {
        const original = inner.inputs[0]!
        if (sameShape(original.shape, of.type.shape)) return original
        return of.graph.call('Reshape', [original], { shape: of.type.shape }, [of.type])[0]
      }
      return foldSameShape(of)
    },
    lower: (onnx, [x], { outputs }) => [onnx.reshape(x!, outputs[0]!.shape)],
  }),
  ExpandDims: kernel<tf.ExpandDimsAttrs>({
    inputs: ['input'],
    infer: ([x], { dim }) => {
      const to = [...x!.shape]
      to.splice(dim < 0 ? dim + to.length + 1 : dim, 0, 1)
      return [typed(x!.dtype, to)]
    },
    fold: ({ graph, inputs: [x], type }) =>
      x!.uniform === undefined
        ? graph.call('Reshape', [x!], { shape: type.shape }, [type])[0]
        : graph.uniform(x!.uniform, type),
    lower: (onnx, [x], { outputs }) => [onnx.reshape(x!, outputs[0]!.shape)],
  }),
  Transpose: kernel<tf.TransposeAttrs>({
    inputs: ['x'],
    infer: ([x], { perm }) => [
      typed(
        x!.dtype,
        perm.map((axis) => x!.shape[axis]!),
      ),
    ],
    fold: ({ graph, inputs: [x], attrs: { perm }, type }) => {
      if (x!.uniform !== undefined) return graph.uniform(x!.uniform, type)
      if (!keepsOrder(x!.shape, perm)) return undefined
      return sameShape(x!.shape, type.shape) ? x : graph.call('Reshape', [x!], { shape: type.shape }, [type])[0]
    },
    lower: (onnx, [x], { attrs }) => [onnx.node('Transpose', [x!], { perm: attrs.perm })],
  }),
  Tile: kernel<tf.TileAttrs>({
    inputs: ['x'],
    repeats: true,
    infer: ([x], { reps }) => [
      typed(
        x!.dtype,
        x!.shape.map((side, i) => side * reps[i]!),
      ),
    ],
    fold: foldSameShape,
    lower: (onnx, [x], { attrs, inputs, outputs }) => {
      const stretches = attrs.reps.every((rep, i) => rep === 1 || inputs[0]!.shape[i] === 1)
      return [onnx.node(stretches ? 'Expand' : 'Tile', [x!, onnx.ints(stretches ? outputs[0]!.shape : attrs.reps)])]
    },
  }),
  Concat: kernel<tf.ConcatAttrs>({
    inputs: 'list',
    infer: (inputs, { axis }) => {
      const [at] = axesOf(axis, inputs[0]!.shape.length)
      const total = inputs.reduce((sum, input) => sum + input.shape[at!]!, 0)
      return [
        typed(
          inputs[0]!.dtype,
          inputs[0]!.shape.map((side, i) => (i === at ? total : side)),
        ),
      ]
    },
    fold: ({ inputs }) => (inputs.length === 1 ? inputs[0] : undefined),
    lower: (onnx, names, { attrs, inputs }) => [
      onnx.node('Concat', names, { axis: axesOf(attrs.axis, inputs[0]!.shape.length)[0]! }),
    ],
  }),
  Pack: kernel<tf.PackAttrs>({
    inputs: 'list',
    infer: (inputs, { axis }) => {
      const to = [...inputs[0]!.shape]
      to.splice(axis < 0 ? axis + to.length + 1 : axis, 0, inputs.length)
      return [typed(inputs[0]!.dtype, to)]
    },
    lower: (onnx, names, { attrs, inputs }) => {
      const one = [...inputs[0]!.shape]
      const axis = attrs.axis < 0 ? attrs.axis + one.length + 1 : attrs.axis
      one.splice(axis, 0, 1)
      const parts = names.map((name) => onnx.reshape(name, one))
      return [parts.length === 1 ? parts[0]! : onnx.node('Concat', parts, { axis })]
    },
  }),
  Unpack: kernel<tf.UnpackAttrs>({
    inputs: ['value'],
    many: true,
    infer: ([x], { axis }) => {
      const [at] = axesOf(axis, x!.shape.length)
      const part = typed(
        x!.dtype,
        x!.shape.filter((_, i) => i !== at),
      )
      return Array.from({ length: x!.shape[at!]! }, () => part)
    },
    lower: (onnx, [x], { attrs, inputs, outputs }) => {
      const [axis] = axesOf(attrs.axis, inputs[0]!.shape.length)
      return cut(
        onnx,
        x!,
        axis!,
        outputs.map(() => 1),
      ).map((part, i) => onnx.reshape(part, outputs[i]!.shape))
    },
  }),
  SplitV: kernel<tf.SplitVAttrs>({
    inputs: ['x'],
    many: true,
    infer: ([x], { numOrSizeSplits, axis }) => {
      const [at] = axesOf(axis, x!.shape.length)
      const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor & typeof x, numOrSizeSplits, at)
      return sizes.map((size) =>
        typed(
          x!.dtype,
          x!.shape.map((side, i) => (i === at ? size : side)),
        ),
      )
    },
    lower: (onnx, [x], { attrs, inputs, outputs }) => {
      const [axis] = axesOf(attrs.axis, inputs[0]!.shape.length)
      return cut(
        onnx,
        x!,
        axis!,
        outputs.map((output) => output.shape[axis!]!),
      )
    },
  }),
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
    infer: ([x], { paddings }) => [
      typed(
        x!.dtype,
        x!.shape.map((side, i) => side + paddings[i]![0] + paddings[i]![1]),
      ),
    ],
    fold: ({ inputs, type }) => (sameShape(inputs[0]!.shape, type.shape) ? inputs[0] : undefined),
    lower: (onnx, [x], { attrs: { paddings, constantValue }, inputs }) => {
      const pads = onnx.ints([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)])
      return [onnx.node('Pad', [x!, pads, onnx.scalar(inputs[0]!.dtype, constantValue ?? 0)])]
    },
  }),
  MirrorPad: kernel<tf.MirrorPadAttrs>({
    inputs: ['x'],
    infer: ([x], { paddings, mode }) => {
      if (mode !== 'reflect')
        throw new NagareError('unsupported', `mirrorPad in the mode "${mode}" has no lowering to ONNX; "reflect" has.`)
      return [
        typed(
          x!.dtype,
          x!.shape.map((side, i) => side + paddings[i]![0] + paddings[i]![1]),
        ),
      ]
    },
    lower: (onnx, [x], { attrs: { paddings } }) => {
      const pads = onnx.ints([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)])
      return [onnx.node('Pad', [x!, pads], { mode: 'reflect' })]
    },
  }),
  ZerosLike: filled(0),
  OnesLike: filled(1),
  Fill: generated<tf.FillAttrs>(
    (attrs) => ({ shape: attrs.shape, dtype: (attrs.dtype ?? 'float32') as DType }),
    (attrs) => new Array<number>(sizeOf(attrs.shape)).fill(attrs.value as number),
  ),
  Range: generated<tf.RangeAttrs>(
    (attrs) => ({ shape: [rangeNumbers(attrs).length], dtype: attrs.dtype as DType }),
    rangeNumbers,
  ),
  LinSpace: generated<tf.LinSpaceAttrs>(
    ({ num }) => ({ shape: [num], dtype: 'float32' }),
    ({ start, stop, num }) =>
      Array.from({ length: num }, (_, i) => (num === 1 ? start : start + (i * (stop - start)) / (num - 1))),
  ),
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
