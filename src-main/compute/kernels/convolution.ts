import { sizeOf } from '../../lib/ndarray'
import type { OnnxBuilder } from '../onnx/builder'
import { reachOf, type ConvolutionAttrs, type ConvolutionGeometry } from '../ops/convolution'
import { convolvesByBlocks, lowerConvByBlocks } from './convolution-blocks'
import { isCompact, lowerConvByColumns, lowerInputGradientByColumns } from './convolution-columns'
import { lowerFilterGradient } from './convolution-filter-gradient'
import type { Value } from '../trace/graph'
import { float, kernel, type Kernel, type KernelTable } from './kernel'

type Shape = readonly number[]

/** Attributes of ONNX `Conv` and `ConvTranspose`; ONNX lists all the pads before, then all after. */
function onnxGeometry({ strides, dilations, groups }: ConvolutionGeometry, pads: ConvolutionGeometry['pads']) {
  return {
    strides,
    dilations,
    group: groups,
    pads: [...pads.map(([before]) => before), ...pads.map(([, after]) => after)],
  }
}

/**
 * filter [out, channels / groups, ...kernel] → [channels, out / groups, ...kernel] with its taps backwards: inputs and outputs of each group change places.
 * Taps are reversed as the first axis, where that only moves whole blocks.
 */
function turned(onnx: OnnxBuilder, filter: string, [out, perGroup, ...taps]: Shape, groups: number): string {
  const count = sizeOf(taps)
  const table = onnx.reshape(filter, [groups, out! / groups, perGroup!, count])
  const result = [perGroup! * groups, out! / groups, ...taps]
  if (count === 1) return onnx.reshape(onnx.node('Transpose', [table], { perm: [0, 2, 1, 3] }), result)
  const tapsFirst = onnx.node('Transpose', [table], { perm: [3, 0, 2, 1] })
  const each = onnx.nodes('Split', [tapsFirst, onnx.ints(new Array<number>(count).fill(1))], { axis: 0 }, count)
  const backwards = onnx.node('Concat', each.reverse(), { axis: 0 })
  return onnx.reshape(onnx.node('Transpose', [backwards], { perm: [1, 2, 3, 0] }), result)
}

/** Whether a filter over one axis has a single tap and sees every element once. */
const isPointwise = (taps: Shape, { strides, pads, groups }: ConvolutionGeometry) =>
  groups === 1 && taps.length === 1 && taps[0] === 1 && strides[0] === 1 && !pads.flat().some(Boolean)

/** A convolution; over one axis, a filter of a single tap is a matrix product, which ONNX Runtime computes a little faster. */
function lowerConv(
  onnx: OnnxBuilder,
  [x, filter]: readonly [string, string],
  [batch, channels]: Shape,
  [out, , ...taps]: Shape,
  attrs: ConvolutionGeometry,
): string {
  const shape = [out!, channels!, ...taps]
  const geometry = onnxGeometry(attrs, attrs.pads)
  if (convolvesByBlocks(onnx, filter, shape, attrs)) return lowerConvByBlocks(onnx, [x, filter], shape, geometry)
  if (!isPointwise(taps, attrs)) return onnx.node('Conv', [x, filter], geometry)
  const matrix = onnx.reshape(filter, [out!, channels!])
  if (batch !== 1) return onnx.node('MatMul', [matrix, x])
  return onnx.reshape(onnx.node('Gemm', [matrix, onnx.reshape(x, [channels!, -1])]), [1, out!, -1])
}

/** With a stride of one: a convolution of dy with the filter turned round. */
function lowerAsConv(
  onnx: OnnxBuilder,
  dy: string,
  filter: string,
  [dyShape, shape]: readonly [Shape, Shape],
  attrs: ConvolutionAttrs,
): string {
  if (isPointwise(shape.slice(2), attrs)) {
    const [out, channels] = shape as [number, number]
    const matrix = onnx.reshape(filter, [out, channels])
    if (dyShape[0] !== 1) return onnx.node('MatMul', [onnx.node('Transpose', [matrix], { perm: [1, 0] }), dy])
    const product = onnx.node('Gemm', [matrix, onnx.reshape(dy, [out, -1])], { transA: 1 })
    return onnx.reshape(product, [1, channels, -1])
  }
  const reach = reachOf(shape.slice(2), attrs.dilations)
  const pads = attrs.pads.map(([before, after], axis): [number, number] => [
    reach[axis]! - 1 - before,
    reach[axis]! - 1 - after,
  ])
  const backwards = turned(onnx, filter, shape, attrs.groups)
  const backShape = [attrs.shape[1]!, shape[0]! / attrs.groups, ...shape.slice(2)]
  return lowerConv(onnx, [dy, backwards], dyShape, backShape, { ...attrs, pads })
}

function lowerAsConvTranspose(
  onnx: OnnxBuilder,
  dy: string,
  filter: string,
  [dyShape, shape]: readonly [Shape, Shape],
  attrs: ConvolutionAttrs,
): string {
  const reach = reachOf(shape.slice(2), attrs.dilations)
  const rest = attrs.pads.map(
    ([before, after], axis) =>
      attrs.shape[axis + 2]! + before + after - reach[axis]! - (dyShape[axis + 2]! - 1) * attrs.strides[axis]!,
  )
  return onnx.node('ConvTranspose', [dy, filter], { ...onnxGeometry(attrs, attrs.pads), output_padding: rest })
}

/** Whether a batch meets a filter that may change: for a constant one, ONNX Runtime prepares its own convolutions, and they are faster. */
const meetsTrainedFilter = ([batched, filter]: readonly Value[]) =>
  batched!.shape[0]! > 1 && !filter!.source?.startsWith('params.')

const convolution = (inputs: readonly string[], lower: Kernel<ConvolutionAttrs>['lower']): Kernel =>
  kernel<ConvolutionAttrs>({
    inputs,
    infer: (_, { shape }) => [float(shape)],
    // Second-order gradients pass on zeros, and whole backward passes of them are left out.
    fold: ({ graph, inputs: given, type }) =>
      given.some(({ uniform }) => uniform === 0) ? graph.uniform(0, type) : undefined,
    lower,
  })

/** Convolution and its two gradients, channels-first (`ops/convolution`). */
export const convolutions: KernelTable = {
  Conv: convolution(['x', 'filter'], (onnx, [x, filter], { attrs, inputs }) => {
    const shapes = [inputs[0]!.shape, inputs[1]!.shape] as const
    if (meetsTrainedFilter(inputs) && isCompact('conv', attrs.shape.slice(2), attrs))
      return [lowerConvByColumns(onnx, [x!, filter!], shapes, attrs)]
    return [lowerConv(onnx, [x!, filter!], ...shapes, attrs)]
  }),
  ConvInputGradient: convolution(['dy', 'filter'], (onnx, [dy, filter], { attrs, inputs }) => {
    const [dyShape, shape] = [inputs[0]!.shape, inputs[1]!.shape]
    if (meetsTrainedFilter(inputs) && isCompact('gradient', dyShape.slice(2), attrs))
      return [lowerInputGradientByColumns(onnx, [dy!, filter!], [dyShape, shape], attrs)]
    const reach = reachOf(shape.slice(2), attrs.dilations)
    const plain =
      attrs.strides.every((stride) => stride === 1) &&
      attrs.pads.every((pair, axis) => pair.every((pad) => pad < reach[axis]!))
    if (plain) return [lowerAsConv(onnx, dy!, filter!, [dyShape, shape], attrs)]
    return [lowerAsConvTranspose(onnx, dy!, filter!, [dyShape, shape], attrs)]
  }),
  ConvFilterGradient: convolution(['x', 'dy'], (onnx, [x, dy], { attrs, inputs }) => [
    lowerFilterGradient(onnx, [x!, dy!], [inputs[0]!.shape, inputs[1]!.shape], attrs),
  ]),
}
