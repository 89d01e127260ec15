import { sizeOf } from '../../lib/ndarray'
import { uniformConstant, type OnnxBuilder } from '../onnx/builder'
import { reachOf, type ConvolutionAttrs } from '../ops/convolution'
import { padded } from './convolution-taps'

type Shape = readonly number[]

/** Channels of pictures, in and out, for which a product of shifted copies is faster than one for each tap; with more, moving the copies costs more. */
const FEW = { least: 8, most: 16 } as const

/** Whether a filter gradient over a plane is better computed by `lowerByShifts`. */
export const prefersShifts = ({ shape, groups, strides }: ConvolutionAttrs): boolean => {
  const [out, channels, ...kernel] = shape as [number, number, ...number[]]
  const few = channels >= FEW.least && channels <= FEW.most && out <= FEW.most
  return few && kernel.length === 2 && groups === 1 && strides.every((stride) => stride === 1) && sizeOf(kernel) > 1
}

/**
 * The filter's gradient over a plane without stride as one product for each item. In a plane with its padding, laid out in a row, a tap is a shift: x is
 * stacked shifted by each row of the filter, dy by each column, and each pair of the two stacks gives one tap. A stack is copies end to end, read in rows
 * that are longer than a copy by the shift. dy is zero wherever a row runs into the next copy.
 */
export function lowerByShifts(
  onnx: OnnxBuilder,
  [x, dy]: readonly [string, string],
  [xShape, dyShape]: readonly [Shape, Shape],
  { shape, dilations, pads }: ConvolutionAttrs,
): string {
  const [batch, , ...space] = xShape as [number, number, ...number[]]
  const [out, channels, ...kernel] = shape as [number, number, ...number[]]
  const [rows, columns] = kernel as [number, number]
  const [down, across] = dilations as [number, number]
  const reach = reachOf(kernel, dilations)
  const [high, wide] = dyShape.slice(2).map((positions, axis) => positions + reach[axis]! - 1) as [number, number]
  const before = pads.map(([pad]) => pad)
  const after = [high, wide].map((side, axis) => side - space[axis]! - before[axis]!)

  const length = (high + down) * wide
  const zeros = (of: number, count: number) => uniformConstant(onnx, 0, { shape: [batch, of, count], dtype: 'float32' })
  const joined = (parts: readonly string[], of: number) =>
    onnx.reshape(onnx.node('Concat', parts, { axis: 2 }), [batch, of, length])

  const plane = onnx.reshape(padded(onnx, x, before, after), [batch, channels, high * wide])
  const stackOfX = joined(
    [...new Array<string>(rows).fill(plane), zeros(channels, rows * down * wide)],
    channels * rows,
  )
  const filled = dyShape[2]! * wide
  const slopes = onnx.reshape(padded(onnx, dy, [0, 0], [0, reach[1]! - 1]), [batch, out, filled])
  const gap = zeros(out, length + across - filled)
  const rest = zeros(out, length - filled - (columns - 1) * across)
  const inTurn = Array.from({ length: columns - 1 }, () => [slopes, gap]).flat()
  const stackOfDy = joined([...inTurn, slopes, rest], out * columns)

  const each = onnx.node('MatMul', [stackOfDy, onnx.node('Transpose', [stackOfX], { perm: [0, 2, 1] })])
  const product = batch === 1 ? each : onnx.node('ReduceSum', [each, onnx.ints([0])], { keepdims: 0 })
  const taps = onnx.reshape(product, [out, columns, channels, rows])
  return onnx.node('Transpose', [taps], { perm: [0, 2, 3, 1] })
}
