import { sizeOf } from '../../lib/ndarray'
import type { OnnxBuilder } from '../onnx/builder'
import { tapsOf, type ConvolutionAttrs, type ConvolutionGeometry } from '../ops/convolution'
import { padded, tapViews } from './convolution-taps'

type Shape = readonly number[]

/**
 * Most positions of a plane for which one matrix product over the whole batch, with what the filter sees laid out for it, is faster than ONNX Runtime's
 * convolutions, which multiply each item of the batch apart: for a convolution, and for its gradients.
 */
const FEW_POSITIONS = { conv: 4, gradient: 16 } as const

/** Whether a convolution over a plane, or a gradient of it, is better computed by columns. */
export const isCompact = (
  kind: keyof typeof FEW_POSITIONS,
  positions: Shape,
  { groups }: ConvolutionGeometry,
): boolean => positions.length === 2 && groups === 1 && sizeOf(positions) <= FEW_POSITIONS[kind]

/** Whether the strides over a plane, alike along both axes, cut the filter into whole pieces. */
export const cutsEvenly = (kernel: Shape, { strides, dilations, groups }: ConvolutionGeometry): boolean =>
  kernel.length === 2 &&
  groups === 1 &&
  strides[0]! > 1 &&
  strides[1] === strides[0] &&
  kernel.every((count, axis) => count % strides[axis]! === 0 && dilations[axis] === 1)

/** y [batch, out, ...positions] → [out, batch · positions]. */
export function rowsOf(onnx: OnnxBuilder, y: string, [batch, out, ...positions]: Shape): string {
  const across = batch === 1 ? y : onnx.node('Transpose', [y], { perm: [1, 0, 2, 3] })
  return onnx.reshape(across, [out!, batch! * sizeOf(positions)])
}

/**
 * For a filter cut evenly by its stride: x in squares of the stride, each square's elements taken as channels, as the kernel / stride taps of a filter
 * without stride see it: each [channels · stride², batch · positions].
 */
export function squaresSeen(
  onnx: OnnxBuilder,
  x: string,
  xShape: Shape,
  kernel: Shape,
  positions: Shape,
  { strides, pads }: ConvolutionGeometry,
): string[] {
  const [batch, channels, ...space] = xShape as [number, number, ...number[]]
  const stride = strides[0]!
  const taps = kernel.map((count) => count / stride)
  const before = pads.map(([pad]) => pad)
  const pieces = positions.map((count, axis) => count + taps[axis]! - 1)
  const after = pieces.map((count, axis) => count * stride - space[axis]! - before[axis]!)
  const across = onnx.node('Transpose', [padded(onnx, x, before, after)], { perm: [1, 0, 2, 3] })
  const cut = onnx.node('SpaceToDepth', [across], { blocksize: stride })
  const rows = channels * stride ** 2
  const squares = onnx.reshape(cut, [rows, batch, ...pieces])
  return tapsOf(taps).map((tap) => {
    const ends = positions.map((count, axis) => tap[axis]! + count)
    const seen =
      sizeOf(taps) === 1 ? squares : onnx.node('Slice', [squares, onnx.ints(tap), onnx.ints(ends), onnx.ints([2, 3])])
    return onnx.reshape(seen, [rows, batch * sizeOf(positions)])
  })
}

/**
 * What `squaresSeen` lists, or products with it, in the order of the filter's taps: parts [length · stride², tail], one for each of kernel / stride taps,
 * → [length, kernel[0], kernel[1], tail], flat.
 */
export function inOrderOfTaps(
  onnx: OnnxBuilder,
  parts: readonly string[],
  kernel: Shape,
  stride: number,
  [length, tail]: readonly [number, number],
): string {
  const inTurn = (names: readonly string[], before: number, after: number) => {
    const blocks = names.map((name) => onnx.reshape(name, [before, 1, after]))
    return blocks.length === 1 ? blocks[0]! : onnx.node('Concat', blocks, { axis: 1 })
  }
  const [high, wide] = kernel as [number, number]
  const rows = Array.from({ length: high / stride }, (_, i) => {
    const row = parts.slice((i * wide) / stride, ((i + 1) * wide) / stride)
    return inTurn(row, length * stride, stride * tail)
  })
  return inTurn(rows, length, stride * wide * tail)
}

/** What a filter sees of x [batch, channels, ...space] at each position: [channels · taps, batch · positions]. */
export function columnsOf(
  onnx: OnnxBuilder,
  x: string,
  xShape: Shape,
  kernel: Shape,
  positions: Shape,
  geometry: ConvolutionGeometry,
): string {
  const [batch, channels] = xShape as [number, number]
  const width = batch * sizeOf(positions)
  const shape = [channels * sizeOf(kernel), width]
  if (cutsEvenly(kernel, geometry)) {
    const squares = squaresSeen(onnx, x, xShape, kernel, positions, geometry)
    return onnx.reshape(inOrderOfTaps(onnx, squares, kernel, geometry.strides[0]!, [channels, width]), shape)
  }
  const across = (name: string) => (batch === 1 ? name : onnx.node('Transpose', [name], { perm: [1, 0, 2, 3] }))
  const views = tapViews(onnx, across, x, xShape, positions, tapsOf(kernel), geometry)
  const each = views.map((view) => onnx.reshape(view, [channels, 1, width]))
  return onnx.reshape(each.length === 1 ? each[0]! : onnx.node('Concat', each, { axis: 1 }), shape)
}

/** A convolution as one product of the filter with the columns of x. */
export function lowerConvByColumns(
  onnx: OnnxBuilder,
  [x, filter]: readonly [string, string],
  [xShape, filterShape]: readonly [Shape, Shape],
  attrs: ConvolutionAttrs,
): string {
  const [batch, out, ...positions] = attrs.shape as [number, number, ...number[]]
  const columns = columnsOf(onnx, x, xShape, filterShape.slice(2), positions, attrs)
  const product = onnx.node('Gemm', [onnx.reshape(filter, [out, sizeOf(filterShape.slice(1))]), columns])
  return onnx.node('Transpose', [onnx.reshape(product, [out, batch, ...positions])], { perm: [1, 0, 2, 3] })
}

/** The gradient of a convolution's input: what the filter gives to each place that it saw, from one product, added up. */
export function lowerInputGradientByColumns(
  onnx: OnnxBuilder,
  [dy, filter]: readonly [string, string],
  [dyShape, filterShape]: readonly [Shape, Shape],
  { shape, strides, dilations, pads }: ConvolutionAttrs,
): string {
  const [batch, out, ...positions] = dyShape as [number, number, ...number[]]
  const rows = sizeOf(filterShape.slice(1))
  const product = onnx.node('Gemm', [onnx.reshape(filter, [out, rows]), rowsOf(onnx, dy, dyShape)], { transA: 1 })
  const given = onnx.reshape(product, [rows, batch, sizeOf(positions)])
  return onnx.node(
    'Col2Im',
    [onnx.node('Transpose', [given], { perm: [1, 0, 2] }), onnx.ints(shape.slice(2)), onnx.ints(filterShape.slice(2))],
    { strides, dilations, pads: [...pads.map(([before]) => before), ...pads.map(([, after]) => after)] },
  )
}
