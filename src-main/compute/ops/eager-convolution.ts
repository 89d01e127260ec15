import * as tf from '@tensorflow/tfjs-core'
import { reachOf, tapsOf, type ConvolutionAttrs } from './convolution'

type Shape = readonly number[]

/** Gives the tfjs backend `backendName` the kernels `Conv`, `ConvInputGradient` and `ConvFilterGradient`, made of its own kernels; once is enough. */
export function registerConvolutionOn(backendName: string): void {
  for (const [kernelName, [a, b, compute]] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, backendName)) continue
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) =>
        tf.tidy(() => compute(inputs[a] as tf.Tensor, inputs[b] as tf.Tensor, attrs as unknown as ConvolutionAttrs)),
    })
  }
}

type Compute = (a: tf.Tensor, b: tf.Tensor, attrs: ConvolutionAttrs) => tf.Tensor

const kernels: Record<string, [string, string, Compute]> = {
  Conv: ['x', 'filter', convolve],
  ConvInputGradient: ['dy', 'filter', inputGradient],
  ConvFilterGradient: ['x', 'dy', filterGradient],
}

function convolve(x: tf.Tensor, filter: tf.Tensor, attrs: ConvolutionAttrs): tf.Tensor {
  const { strides, dilations, pads, groups, shape } = attrs
  const source = padded(x, pads)
  if (isDepthwise(filter.shape, attrs)) {
    const taps = depthwiseTaps(spread(filter, dilations), groups)
    const y = tf.depthwiseConv2d(channelsLast(source), taps, pairOf(strides), 'valid')
    return tf.reshape(channelsFirst(y), [...shape])
  }
  const results = byGroup(source, filter, groups, (part, taps) => convolveGroup(part, taps, strides, dilations))
  return tf.reshape(results, [...shape])
}

/** One group, without padding; tfjs strides or dilates, but not both. */
function convolveGroup(x: tf.Tensor, filter: tf.Tensor, strides: Shape, dilations: Shape): tf.Tensor {
  const native = strides.every((stride) => stride === 1)
  const taps = lastTaps(native ? filter : spread(filter, dilations))
  const y = tf.conv2d(channelsLast(x), taps, pairOf(strides), 'valid', 'NHWC', native ? pairOf(dilations) : 1)
  return channelsFirst(y)
}

function inputGradient(dy: tf.Tensor, filter: tf.Tensor, attrs: ConvolutionAttrs): tf.Tensor {
  const { strides, dilations, pads, groups, shape } = attrs
  const full = shape.map((length, i) => (i < 2 ? length : length + pads[i - 2]![0] + pads[i - 2]![1]))
  const [batch, channels, height, width] = planar(full)
  const whole = (): tf.Tensor => {
    if (isDepthwise(filter.shape, attrs)) {
      const inputs = { dy: channelsLast(dy), filter: depthwiseTaps(spread(filter, dilations), groups) }
      const inputShape = [batch, height, width, channels]
      const more = { strides: pairOf(strides), dilations: [1, 1], pad: 'valid', inputShape }
      return channelsFirst(tf.engine().runKernel('DepthwiseConv2dNativeBackpropInput', inputs, more) as tf.Tensor)
    }
    if (strides.every((stride) => stride === 1)) {
      const reach = reachOf(filter.shape.slice(2), dilations)
      const around = padded(
        dy,
        reach.map((length): [number, number] => [length - 1, length - 1]),
      )
      const axes = reach.map((_, axis) => axis + 2)
      return byGroup(around, filter, groups, (part, taps) =>
        convolveGroup(part, tf.reverse(tf.transpose(taps, [1, 0, ...axes]), axes), strides, dilations),
      )
    }
    return byGroup(dy, filter, groups, (part, taps) => {
      const size: [number, number, number, number] = [batch, height, width, channels / groups]
      const last = lastTaps(spread(taps, dilations))
      return channelsFirst(tf.conv2dTranspose(channelsLast(part), last, size, pairOf(strides), 'valid'))
    })
  }
  return tf.slice(tf.reshape(whole(), full), [0, 0, ...pads.map(([before]) => before)], [...shape])
}

/** One matrix product per tap: tfjs' own kernel knows neither dilation nor groups. */
function filterGradient(x: tf.Tensor, dy: tf.Tensor, { strides, dilations, pads, groups, shape }: ConvolutionAttrs) {
  const [out, perGroup, ...kernel] = shape as [number, number, ...number[]]
  const [batch, , ...positions] = dy.shape as [number, number, ...number[]]
  const source = padded(x, pads)
  const left = tf.reshape(dy, [batch, groups, out / groups, -1])
  const products = tapsOf(kernel).map((tap) => {
    const starts = tap.map((at, axis) => at * dilations[axis]!)
    const ends = starts.map((start, axis) => start + (positions[axis]! - 1) * strides[axis]! + 1)
    const seen = tf.stridedSlice(source, [0, 0, ...starts], [batch, source.shape[1]!, ...ends], [1, 1, ...strides])
    return tf.sum(tf.matMul(left, tf.reshape(seen, [batch, groups, perGroup, -1]), false, true), 0)
  })
  return tf.reshape(tf.stack(products, -1), [out, perGroup, ...kernel])
}

/** `filter` with its taps `dilations` apart and zeros between them. */
function spread(filter: tf.Tensor, dilations: Shape): tf.Tensor {
  return dilations.reduce((taps, dilation, i) => {
    const axis = i + 2
    if (dilation === 1 || taps.shape[axis] === 1) return taps
    const apart = tf.expandDims(taps, axis + 1)
    const gaps = apart.shape.map((_, at): [number, number] => [0, at === axis + 1 ? dilation - 1 : 0])
    const long = [...taps.shape]
    long[axis] = long[axis]! * dilation
    const reach = [...taps.shape]
    reach[axis] = reachOf([taps.shape[axis]!], [dilation])[0]!
    const begin = long.map(() => 0)
    return tf.slice(tf.reshape(tf.pad(apart, gaps), long), begin, reach)
  }, filter)
}

/** A shape of one spatial axis with a height of one before it. */
const planar = ([batch, channels, ...space]: Shape): [number, number, number, number] => [
  batch!,
  channels!,
  space.length === 1 ? 1 : space[0]!,
  space.at(-1)!,
]
const pairOf = (numbers: Shape): [number, number] =>
  numbers.length === 1 ? [numbers[0]!, numbers[0]!] : [numbers[0]!, numbers[1]!]
const channelsLast = (x: tf.Tensor) => tf.transpose(tf.reshape(x, planar(x.shape)), [0, 2, 3, 1]) as tf.Tensor4D
const channelsFirst = (x: tf.Tensor) => tf.transpose(x, [0, 3, 1, 2])
/** [out, in, ...kernel] → [height, width, in, out]. */
const lastTaps = (filter: tf.Tensor) =>
  tf.transpose(tf.reshape(filter, planar(filter.shape)), [2, 3, 1, 0]) as tf.Tensor4D
/** [groups · multiple, 1, ...kernel] → [height, width, groups, multiple]. */
function depthwiseTaps(filter: tf.Tensor, groups: number): tf.Tensor4D {
  const [out, , height, width] = planar(filter.shape)
  return tf.transpose(tf.reshape(filter, [groups, out / groups, height, width]), [2, 3, 0, 1]) as tf.Tensor4D
}
const padded = (x: tf.Tensor, pads: ConvolutionAttrs['pads']) =>
  tf.pad(x, [[0, 0], [0, 0], ...pads.map(([before, after]): [number, number] => [before, after])])

/** TensorFlow's depthwise kernels want equal strides. */
const isDepthwise = ([, perGroup]: Shape, { groups, strides }: ConvolutionAttrs): boolean =>
  perGroup === 1 && groups > 1 && strides.every((stride) => stride === strides[0])

/** Cuts the channels of x and the filters into groups, and joins the groups' results. */
function byGroup(
  x: tf.Tensor,
  filter: tf.Tensor,
  groups: number,
  compute: (x: tf.Tensor, filter: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  if (groups === 1) return compute(x, filter)
  const filters = tf.split(filter, groups, 0)
  const results = tf.split(x, groups, 1).map((part, group) => compute(part, filters[group]!))
  return tf.concat(results, 1)
}
