import type * as tf from '@tensorflow/tfjs-core'
import { nearestIndices, repeats } from './interpolation'
import { float, kernel, typed, type KernelTable } from './kernel'
import { transposed } from './shape'

const resized = ([batch, , , channels]: readonly number[], [high, wide]: readonly number[]) => [
  batch!,
  high!,
  wide!,
  channels!,
]

/** Resizing of images [batch, height, width, channels]. */
export const resize: KernelTable = {
  ResizeNearestNeighbor: kernel<tf.ResizeNearestNeighborAttrs>({
    inputs: ['images'],
    infer: ([x], { size }) => [typed(x!.dtype, resized(x!.shape, size))],
    lower: (onnx, [x], { attrs, inputs }) => {
      const [batch, high, wide, channels] = inputs[0]!.shape as [number, number, number, number]
      const [toHigh, toWide] = attrs.size
      const [down, across] = [repeats(high, toHigh, attrs), repeats(wide, toWide, attrs)]
      if (down !== undefined && across !== undefined) {
        const first = transposed(onnx, x!, inputs[0]!.shape, [0, 3, 1, 2])
        const larger = onnx.node('Resize', [first, '', onnx.constant('float32', [4], [1, 1, down, across])], {
          mode: 'nearest',
          coordinate_transformation_mode: 'asymmetric',
          nearest_mode: 'floor',
        })
        return [transposed(onnx, larger, [batch, channels, toHigh, toWide], [0, 2, 3, 1])]
      }
      const rows = onnx.node('Gather', [x!, onnx.ints(nearestIndices(high, toHigh, attrs))], { axis: 1 })
      return [onnx.node('Gather', [rows, onnx.ints(nearestIndices(wide, toWide, attrs))], { axis: 2 })]
    },
  }),
  ResizeBilinear: kernel<tf.ResizeBilinearAttrs>({
    inputs: ['images'],
    infer: ([x], { size }) => [float(resized(x!.shape, size))],
    lower: (onnx, [x], { attrs, inputs, outputs }) => {
      const [batch, high, wide, channels] = outputs[0]!.shape as [number, number, number, number]
      const first = transposed(onnx, x!, inputs[0]!.shape, [0, 3, 1, 2])
      const larger = onnx.node('Resize', [first, '', '', onnx.ints([batch, channels, high, wide])], {
        mode: 'linear',
        coordinate_transformation_mode: attrs.alignCorners
          ? 'align_corners'
          : attrs.halfPixelCenters
            ? 'half_pixel'
            : 'asymmetric',
      })
      return [transposed(onnx, larger, [batch, channels, high, wide], [0, 2, 3, 1])]
    },
  }),
}
