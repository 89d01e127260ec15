import type * as tf from '@tensorflow/tfjs-core'
import { convFilterGradient, convInputGradient, convKernel, type ConvolutionAttrs } from './convolution'

type Bilinear = (a: tf.Tensor, b: tf.Tensor, attrs: ConvolutionAttrs) => tf.Tensor

/** Gradients of a kernel linear in each of its inputs `a` and `b`: the other two kernels of the family, with the same geometry. */
function ofBilinear(kernelName: string, a: string, b: string, toA: Bilinear, toB: Bilinear): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: [a, b],
    gradFunc: (dy, saved, named) => {
      const attrs = named as unknown as ConvolutionAttrs
      const [left, right] = saved as [tf.Tensor, tf.Tensor]
      return {
        [a]: () => toA(dy as tf.Tensor, right, { ...attrs, shape: left.shape }),
        [b]: () => toB(dy as tf.Tensor, left, { ...attrs, shape: right.shape }),
      }
    },
  }
}

/**
 * Gradients of convolutions. ⟨dy, Conv(x, w)⟩ = ⟨ConvInputGradient(dy, w), x⟩ = ⟨ConvFilterGradient(x, dy), w⟩, so each derivative of any order of the
 * three is one of the three.
 */
export const convolutionGradients: readonly tf.GradConfig[] = [
  ofBilinear('Conv', 'x', 'filter', convInputGradient, (dy, x, attrs) => convFilterGradient(x, dy, attrs)),
  ofBilinear('ConvInputGradient', 'dy', 'filter', convKernel, convFilterGradient),
  ofBilinear(
    'ConvFilterGradient',
    'x',
    'dy',
    (dw, dy, attrs) => convInputGradient(dy, dw, attrs),
    (dw, x, attrs) => convKernel(x, dw, attrs),
  ),
]
