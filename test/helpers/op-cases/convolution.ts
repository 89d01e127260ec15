import * as tf from '@tensorflow/tfjs-core'
import { conv, convTranspose, type ConvOptions, type ConvTransposeOptions } from '../../../src-main/compute'
import { convFilterGradient, type ConvolutionAttrs } from '../../../src-main/compute/ops/convolution'
import { cases, sample, type OpCase } from './case'

type Shape = readonly number[]
type Case<O> = [title: string, x: Shape, filter: Shape, options?: O]

/** Geometries that `conv` is tried on. */
export const convGeometries: Case<ConvOptions>[] = [
  ['plain', [1, 2, 6], [3, 2, 3]],
  ['batch of three', [3, 2, 5], [2, 2, 3], { padding: 1 }],
  ['one tap', [2, 3, 4], [2, 3, 1]],
  ['even kernel, same', [1, 2, 5], [2, 2, 4], { padding: 'same' }],
  ['causal, dilated', [1, 2, 7], [2, 2, 3], { dilations: 2, padding: [[4, 0]] }],
  ['dilation 4, same', [1, 1, 9], [2, 1, 3], { dilations: 4, padding: 'same' }],
  ['stride 2 with a rest', [2, 2, 8], [2, 2, 3], { strides: 2 }],
  ['stride 3, dilation 2', [1, 2, 11], [2, 2, 2], { strides: 3, dilations: 2, padding: [[1, 2]] }],
  ['stride beyond the kernel', [1, 2, 9], [2, 2, 1], { strides: 3 }],
  ['padding beyond the kernel', [1, 2, 4], [2, 2, 2], { padding: [[3, 2]] }],
  ['groups', [2, 4, 6], [6, 2, 3], { groups: 2, padding: 1 }],
  ['groups, strided, dilated', [2, 4, 9], [2, 2, 3], { groups: 2, strides: 2, dilations: 2, padding: 2 }],
  ['depthwise', [2, 3, 6], [3, 1, 3], { groups: 3, padding: 'same' }],
  ['depthwise, twofold', [1, 2, 7], [4, 1, 2], { groups: 2, strides: 2 }],
  ['plane', [1, 2, 4, 5], [2, 2, 3, 3], { padding: 'same' }],
  [
    'plane, strided with rests',
    [2, 1, 6, 5],
    [2, 1, 3, 2],
    {
      strides: 2,
      padding: [
        [1, 0],
        [0, 2],
      ],
    },
  ],
  [
    'plane, unlike axes',
    [1, 2, 5, 6],
    [1, 2, 2, 3],
    {
      strides: [1, 2],
      dilations: [2, 1],
      padding: [
        [1, 1],
        [0, 1],
      ],
    },
  ],
  ['plane, groups', [2, 4, 4, 3], [4, 2, 2, 2], { groups: 2, strides: [2, 1] }],
  ['plane, depthwise, dilated', [1, 3, 5, 5], [3, 1, 2, 2], { groups: 3, dilations: 2, padding: 1 }],
  ['compact plane, stride 2', [2, 2, 4, 4], [3, 2, 4, 4], { strides: 2, padding: 1 }],
  [
    'compact plane, squares with a rest',
    [2, 2, 7, 6],
    [2, 2, 4, 2],
    {
      strides: 2,
      padding: [
        [0, 1],
        [1, 1],
      ],
    },
  ],
  ['compact plane, one position', [3, 2, 2, 3], [2, 2, 2, 3]],
  ['compact plane, dilated', [2, 1, 4, 5], [2, 1, 2, 2], { strides: [1, 2], dilations: [2, 3] }],
  ['compact plane, one tap', [2, 2, 2, 1], [3, 2, 1, 1]],
  ['wide plane', [2, 1, 5, 5], [2, 1, 3, 3], { padding: 'same' }],
  [
    'wide plane, stride 2 with a rest',
    [2, 1, 10, 9],
    [1, 1, 3, 3],
    {
      strides: 2,
      padding: [
        [1, 0],
        [1, 1],
      ],
    },
  ],
]

/** Geometries that `convTranspose` is tried on. */
export const convTransposeGeometries: Case<ConvTransposeOptions>[] = [
  ['plain', [1, 2, 4], [2, 3, 3]],
  ['stride 2', [2, 2, 3], [2, 1, 4], { strides: 2, padding: 1 }],
  ['stride 2, same', [1, 2, 3], [2, 2, 5], { strides: 2, padding: 'same' }],
  ['stride beyond the kernel, same', [1, 2, 3], [2, 2, 2], { strides: 3, padding: 'same' }],
  ['output padding', [1, 2, 3], [2, 2, 3], { strides: 2, padding: 1, outputPadding: 1 }],
  ['dilated', [2, 2, 4], [2, 1, 3], { dilations: 2, padding: [[1, 2]] }],
  ['strided, dilated, padded', [1, 1, 4], [1, 2, 3], { strides: 3, dilations: 2, padding: [[2, 1]], outputPadding: 2 }],
  ['padding beyond the kernel', [1, 2, 6], [2, 1, 2], { padding: 2 }],
  ['groups', [2, 4, 3], [4, 2, 3], { groups: 2, strides: 2 }],
  ['depthwise', [1, 3, 4], [3, 1, 2], { groups: 3, strides: 2, dilations: 2 }],
  ['plane', [1, 2, 3, 2], [2, 2, 3, 3], { strides: 2, padding: 1, outputPadding: [1, 0] }],
  [
    'plane, one axis strided',
    [2, 2, 3, 3],
    [2, 1, 2, 3],
    {
      strides: [1, 2],
      dilations: [2, 1],
      padding: [
        [1, 0],
        [0, 1],
      ],
    },
  ],
  ['plane, groups', [1, 4, 3, 2], [4, 1, 2, 2], { groups: 2, strides: 2 }],
  ['compact plane, stride 2', [2, 3, 2, 2], [3, 2, 4, 4], { strides: 2, padding: 1 }],
  [
    'compact plane, dilated, output padding',
    [2, 2, 2, 3],
    [2, 1, 2, 3],
    {
      strides: [3, 2],
      dilations: [1, 2],
      padding: [
        [0, 1],
        [2, 1],
      ],
      outputPadding: [2, 1],
    },
  ],
  ['compact plane, stride 1', [2, 2, 3, 3], [2, 2, 2, 2]],
  ['compact plane, padding beyond the kernel', [2, 1, 4, 4], [1, 2, 1, 2], { padding: 1 }],
  [
    'wide plane',
    [2, 2, 4, 5],
    [2, 1, 3, 2],
    {
      padding: [
        [1, 1],
        [0, 0],
      ],
    },
  ],
  ['wide plane, stride 2', [2, 2, 5, 4], [2, 1, 4, 4], { strides: 2, padding: 1 }],
]

function casesOf<O>(geometries: Case<O>[], op: (x: tf.Tensor, filter: tf.Tensor, options?: O) => tf.Tensor): OpCase[] {
  return cases(
    ...geometries.map(([title, x, filter, options]): Parameters<typeof cases>[0] => [
      title,
      { x: sample(x), filter: sample(filter, 'normal', 2) },
      (values) => op(values['x']!, values['filter']!, options),
    ]),
  )
}

const filterGradients: [title: string, x: Shape, dy: Shape, attrs: ConvolutionAttrs][] = [
  ['plain', [1, 2, 6], [1, 3, 4], { strides: [1], dilations: [1], pads: [[0, 0]], groups: 1, shape: [3, 2, 3] }],
  [
    'batch, strided',
    [3, 2, 8],
    [3, 2, 4],
    { strides: [2], dilations: [1], pads: [[1, 0]], groups: 1, shape: [2, 2, 3] },
  ],
  [
    'plane, few channels, shifts',
    [2, 8, 5, 4],
    [2, 2, 5, 4],
    {
      strides: [1, 1],
      dilations: [1, 1],
      pads: [
        [1, 1],
        [1, 1],
      ],
      groups: 1,
      shape: [2, 8, 3, 3],
    },
  ],
  [
    'plane, few channels, shifts, dilated, uneven',
    [1, 9, 6, 5],
    [1, 3, 5, 4],
    {
      strides: [1, 1],
      dilations: [2, 3],
      pads: [
        [1, 0],
        [2, 0],
      ],
      groups: 1,
      shape: [3, 9, 2, 2],
    },
  ],
  [
    'many taps over strides, with a rest',
    [2, 1, 107],
    [2, 2, 3],
    { strides: [16], dilations: [1], pads: [[3, 1]], groups: 1, shape: [2, 1, 70] },
  ],
  [
    'many taps, reaching beyond the end',
    [1, 2, 60],
    [1, 1, 4],
    { strides: [6], dilations: [1], pads: [[10, 20]], groups: 1, shape: [1, 2, 68] },
  ],
  [
    'groups, dilated',
    [2, 4, 6],
    [2, 2, 4],
    { strides: [1], dilations: [2], pads: [[1, 1]], groups: 2, shape: [2, 2, 3] },
  ],
  ['depthwise', [2, 2, 5], [2, 4, 4], { strides: [1], dilations: [1], pads: [[0, 0]], groups: 2, shape: [4, 1, 2] }],
  [
    'many channels',
    [1, 16, 5],
    [1, 2, 4],
    { strides: [1], dilations: [1], pads: [[0, 0]], groups: 1, shape: [2, 16, 2] },
  ],
  [
    'many channels, long batch',
    [2, 16, 8],
    [2, 1, 4],
    { strides: [2], dilations: [1], pads: [[1, 0]], groups: 1, shape: [1, 16, 3] },
  ],
  [
    'many channels, short batch',
    [3, 16, 3],
    [3, 6, 2],
    { strides: [1], dilations: [2], pads: [[1, 0]], groups: 1, shape: [6, 16, 2] },
  ],
  [
    'many channels, groups',
    [1, 32, 4],
    [1, 2, 3],
    { strides: [1], dilations: [1], pads: [[0, 0]], groups: 2, shape: [2, 16, 2] },
  ],
  [
    'many channels, groups, short batch',
    [2, 32, 2],
    [2, 8, 2],
    { strides: [1], dilations: [1], pads: [[1, 0]], groups: 2, shape: [8, 16, 2] },
  ],
  [
    'few channels, groups, short batch',
    [2, 4, 3],
    [2, 8, 1],
    { strides: [1], dilations: [1], pads: [[0, 0]], groups: 2, shape: [8, 2, 3] },
  ],
  [
    'depthwise plane',
    [2, 2, 4, 3],
    [2, 2, 2, 3],
    {
      strides: [2, 1],
      dilations: [1, 1],
      pads: [
        [0, 0],
        [1, 1],
      ],
      groups: 2,
      shape: [2, 1, 2, 3],
    },
  ],
  [
    'plane, many channels, squares',
    [2, 16, 9, 8],
    [2, 2, 4, 5],
    {
      strides: [2, 2],
      dilations: [1, 1],
      pads: [
        [1, 0],
        [1, 1],
      ],
      groups: 1,
      shape: [2, 16, 4, 2],
    },
  ],
  [
    'plane, many channels, one tap in each square',
    [1, 16, 9, 12],
    [1, 2, 3, 6],
    {
      strides: [3, 3],
      dilations: [1, 1],
      pads: [
        [0, 0],
        [0, 6],
      ],
      groups: 1,
      shape: [2, 16, 3, 3],
    },
  ],
  [
    'plane, many channels, strides unlike',
    [2, 16, 6, 5],
    [2, 1, 3, 6],
    {
      strides: [2, 1],
      dilations: [1, 1],
      pads: [
        [0, 0],
        [1, 1],
      ],
      groups: 1,
      shape: [1, 16, 2, 2],
    },
  ],
  [
    'compact plane, squares',
    [2, 3, 6, 6],
    [2, 4, 3, 3],
    {
      strides: [2, 2],
      dilations: [1, 1],
      pads: [
        [1, 1],
        [1, 1],
      ],
      groups: 1,
      shape: [4, 3, 4, 4],
    },
  ],
  [
    'compact plane, one picture, dilated',
    [1, 2, 5, 4],
    [1, 3, 3, 2],
    {
      strides: [1, 2],
      dilations: [2, 1],
      pads: [
        [0, 0],
        [0, 0],
      ],
      groups: 1,
      shape: [3, 2, 2, 2],
    },
  ],
]

type Options2D = {
  strides?: number | [number, number]
  pad?: 'same' | 'valid' | number
  format?: 'NHWC' | 'NCHW'
  dilations?: number | [number, number]
}

const planes: Case<Options2D>[] = [
  ['same', [2, 4, 3, 2], [3, 3, 2, 2], { pad: 'same' }],
  ['valid, strided with a rest', [1, 5, 6, 2], [2, 3, 2, 1], { strides: 2 }],
  ['same, strided', [1, 5, 4, 1], [3, 2, 1, 2], { strides: [2, 1], pad: 'same' }],
  ['channels first', [2, 2, 4, 4], [2, 2, 2, 3], { pad: 1, format: 'NCHW' }],
  ['dilated', [1, 5, 6, 2], [2, 3, 2, 2], { dilations: [2, 1], pad: 'same' }],
]
const depthwisePlanes: Case<Options2D>[] = [
  ['same', [2, 4, 3, 2], [3, 3, 2, 1], { pad: 'same' }],
  ['twofold, strided', [1, 5, 5, 2], [2, 2, 2, 2], { strides: 2 }],
  ['dilated', [1, 5, 6, 2], [2, 3, 2, 2], { dilations: 2, pad: 'same' }],
]
const as4D = (x: tf.Tensor | undefined) => x as tf.Tensor4D
const conv2d = (
  x: tf.Tensor,
  filter: tf.Tensor,
  { strides = 1, pad = 'valid', format = 'NHWC', dilations = 1 }: Options2D = {},
) => tf.conv2d(as4D(x), as4D(filter), strides, pad, format, dilations)
const depthwise = (x: tf.Tensor, filter: tf.Tensor, { strides = 1, pad = 'valid', dilations = 1 }: Options2D = {}) =>
  tf.depthwiseConv2d(as4D(x), as4D(filter), strides, pad, 'NHWC', dilations)

/** A kernel that tfjs' ops call only in gradients. */
const backprop = (kernel: string, inputs: Record<string, tf.Tensor>, attrs: object): tf.Tensor =>
  tf.engine().runKernel(kernel, inputs, attrs as tf.NamedAttrMap) as tf.Tensor

/** Convolution and its gradients; the sweep's derivatives of these are the same kernels again. */
export const convolutionCases: Record<string, OpCase[]> = {
  Conv: casesOf(convGeometries, conv),
  ConvInputGradient: casesOf(convTransposeGeometries, convTranspose),
  ConvFilterGradient: cases(
    ...filterGradients.map(([title, x, dy, attrs]): Parameters<typeof cases>[0] => [
      title,
      { x: sample(x), dy: sample(dy, 'normal', 2) },
      (values) => convFilterGradient(values['x']!, values['dy']!, attrs),
    ]),
  ),
  Conv2D: [
    ...casesOf(planes, conv2d),
    ...cases(
      [
        'conv1d, strided',
        { x: sample([2, 7, 2]), filter: sample([3, 2, 2], 'normal', 2) },
        ({ x, filter }) => tf.conv1d(x as tf.Tensor3D, filter as tf.Tensor3D, 2, 'same'),
      ],
      [
        'conv1d, dilated',
        { x: sample([1, 8, 2]), filter: sample([3, 2, 2], 'normal', 2) },
        ({ x, filter }) => tf.conv1d(x as tf.Tensor3D, filter as tf.Tensor3D, 1, 'valid', 'NWC', 2),
      ],
      [
        'explicit padding',
        { x: sample([1, 4, 5, 1]), filter: sample([2, 3, 1, 2], 'normal', 2) },
        ({ x, filter }) =>
          tf.conv2d(as4D(x), as4D(filter), 1, [
            [0, 0],
            [1, 0],
            [2, 1],
            [0, 0],
          ]),
      ],
    ),
  ],
  Conv2DBackpropInput: cases(
    [
      'conv2dTranspose, strided',
      { x: sample([2, 2, 3, 2]), filter: sample([3, 3, 1, 2], 'normal', 2) },
      ({ x, filter }) => tf.conv2dTranspose(as4D(x), as4D(filter), [2, 4, 6, 1], 2, 'same'),
    ],
    [
      'conv2dTranspose, valid with a rest',
      { x: sample([1, 2, 2, 2]), filter: sample([2, 3, 2, 2], 'normal', 2) },
      ({ x, filter }) => tf.conv2dTranspose(as4D(x), as4D(filter), [1, 5, 6, 2], [3, 2], 'valid'),
    ],
  ),
  Conv2DBackpropFilter: cases(
    [
      'strided',
      { x: sample([2, 5, 4, 2]), dy: sample([2, 2, 2, 2], 'normal', 2) },
      ({ x, dy }) =>
        backprop(
          'Conv2DBackpropFilter',
          { x: x!, dy: dy! },
          { strides: 2, pad: 'valid', dataFormat: 'NHWC', filterShape: [2, 2, 2, 2] },
        ),
    ],
    [
      'channels first',
      { x: sample([1, 2, 4, 3]), dy: sample([1, 2, 4, 3], 'normal', 2) },
      ({ x, dy }) =>
        backprop(
          'Conv2DBackpropFilter',
          { x: x!, dy: dy! },
          { strides: 1, pad: 'same', dataFormat: 'NCHW', filterShape: [3, 2, 2, 2] },
        ),
    ],
  ),
  DepthwiseConv2dNative: [
    ...casesOf(depthwisePlanes, depthwise),
    ...cases([
      'separable',
      { x: sample([1, 4, 4, 2]), depth: sample([2, 2, 2, 2], 'normal', 2), point: sample([1, 1, 4, 3], 'normal', 3) },
      ({ x, depth, point }) => tf.separableConv2d(as4D(x), as4D(depth), as4D(point), 1, 'same'),
    ]),
  ],
  DepthwiseConv2dNativeBackpropInput: cases([
    'twofold, strided',
    { dy: sample([2, 2, 2, 4]), filter: sample([2, 2, 2, 2], 'normal', 2) },
    ({ dy, filter }) =>
      backprop(
        'DepthwiseConv2dNativeBackpropInput',
        { dy: dy!, filter: filter! },
        { strides: 2, dilations: 1, pad: 'valid', inputShape: [2, 5, 4, 2] },
      ),
  ]),
  DepthwiseConv2dNativeBackpropFilter: cases([
    'same',
    { x: sample([2, 4, 3, 2]), dy: sample([2, 4, 3, 2], 'normal', 2) },
    ({ x, dy }) =>
      backprop(
        'DepthwiseConv2dNativeBackpropFilter',
        { x: x!, dy: dy! },
        { strides: 1, dilations: 1, pad: 'same', filterShape: [3, 2, 2, 1] },
      ),
  ]),
}
