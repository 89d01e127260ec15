import { sizeOf } from '../../lib/ndarray'
import { filterInBlocks } from '../kernels/convolution-blocks'
import type { ConvolutionAttrs } from '../ops/convolution'
import type { OnnxBuilder } from './builder'
import { BLOCKED } from './encode'

type Shape = readonly number[]

/** Before any element. */
const START = -(2 ** 31)

/** Along one axis: which taps make every stride-th element of the result from the `offset`-th on, and the padding with which they do. */
interface Phase {
  /** The first of the taps that are a stride apart; they are read from the last to the first. */
  first: number
  pads: readonly [before: number, after: number]
}

/** The phases along an axis of a transposed convolution, one for each element of a stride, after whose number the result is cut evenly. */
function phasesOf({ strides, pads, shape }: ConvolutionAttrs, axis: number, length: number, count: number): Phase[] {
  const stride = strides[axis]!
  const taps = count / stride
  return Array.from({ length: stride }, (_, offset) => {
    const reached = offset + pads[axis]![0]
    const before = taps - 1 - Math.floor(reached / stride)
    const after = shape[axis + 2]! / stride - length - before + taps - 1
    return { first: reached % stride, pads: [before, after] as const }
  })
}

/** Whether a transposed convolution of planes, x [batch, channels, ...] by a filter [channels, out, ...taps], falls into convolutions without stride, each for a part of the result. */
export function hasPhases(
  attrs: ConvolutionAttrs,
  xShape: Shape,
  [channels, out, ...taps]: Shape,
  block: number,
): boolean {
  const { strides, dilations, groups, shape } = attrs
  if (taps.length !== 2 || groups !== 1 || channels! % block !== 0 || out! % block !== 0) return false
  if (dilations.some((dilation) => dilation !== 1) || strides.every((stride) => stride === 1)) return false
  return taps.every(
    (count, axis) =>
      count % strides[axis]! === 0 &&
      shape[axis + 2]! % strides[axis]! === 0 &&
      phasesOf(attrs, axis, xShape[axis + 2]!, count).every(({ pads }) => pads.every((pad) => pad >= 0)),
  )
}

/**
 * A transposed convolution with a stride as one convolution for each place within a stride, and their results side by side: what ONNX Runtime's own does by a
 * product and additions all over the result. x and the result are in blocks, the filter [channels, out, ...taps] is not.
 */
export function convolvedByPhases(
  onnx: OnnxBuilder,
  [x, filter]: readonly [string, string],
  [xShape, filterShape]: readonly [Shape, Shape],
  attrs: ConvolutionAttrs,
): string {
  const { block } = onnx
  const { strides, shape } = attrs
  const [channels, out, ...taps] = filterShape as [number, number, number, number]
  const [down, across] = [0, 1].map((axis) => phasesOf(attrs, axis, xShape[axis + 2]!, taps[axis]!)) as [
    Phase[],
    Phase[],
  ]
  const few = taps.map((count, axis) => count / strides[axis]!)
  const turned = onnx.node('Transpose', [filter], { perm: [1, 0, 2, 3] })
  const phase = (row: Phase, column: Phase) => {
    const lasts = [row, column].map(({ first }, axis) => first + strides[axis]! * (few[axis]! - 1))
    const cut = [lasts, [START, START], [2, 3], strides.map((stride) => -stride)].map((numbers) => onnx.ints(numbers))
    const own = onnx.node('Slice', [turned, ...cut])
    const pads = [row.pads[0], column.pads[0], row.pads[1], column.pads[1]]
    const geometry = { kernel_shape: few, strides: [1, 1], dilations: [1, 1], group: 1, pads }
    return onnx.node('Conv', [x, filterInBlocks(onnx, own, [out, channels, ...few])], geometry, BLOCKED)
  }
  /** Runs of `length` numbers of each of the parts in turn. */
  const inTurn = (parts: readonly string[], length: number) => {
    const runs = parts.map((part) => onnx.reshape(part, [-1, length]))
    return runs.length === 1 ? runs[0]! : onnx.node('Concat', runs, { axis: 1 })
  }
  const rows = down.map((row) =>
    inTurn(
      across.map((column) => phase(row, column)),
      block,
    ),
  )
  return onnx.reshape(inTurn(rows, sizeOf(shape.slice(3)) * block), shape)
}
