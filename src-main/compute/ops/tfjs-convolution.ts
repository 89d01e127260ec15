import * as tf from '@tensorflow/tfjs-core'
import { convFilterGradient, convInputGradient, convKernel, type ConvolutionGeometry } from './convolution'

type Quad = [number, number, number, number]

/** Attributes of tfjs' convolution kernels; each has some of them. */
interface TfjsAttrs {
  strides: [number, number] | number
  dilations?: [number, number] | number
  pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding
  dataFormat?: 'NHWC' | 'NCHW'
  dimRoundingMode?: 'floor' | 'round' | 'ceil'
  inputShape?: Quad
  filterShape?: Quad
}

/** One of tfjs' kernels: bilinear in the two tensors named by `inputs`. */
interface TfjsConvolution {
  inputs: readonly [string, string]
  compute(a: tf.Tensor, b: tf.Tensor, attrs: TfjsAttrs): tf.Tensor
  gradients(dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor, attrs: TfjsAttrs): [() => tf.Tensor, () => tf.Tensor]
}

/** tfjs' kernels of one convolution, its input gradient and its filter gradient, made of our three. */
function family([forward, toInput, toFilter]: readonly [string, string, string], depthwise: boolean) {
  type Shapes = { x: readonly number[]; filter: readonly number[] }
  const y = (x: tf.Tensor, filter: tf.Tensor, shapes: Shapes, attrs: TfjsAttrs): tf.Tensor => {
    const layout = layoutOf(shapes, attrs, depthwise)
    const result = convKernel(layout.first(x), layout.taps(filter), { ...layout.geometry, shape: layout.y })
    return layout.last(result)
  }
  const dx = (dy: tf.Tensor, filter: tf.Tensor, shapes: Shapes, attrs: TfjsAttrs): tf.Tensor => {
    const layout = layoutOf(shapes, attrs, depthwise)
    const result = convInputGradient(layout.first(dy), layout.taps(filter), { ...layout.geometry, shape: layout.x })
    return layout.last(result)
  }
  const dw = (x: tf.Tensor, dy: tf.Tensor, shapes: Shapes, attrs: TfjsAttrs): tf.Tensor => {
    const layout = layoutOf(shapes, attrs, depthwise)
    const result = convFilterGradient(layout.first(x), layout.first(dy), { ...layout.geometry, shape: layout.filter })
    return layout.tapsBack(result)
  }
  const kernels: Record<string, TfjsConvolution> = {
    [forward]: {
      inputs: ['x', 'filter'],
      compute: (x, filter, attrs) => y(x, filter, { x: x.shape, filter: filter.shape }, attrs),
      gradients: (dy, x, filter, attrs) => {
        const shapes = { x: x.shape, filter: filter.shape }
        return [() => dx(dy, filter, shapes, attrs), () => dw(x, dy, shapes, attrs)]
      },
    },
    [toInput]: {
      inputs: ['dy', 'filter'],
      compute: (dy, filter, attrs) => dx(dy, filter, { x: attrs.inputShape!, filter: filter.shape }, attrs),
      gradients: (ddx, dy, filter, attrs) => {
        const shapes = { x: attrs.inputShape!, filter: filter.shape }
        return [() => y(ddx, filter, shapes, attrs), () => dw(ddx, dy, shapes, attrs)]
      },
    },
    [toFilter]: {
      inputs: ['x', 'dy'],
      compute: (x, dy, attrs) => dw(x, dy, { x: x.shape, filter: attrs.filterShape! }, attrs),
      gradients: (ddw, x, dy, attrs) => {
        const shapes = { x: x.shape, filter: attrs.filterShape! }
        return [() => dx(dy, ddw, shapes, attrs), () => y(x, ddw, shapes, attrs)]
      },
    },
  }
  return kernels
}

/** Shapes channels-first, and the ways there and back. */
function layoutOf(shapes: { x: readonly number[]; filter: readonly number[] }, attrs: TfjsAttrs, depthwise: boolean) {
  const format = attrs.dataFormat ?? 'NHWC'
  const info = tf.backend_util.computeConv2DInfo(
    [...shapes.x] as Quad,
    [...shapes.filter] as Quad,
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
    depthwise,
    tf.backend_util.convertConv2DDataFormat(format),
  )
  const { top, bottom, left, right } = info.padInfo
  const geometry: ConvolutionGeometry = {
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    pads: [
      [
        top,
        Math.max(bottom, (info.outHeight - 1) * info.strideHeight + info.effectiveFilterHeight - info.inHeight - top),
      ],
      [left, Math.max(right, (info.outWidth - 1) * info.strideWidth + info.effectiveFilterWidth - info.inWidth - left)],
    ],
    groups: depthwise ? info.inChannels : 1,
  }
  const [height, width, inputs, multiple] = shapes.filter as Quad
  return {
    geometry,
    x: [info.batchSize, info.inChannels, info.inHeight, info.inWidth],
    y: [info.batchSize, info.outChannels, info.outHeight, info.outWidth],
    filter: depthwise ? [inputs * multiple, 1, height, width] : [multiple, inputs, height, width],
    first: (x: tf.Tensor) => (format === 'NCHW' ? x : tf.transpose(x, [0, 3, 1, 2])),
    last: (x: tf.Tensor) => (format === 'NCHW' ? x : tf.transpose(x, [0, 2, 3, 1])),
    /** [height, width, in, out] → [out, in, height, width], or depthwise [height, width, in, multiple] → [in · multiple, 1, height, width]. */
    taps: (filter: tf.Tensor) =>
      depthwise
        ? tf.reshape(tf.transpose(filter, [2, 3, 0, 1]), [inputs * multiple, 1, height, width])
        : tf.transpose(filter, [3, 2, 0, 1]),
    tapsBack: (filter: tf.Tensor) =>
      depthwise
        ? tf.transpose(tf.reshape(filter, [inputs, multiple, height, width]), [2, 3, 0, 1])
        : tf.transpose(filter, [2, 3, 1, 0]),
  }
}

/** tfjs' own convolution kernels, channels-last or -first, by name: what each computes and its gradients, with dilation too. */
export const tfjsConvolutions: Readonly<Record<string, TfjsConvolution>> = {
  ...family(['Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'], false),
  ...family(
    ['DepthwiseConv2dNative', 'DepthwiseConv2dNativeBackpropInput', 'DepthwiseConv2dNativeBackpropFilter'],
    true,
  ),
}

/** Gradients of tfjs' own convolution kernels. */
export const tfjsConvolutionGradients: readonly tf.GradConfig[] = Object.entries(tfjsConvolutions).map(
  ([kernelName, { inputs, gradients }]) => ({
    kernelName,
    inputsToSave: [...inputs],
    gradFunc: (dy, [a, b], attrs) => {
      const [toA, toB] = gradients(dy as tf.Tensor, a!, b!, attrs as unknown as TfjsAttrs)
      return { [inputs[0]]: toA, [inputs[1]]: toB }
    },
  }),
)
