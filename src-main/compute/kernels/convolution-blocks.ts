import { sizeOf } from '../../lib/ndarray'
import type { OnnxBuilder } from '../onnx/builder'
import { BLOCKED } from '../onnx/encode'
import type { ConvolutionAttrs, ConvolutionGeometry } from '../ops/convolution'
import { padded } from './convolution-taps'

/*
 * ONNX Runtime's fastest convolutions on the processor read planes with their channels in blocks: [batch, channels / block, height, width, block]. It lays
 * out so itself what has constant filters; here it is done where filters are trained or computed. `builder.block` says how many channels make a block.
 */

type Shape = readonly number[]

/** Input and output channels below which the gradient of a filter is as fast by other ways. */
const FEW_CHANNELS = 16

const fills = (block: number, ...counts: number[]) => block > 0 && counts.every((count) => count % block === 0)

const isPlane = ({ groups }: ConvolutionGeometry, taps: Shape) => groups === 1 && taps.length === 2 && sizeOf(taps) > 1

/** Whether a convolution is faster by blocks: over a plane, of more than one tap, by a filter [out, channels, ...taps] that ONNX Runtime cannot prepare, both full blocks. */
export const convolvesByBlocks = (
  onnx: OnnxBuilder,
  filter: string,
  [out, channels, ...taps]: Shape,
  attrs: ConvolutionGeometry,
): boolean => isPlane(attrs, taps) && fills(onnx.block, out!, channels!) && !onnx.isConstant(filter)

/** A filter [out, channels, ...taps] with both in blocks; with fewer channels than a block, as pictures have, they alone stay as they are. `out` fills its blocks. */
export function filterInBlocks(onnx: OnnxBuilder, filter: string, [out, channels, ...taps]: Shape): string {
  const { block } = onnx
  const few = channels! < block
  const parts = [out! / block, block, ...(few ? [channels!] : [channels! / block, block]), ...taps]
  const perm = few ? [0, 2, 3, 4, 1] : [0, 2, 4, 5, 3, 1]
  const inBlocks = onnx.node('Transpose', [onnx.reshape(filter, parts)], { perm })
  return onnx.reshape(inBlocks, [out!, channels!, ...taps])
}

/** A convolution with ONNX's attributes, its operands laid out in blocks and its result laid out as usual. */
export function lowerConvByBlocks(
  onnx: OnnxBuilder,
  [x, filter]: readonly [string, string],
  shape: Shape,
  attributes: Record<string, number | Shape>,
): string {
  return convolved(
    onnx,
    onnx.node('ReorderInput', [x], {}, BLOCKED),
    filterInBlocks(onnx, filter, shape),
    shape[0]!,
    attributes,
  )
}

const convolved = (
  onnx: OnnxBuilder,
  x: string,
  filter: string,
  channels: number,
  attributes: Record<string, number | Shape>,
) => onnx.node('ReorderOutput', [onnx.node('Conv', [x, filter], attributes, BLOCKED)], { channels }, BLOCKED)

/** Whether the gradient of a filter is faster by blocks, of which items of the batch take the part of channels. */
export const takesGradientByBlocks = (
  onnx: OnnxBuilder,
  batch: number,
  { shape, ...attrs }: ConvolutionAttrs,
): boolean => {
  const [out, channels, ...taps] = shape as [number, number, ...number[]]
  const many = out > FEW_CHANNELS || channels > FEW_CHANNELS
  return many && isPlane(attrs, taps) && fills(onnx.block, out, batch)
}

/**
 * The filter's gradient as one convolution: of x with the channels for items and the items for channels, by a filter as large as dy. Its output are the
 * taps, its strides the filter's dilations, its dilations the filter's strides.
 */
export function lowerFilterGradientByBlocks(
  onnx: OnnxBuilder,
  [x, dy]: readonly [string, string],
  [xShape, dyShape]: readonly [Shape, Shape],
  { shape, strides, dilations, pads }: ConvolutionAttrs,
): string {
  const { block } = onnx
  const [batch, , ...space] = xShape as [number, number, ...number[]]
  const [out, , ...taps] = shape as [number, number, ...number[]]
  const positions = dyShape.slice(2)
  const before = pads.map(([pad]) => pad)
  const seen = taps.map((count, axis) => (count - 1) * dilations[axis]! + (positions[axis]! - 1) * strides[axis]! + 1)
  const after = seen.map((side, axis) => side - space[axis]! - before[axis]!)
  // Padded here: that convolution computes what lies in its padding one position at a time.
  const across = onnx.node('Transpose', [padded(onnx, x, before, after)], { perm: [1, 0, 2, 3] })
  const parts = onnx.reshape(onnx.node('ReorderInput', [dy], {}, BLOCKED), [
    ...[batch / block, block, out / block],
    ...[sizeOf(positions), block],
  ])
  const filter = onnx.reshape(onnx.node('Transpose', [parts], { perm: [2, 0, 3, 1, 4] }), [out, batch, ...positions])
  const gradient = convolved(onnx, onnx.node('ReorderInput', [across], {}, BLOCKED), filter, out, {
    ...{ kernel_shape: positions, strides: dilations, dilations: strides, group: 1, pads: [0, 0, 0, 0] },
  })
  return onnx.node('Transpose', [gradient], { perm: [1, 0, 2, 3] })
}
