import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops'
import '@tensorflow/tfjs-core/dist/register_all_gradients'
import { connectCustomGradients } from './gradients/custom'
import { elementwiseGradients } from './gradients/elementwise'
import { gatherGradients } from './gradients/gather'
import { matmulGradients } from './gradients/matmul'
import { poolGradients } from './gradients/pool'
import { reduceGradients } from './gradients/reduce'
import { resizeGradients } from './gradients/resize'
import { shapeGradients } from './gradients/shape'
import { convolutionGradients } from './ops/convolution-gradients'
import { tfjsConvolutionGradients } from './ops/tfjs-convolution'

/**
 * Gradients that tfjs-core gets wrong or lacks, registered anew.
 *
 * tfjs saves the *output* of some ops for their gradient and then loses the path from that output to the input, so that a gradient of a gradient
 * comes out wrong without a word. Here such gradients save the input and compute the output again; tracing makes one node of both.
 * Others ignore broadcasting (`maximum`), the axis (`cumsum`) or are not differentiable a second time (`prod`).
 */
export function registerGradients(): void {
  const families = [
    elementwiseGradients,
    reduceGradients,
    matmulGradients,
    shapeGradients,
    gatherGradients,
    poolGradients,
    resizeGradients,
    convolutionGradients,
    tfjsConvolutionGradients,
  ]
  for (const gradient of families.flat()) tf.registerGradient(gradient)
  connectCustomGradients()
}

tf.enableProdMode()
registerGradients()
