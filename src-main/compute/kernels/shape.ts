import * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../../lib/errors'
import { sizeOf } from '../../lib/ndarray'
import type { OnnxBuilder } from '../onnx/builder'
import type { ValueType } from '../program'
import { sameShape, type Value } from '../trace/graph'
import { foldSameShape } from './folding'
import { axesOf, kernel, typed, type KernelTable } from './kernel'

/** `x` cut along `axis` into pieces of `sizes`; pieces that nothing reads are not cut. */
function cut(onnx: OnnxBuilder, x: string, axis: number, sizes: readonly number[]): string[] {
  if (sizes.length === 1) return [x]
  return onnx.nodes('Split', [x, onnx.ints(sizes)], { axis }, sizes.length)
}

/** Throws `bad-input` unless all have one dtype and one shape, except along `axis`. */
function alike(op: string, inputs: readonly ValueType[], axis?: number): void {
  const sides = ({ shape, dtype }: ValueType) => `${dtype} [${shape.map((side, i) => (i === axis ? '…' : side))}]`
  if (inputs.every((input) => sides(input) === sides(inputs[0]!))) return
  const found = inputs.map(({ shape, dtype }) => `${dtype} [${shape}]`).join(', ')
  throw new NagareError('bad-input', `${op} of ${found} does not fit.`)
}

/** Moves no element where only axes of length 1 change places. */
function keepsOrder(shape: readonly number[], perm: readonly number[]): boolean {
  const long = perm.filter((axis) => shape[axis] !== 1)
  return long.every((axis, i) => i === 0 || axis > long[i - 1]!)
}

/** `x` of `shape` with its axes in the order `perm`. */
export function transposed(onnx: OnnxBuilder, x: string, shape: readonly number[], perm: readonly number[]): string {
  if (!keepsOrder(shape, perm)) return onnx.node('Transpose', [x], { perm })
  return onnx.reshape(
    x,
    perm.map((axis) => shape[axis]!),
  )
}

/** What a transpose of `x` transposes in the end, and how, where `x` is a transpose itself. */
function untransposed(x: Value, perm: readonly number[]): { from: Value; order: readonly number[] } {
  if (x.node?.kernel !== 'Transpose') return { from: x, order: perm }
  const inner = x.node.attrs['perm'] as readonly number[]
  return { from: x.node.inputs[0]!, order: perm.map((axis) => inner[axis]!) }
}

/** Kernels that move numbers without computing any. */
export const shape: KernelTable = {
  Reshape: kernel<tf.ReshapeAttrs>({
    inputs: ['x'],
    infer: ([x], attrs) => {
      const size = sizeOf(x!.shape)
      const known = attrs.shape.reduce((product, side) => (side === -1 ? product : product * side), 1)
      const to = attrs.shape.map((side) => (side === -1 ? size / known : side))
      if (sizeOf(to) !== size || !to.every(Number.isInteger))
        throw new NagareError('bad-input', `[${x!.shape}] cannot be reshaped to [${attrs.shape}].`)
      return [typed(x!.dtype, to)]
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
      const { from, order } = untransposed(x!, perm)
      if (keepsOrder(from.shape, order))
        return sameShape(from.shape, type.shape)
          ? from
          : graph.call('Reshape', [from], { shape: type.shape }, [type])[0]
      return from === x ? undefined : graph.call('Transpose', [from], { perm: order }, [type])[0]
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
      alike('concat', inputs, at)
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
      alike('stack', inputs)
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
}
