import * as tf from '@tensorflow/tfjs-core'
import { cases, numbers, sample, type OpCase } from './case'

type Image = tf.Tensor4D
const image = (seed = 1) => ({ x: sample([2, 5, 6, 2], 'normal', seed) })
const pooled = (op: typeof tf.maxPool | typeof tf.avgPool): OpCase[] =>
  cases(
    ['side by side', { x: sample([2, 4, 6, 2]) }, ({ x }) => op(x as Image, 2, 2, 'valid')],
    ['side by side, some left over', image(), ({ x }) => op(x as Image, 2, 2, 'valid')],
    ['side by side, same', image(), ({ x }) => op(x as Image, 2, 2, 'same')],
    ['overlapping', image(), ({ x }) => op(x as Image, 3, 1, 'valid')],
    ['overlapping, same', image(), ({ x }) => op(x as Image, 3, 2, 'same')],
    ['wide', image(), ({ x }) => op(x as Image, [1, 3], [2, 1], 'same')],
    ['with gaps', image(), ({ x }) => op(x as Image, 1, 2, 'valid')],
    ['numbered padding', image(), ({ x }) => op(x as Image, 3, 2, 1, 'floor')],
    ['numbered padding, rounded up', { x: sample([1, 6, 5, 1]) }, ({ x }) => op(x as Image, 3, 2, 1, 'ceil')],
    [
      'explicit padding',
      image(),
      ({ x }) =>
        op(
          x as Image,
          [3, 2],
          [2, 1],
          [
            [0, 0],
            [2, 1],
            [0, 1],
            [0, 0],
          ],
          'floor',
        ),
    ],
    ['a single image', { x: sample([4, 4, 2]) }, ({ x }) => op(x as tf.Tensor3D, 2, 2, 'valid')],
  )

export const poolCases: Record<string, OpCase[]> = {
  MaxPool: [
    ...pooled(tf.maxPool),
    ...cases(
      [
        'below zero, same',
        { x: sample([1, 3, 3, 1], 'positive') },
        ({ x }) => tf.maxPool(tf.neg(x as Image) as Image, 2, 1, 'same'),
      ],
      [
        'equal numbers',
        { x: numbers([1, 2, 4, 1], [1, 1, 2, 0, 1, 1, 2, 2]) },
        ({ x }) => tf.grad((image) => tf.sum(tf.maxPool(image as Image, 2, 2, 'valid')))(x!),
        false,
      ],
      ['dilated', { x: sample([1, 6, 6, 2]) }, ({ x }) => tf.pool(x as Image, 2, 'max', 'valid', 2)],
    ),
  ],
  AvgPool: [
    ...pooled(tf.avgPool),
    ...cases(['dilated', { x: sample([1, 6, 6, 2]) }, ({ x }) => tf.pool(x as Image, 2, 'avg', 'same', 2)]),
  ],
}
