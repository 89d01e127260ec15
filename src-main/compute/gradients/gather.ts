import * as tf from '@tensorflow/tfjs-core'
import { axesOf } from '../kernels/kernel'
import { noSlope, product } from './rule'

/** Gradient of gather: the sum of what was read from each place. */
const ofGather: tf.GradConfig = {
  kernelName: 'GatherV2',
  inputsToSave: ['x', 'indices'],
  gradFunc: (dy, saved, attrs) => ({
    x: () => {
      const [x, indices] = saved as [tf.Tensor, tf.Tensor]
      const { axis, batchDims = 0 } = attrs as unknown as tf.GatherV2Attrs
      const [at] = axesOf(axis, x.rank)
      const first = axesOf(batchDims, indices.rank)[0]!
      const side = x.shape[at!]!
      const batch = product(x.shape.slice(0, first))
      const between = product(x.shape.slice(first, at))
      const rest = product(x.shape.slice(at! + 1))
      const count = indices.size / batch
      const starts = tf.mul(tf.reshape(tf.range(0, batch, 1, 'int32'), [batch, 1]), tf.scalar(side, 'int32'))
      const places = tf.reshape(tf.add(tf.reshape(tf.cast(indices, 'int32'), [batch, count]), starts), [-1])
      const rows = tf.transpose(tf.reshape(dy as tf.Tensor, [batch, between, count, rest]), [0, 2, 1, 3])
      const sums = tf.unsortedSegmentSum(
        tf.reshape(rows, [batch * count, between * rest]),
        places as tf.Tensor1D,
        batch * side,
      )
      return tf.reshape(tf.transpose(tf.reshape(sums, [batch, side, between, rest]), [0, 2, 1, 3]), x.shape)
    },
    indices: noSlope(saved[1]!),
  }),
}

const ofGatherNd: tf.GradConfig = {
  kernelName: 'GatherNd',
  inputsToSave: ['params', 'indices'],
  gradFunc: (dy, [params, indices]) => ({
    params: () => tf.scatterND(indices!, dy as tf.Tensor, params!.shape),
    indices: noSlope(indices!),
  }),
}

/** `indices` as tf.scatterND means them where they are one-dimensional: one index a row. */
const rowsOf = (indices: tf.Tensor) => (indices.rank === 1 ? tf.reshape(indices, [-1, 1]) : indices)

const ofScatterNd: tf.GradConfig = {
  kernelName: 'ScatterNd',
  inputsToSave: ['indices'],
  gradFunc: (dy, [indices]) => ({
    updates: () => tf.gatherND(dy as tf.Tensor, rowsOf(indices!)),
    indices: noSlope(indices!),
  }),
}

const ofTensorScatterUpdate: tf.GradConfig = {
  kernelName: 'TensorScatterUpdate',
  inputsToSave: ['indices', 'updates'],
  gradFunc: (gradient, [indices, updates]) => {
    const dy = gradient as tf.Tensor
    return {
      tensor: () => tf.mul(dy, tf.tensorScatterUpdate(tf.ones(dy.shape), indices!, tf.zeros(updates!.shape))),
      updates: () => tf.gatherND(dy, rowsOf(indices!)),
      indices: noSlope(indices!),
    }
  },
}

const ofSegmentSum: tf.GradConfig = {
  kernelName: 'UnsortedSegmentSum',
  inputsToSave: ['segmentIds'],
  gradFunc: (dy, [segmentIds]) => ({
    x: () => tf.gather(dy as tf.Tensor, segmentIds!),
    segmentIds: noSlope(segmentIds!),
  }),
}

/** Reading and writing by index. Indices may be computed from what is differentiated, as a codebook's are: they pass no gradient on. */
export const gatherGradients: readonly tf.GradConfig[] = [
  ofGather,
  ofGatherNd,
  ofScatterNd,
  ofTensorScatterUpdate,
  ofSegmentSum,
]
