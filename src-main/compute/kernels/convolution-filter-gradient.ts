import { sizeOf } from '../../lib/ndarray'
import type { OnnxBuilder } from '../onnx/builder'
import { tapsOf, type ConvolutionAttrs } from '../ops/convolution'
import { lowerFilterGradientByBlocks, takesGradientByBlocks } from './convolution-blocks'
import { columnsOf, cutsEvenly, inOrderOfTaps, isCompact, rowsOf, squaresSeen } from './convolution-columns'
import { lowerByShifts, prefersShifts } from './convolution-shifts'
import { padded, tapViews } from './convolution-taps'

type Shape = readonly number[]

/** Filters that see fewer channels than this multiply all their taps at once. */
const FEW_CHANNELS = 16

/** Strided filters with more taps than this, such as those that upsample spectrogram frames to samples, take all taps of a stride as channels. */
const MANY_TAPS = 64

/**
 * dw [out, channels / groups, ...kernel] as matrix products of dy with what each tap of the filter sees of x: ONNX Runtime multiplies matrices five times
 * faster than it convolves with a filter as long as dy.
 */
export function lowerFilterGradient(
  onnx: OnnxBuilder,
  [x, dy]: readonly [string, string],
  [xShape, dyShape]: readonly [Shape, Shape],
  attrs: ConvolutionAttrs,
): string {
  const { shape, groups } = attrs
  const [out, perGroup, ...kernel] = shape as [number, number, ...number[]]
  const batch = xShape[0]!
  const positions = dyShape.slice(2)
  const taps = tapsOf(kernel)
  if (perGroup === 1 && groups > 1) return lowerDepthwise(onnx, [x, dy], [xShape, dyShape], attrs)
  if (taps.length > MANY_TAPS && isSteep(attrs)) return lowerSteep(onnx, [x, dy], [xShape, dyShape], attrs)

  if (isCompact('gradient', positions, attrs)) return lowerByColumns(onnx, [x, dy], [xShape, dyShape], attrs)
  if (takesGradientByBlocks(onnx, batch, attrs))
    return lowerFilterGradientByBlocks(onnx, [x, dy], [xShape, dyShape], attrs)
  if (perGroup >= FEW_CHANNELS && cutsEvenly(kernel, attrs))
    return lowerBySquares(onnx, [x, dy], [xShape, dyShape], attrs)
  if (prefersShifts(attrs)) return lowerByShifts(onnx, [x, dy], [xShape, dyShape], attrs)
  const batchInside = batch === 1 || prefersBatchInside(xShape, dyShape, attrs)
  const swap = batchInside && batch > 1

  const turned = (name: string) =>
    swap ? onnx.node('Transpose', [name], { perm: [1, 0, ...positions.map((_, axis) => axis + 2)] }) : name
  const rows = (name: string, count: number) => {
    if (!batchInside) return onnx.reshape(name, [batch, groups, count, sizeOf(positions)])
    const length = batch * sizeOf(positions)
    return onnx.reshape(name, groups === 1 ? [count, length] : [groups, count, length])
  }
  const rank = !batchInside ? 4 : groups === 1 ? 2 : 3

  const left = rows(turned(dy), out / groups)
  const seen = tapViews(onnx, turned, x, xShape, positions, taps, attrs).map((view) => rows(view, perGroup))
  const product = (right: string): string => {
    if (rank === 2) return onnx.node('Gemm', [left, right], { transB: 1 })
    const perm = rank === 3 ? [0, 2, 1] : [0, 1, 3, 2]
    const each = onnx.node('MatMul', [left, onnx.node('Transpose', [right], { perm })])
    return batchInside ? each : onnx.node('ReduceSum', [each, onnx.ints([0])], { keepdims: 0 })
  }

  if (perGroup < FEW_CHANNELS && taps.length > 1) {
    const all = onnx.reshape(product(onnx.node('Concat', seen, { axis: rank - 2 })), [out, taps.length, perGroup])
    return onnx.reshape(onnx.node('Transpose', [all], { perm: [0, 2, 1] }), shape)
  }
  return byTap(
    onnx,
    seen.map((view) => product(view)),
    shape,
  )
}

const isSteep = ({ strides, dilations, groups, shape }: ConvolutionAttrs) =>
  shape.length === 3 && groups === 1 && strides[0]! > 1 && dilations[0] === 1

/** Over one axis: x cut into pieces of one stride, each piece's elements taken as channels, leaves a filter of ⌈taps / stride⌉ taps and no stride. */
function lowerSteep(
  onnx: OnnxBuilder,
  [x, dy]: readonly [string, string],
  [xShape, dyShape]: readonly [Shape, Shape],
  { shape, strides, pads, ...attrs }: ConvolutionAttrs,
): string {
  const [batch, channels, length] = xShape as [number, number, number]
  const [out, , count] = shape as [number, number, number]
  const stride = strides[0]!
  const taps = Math.ceil(count / stride)
  const pieces = dyShape[2]! + taps - 1
  const [before] = pads[0]!
  const whole = padded(onnx, x, [before], [pieces * stride - length - before])
  const cut = onnx.reshape(whole, [batch, channels, pieces, stride])
  const wide = onnx.reshape(onnx.node('Transpose', [cut], { perm: [0, 1, 3, 2] }), [batch, channels * stride, pieces])
  const geometry = { ...attrs, strides: [1], pads: [[0, 0]] as const, shape: [out, channels * stride, taps] }
  const wideShapes = [[batch, channels * stride, pieces], dyShape] as const
  const filter = onnx.reshape(lowerFilterGradient(onnx, [wide, dy], wideShapes, geometry), [
    out,
    channels,
    stride,
    taps,
  ])
  const inOrder = onnx.reshape(onnx.node('Transpose', [filter], { perm: [0, 1, 3, 2] }), [out, channels, taps * stride])
  if (taps * stride === count) return inOrder
  return onnx.node('Slice', [inOrder, ...[[0], [count], [2]].map((numbers) => onnx.ints(numbers))])
}

/** For few positions: a single product with all that the filter sees, laid out in the filter's own order. */
function lowerByColumns(
  onnx: OnnxBuilder,
  [x, dy]: readonly [string, string],
  [xShape, dyShape]: readonly [Shape, Shape],
  attrs: ConvolutionAttrs,
): string {
  const columns = columnsOf(onnx, x, xShape, attrs.shape.slice(2), dyShape.slice(2), attrs)
  return onnx.reshape(onnx.node('Gemm', [rowsOf(onnx, dy, dyShape), columns], { transB: 1 }), attrs.shape)
}

/** For strided filters over a plane: a product with each square of x of one stride, then the taps put in order. */
function lowerBySquares(
  onnx: OnnxBuilder,
  [x, dy]: readonly [string, string],
  [xShape, dyShape]: readonly [Shape, Shape],
  attrs: ConvolutionAttrs,
): string {
  const [out, channels, ...kernel] = attrs.shape as [number, number, ...number[]]
  const left = rowsOf(onnx, dy, dyShape)
  const squares = squaresSeen(onnx, x, xShape, kernel, dyShape.slice(2), attrs)
  const products = squares.map((square) => onnx.node('Gemm', [left, square], { transB: 1 }))
  return onnx.reshape(inOrderOfTaps(onnx, products, kernel, attrs.strides[0]!, [out * channels, 1]), attrs.shape)
}

/** Every channel has filters of its own: products element by element, summed. */
function lowerDepthwise(
  onnx: OnnxBuilder,
  [x, dy]: readonly [string, string],
  [xShape, dyShape]: readonly [Shape, Shape],
  attrs: ConvolutionAttrs,
): string {
  const { shape, groups } = attrs
  const positions = dyShape.slice(2)
  const rows = (name: string, count: number) => onnx.reshape(name, [xShape[0]!, groups, count, sizeOf(positions)])
  const left = rows(dy, shape[0]! / groups)
  const products = tapViews(onnx, (name) => name, x, xShape, positions, tapsOf(shape.slice(2)), attrs).map((view) => {
    const each = onnx.node('Mul', [left, rows(view, 1)])
    return onnx.node('ReduceSum', [each, onnx.ints([0, 3])], { keepdims: 0 })
  })
  return byTap(onnx, products, shape)
}

/** The filter [out, channels, ...kernel] whose taps are `parts`, each out · channels numbers. */
function byTap(onnx: OnnxBuilder, parts: readonly string[], shape: Shape): string {
  if (parts.length === 1) return onnx.reshape(parts[0]!, shape)
  const rows = parts.map((part) => onnx.reshape(part, [1, shape[0]! * shape[1]!]))
  return onnx.reshape(onnx.node('Transpose', [onnx.node('Concat', rows, { axis: 0 })], { perm: [1, 0] }), shape)
}

/** Whether to move the batch beside the positions, instead of a product for each item of the batch and a sum over them: by the numbers moved. */
function prefersBatchInside(xShape: Shape, dyShape: Shape, { shape }: ConvolutionAttrs): boolean {
  const transposed = sizeOf(xShape) + sizeOf(dyShape)
  const summed = xShape[0]! * sizeOf(shape)
  return 2 * summed > 3 * transposed
}
