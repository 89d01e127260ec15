import type * as tf from '@tensorflow/tfjs-core'
import { kernel, float, type Kernel, type KernelTable } from './kernel'
import { poolGeometry } from './pool-geometry'
import { transposed } from './shape'

/** A pooling over [batch, height, width, channels]; ONNX pools over the last two axes. */
const pooling = (type: string, attributes: Record<string, number> = {}): Kernel =>
  kernel<tf.MaxPoolAttrs>({
    inputs: ['x'],
    infer: ([x], attrs) => [float(poolGeometry(x!.shape, attrs).shape)],
    lower: (onnx, [x], { attrs, inputs }) => {
      const { windows, strides, pads, shape } = poolGeometry(inputs[0]!.shape, attrs)
      const pooled = onnx.node(type, [transposed(onnx, x!, inputs[0]!.shape, [0, 3, 1, 2])], {
        kernel_shape: windows,
        strides,
        pads: [pads[0][0], pads[1][0], pads[0][1], pads[1][1]],
        ...attributes,
      })
      return [transposed(onnx, pooled, [shape[0], shape[3], shape[1], shape[2]], [0, 2, 3, 1])]
    },
  })

/** Poolings; an average counts only what lies inside the input. */
export const pool: KernelTable = {
  MaxPool: pooling('MaxPool'),
  AvgPool: pooling('AveragePool', { count_include_pad: 0 }),
}
