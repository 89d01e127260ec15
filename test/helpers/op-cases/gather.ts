import * as tf from '@tensorflow/tfjs-core'
import { cases, integers, sample, type OpCase } from './case'

export const gatherCases: Record<string, OpCase[]> = {
  GatherV2: cases(
    [
      'rows, repeated',
      { x: sample([4, 3]), i: integers([3], [2, 0, 2]) },
      ({ x, i }) => tf.gather(x!, i as tf.Tensor1D),
    ],
    ['columns', { x: sample([4, 3]), i: integers([2], [2, 1]) }, ({ x, i }) => tf.gather(x!, i as tf.Tensor1D, 1)],
    ['table of indices', { x: sample([4, 3]), i: integers([2, 2], [0, 1, 3, 3]) }, ({ x, i }) => tf.gather(x!, i!)],
    ['last of three axes', { x: sample([2, 2, 4]), i: integers([3], [3, 0, 3]) }, ({ x, i }) => tf.gather(x!, i!, -1)],
    [
      'a codebook',
      { x: sample([5, 2]), codes: sample([4, 2], 'normal', 2) },
      ({ x, codes }) => {
        const differences = tf.sub(tf.expandDims(x!, 1), tf.expandDims(codes!, 0))
        const nearest = tf.argMin(tf.sum(tf.square(differences), 2), 1)
        return tf.square(tf.sub(x!, tf.gather(codes!, nearest as tf.Tensor1D)))
      },
    ],
    [
      'rows of each batch',
      { x: sample([2, 4, 3]), i: integers([2, 3], [2, 0, 2, 3, 1, 1]) },
      ({ x, i }) => tf.gather(x!, i!, 1, 1),
    ],
    [
      'columns of each batch',
      { x: sample([2, 3, 4]), i: integers([2, 2], [2, 0, 3, 3]) },
      ({ x, i }) => tf.gather(x!, i!, 2, 1),
    ],
    [
      'two batch axes',
      { x: sample([2, 2, 4]), i: integers([2, 2, 2], [0, 1, 3, 3, 2, 1, 0, 2]) },
      ({ x, i }) => tf.gather(x!, i!, -1, 2),
    ],
  ),
  GatherNd: cases(
    ['pairs', { x: sample([4, 3]), i: integers([2, 2], [0, 1, 3, 2]) }, ({ x, i }) => tf.gatherND(x!, i!)],
    ['rows, repeated', { x: sample([4, 3]), i: integers([3, 1], [2, 0, 2]) }, ({ x, i }) => tf.gatherND(x!, i!)],
  ),
  ScatterNd: cases(
    [
      'pairs, repeated',
      { u: sample([3]), i: integers([3, 2], [0, 1, 3, 2, 0, 1]) },
      ({ u, i }) => tf.scatterND(i!, u!, [4, 3]),
    ],
    ['rows', { u: sample([2, 3]), i: integers([2, 1], [3, 0]) }, ({ u, i }) => tf.scatterND(i!, u!, [4, 3])],
    ['one axis', { u: sample([2]), i: integers([2, 1], [3, 0]) }, ({ u, i }) => tf.scatterND(i!, u!, [400])],
  ),
  // tfjs' kernel on the reference device writes into its first input: it gets a copy.
  TensorScatterUpdate: cases(
    [
      'pairs',
      { x: sample([4, 3]), u: sample([2]), i: integers([2, 2], [0, 1, 3, 2]) },
      ({ x, u, i }) => tf.tensorScatterUpdate(tf.mul(x!, 1), i!, u!),
    ],
    [
      'rows',
      { x: sample([4, 3]), u: sample([2, 3]), i: integers([2, 1], [3, 0]) },
      ({ x, u, i }) => tf.tensorScatterUpdate(tf.mul(x!, 1), i!, u!),
    ],
  ),
  UnsortedSegmentSum: cases([
    'repeated',
    { x: sample([4, 3]), i: integers([4], [2, 0, 2, 1]) },
    ({ x, i }) => tf.unsortedSegmentSum(x!, i as tf.Tensor1D, 4),
  ]),
  OneHot: cases(
    ['int', { i: integers([3], [2, 0, 1]) }, ({ i }) => tf.oneHot(i!, 4), false],
    ['on and off', { i: integers([2, 2], [2, 0, 1, 9]) }, ({ i }) => tf.oneHot(i!, 4, 0.9, 0.1, 'float32'), false],
  ),
}
