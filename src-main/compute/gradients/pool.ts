import * as tf from '@tensorflow/tfjs-core'
import { coveredCounts, LEAST, poolGeometry, type PoolGeometry } from '../kernels/pool-geometry'
import { constant, mask, ofInput } from './rule'
import { placeStrided } from './shape'

type Pads = [number, number][]
const padsOf = ({ pads }: PoolGeometry): Pads => [[0, 0], [...pads[0]], [...pads[1]], [0, 0]]

/** True where the windows lie side by side. */
const tiled = ({ windows, strides }: PoolGeometry) => windows.every((window, i) => window === strides[i])

/** The offsets of a window's elements, row by row. */
const offsetsOf = ({ windows: [high, wide] }: PoolGeometry): [number, number][] =>
  Array.from({ length: high * wide }, (_, i) => [Math.floor(i / wide), i % wide])

/** What the windows reach of the padded input, without what none of them covers. */
function reached({ counts, strides, windows, shape }: PoolGeometry): [number, number, number, number] {
  const [high, wide] = [0, 1].map((i) => (counts[i]! - 1) * strides[i]! + windows[i]!)
  return [shape[0], high!, wide!, shape[3]]
}

/** Cuts the padding off and adds zeros where no window reached, so that a tensor of what the windows reach gets the input's shape. */
function fitted(y: tf.Tensor, { pads }: PoolGeometry, shape: readonly number[]): tf.Tensor {
  const starts = [0, pads[0][0], pads[1][0], 0]
  const sizes = shape.map((side, i) => Math.min(side, y.shape[i]! - starts[i]!))
  const inside = sizes.some((size, i) => size !== y.shape[i]) ? tf.slice(y, starts, sizes) : y
  return tf.pad(
    inside,
    sizes.map((size, i): [number, number] => [0, shape[i]! - size]),
  )
}

/** y [batch, high, wide, channels] at every stride-th place from `offset` of a tensor of zeros of `shape`: repeated, then masked. */
function placed(
  y: tf.Tensor4D,
  offset: readonly [number, number],
  [down, across]: readonly [number, number],
  shape: readonly number[],
): tf.Tensor {
  let spread: tf.Tensor = y
  if (down > 1 || across > 1) {
    const [high, wide] = [y.shape[1] * down, y.shape[2] * across]
    const comb = Array.from({ length: high * wide }, (_, i) =>
      Number(Math.floor(i / wide) % down === 0 && (i % wide) % across === 0),
    )
    const mask = tf.tensor(comb, [1, high, wide, 1], 'float32')
    spread = tf.mul(tf.image.resizeNearestNeighbor(y, [high, wide]), mask)
  }
  return placeStrided(spread, [0, ...offset, 0], [1, 1, 1, 1], shape)
}

/** Gradient of a maximum pooling: dy to the first element of each window that attains the maximum. */
function ofMaxPool(dy: tf.Tensor, x: tf.Tensor, attrs: tf.MaxPoolAttrs): tf.Tensor {
  const geometry = poolGeometry(x.shape, attrs)
  const { counts, strides, shape } = geometry
  const steps = [1, ...strides, 1]
  const attains = constant(() => {
    const padded = tf.pad(x, padsOf(geometry), LEAST)
    const taps = offsetsOf(geometry).map(([row, column]) =>
      tf.stridedSlice(
        padded,
        [0, row, column, 0],
        [shape[0], row + (counts[0] - 1) * strides[0] + 1, column + (counts[1] - 1) * strides[1] + 1, shape[3]],
        steps,
      ),
    )
    const winner = tf.expandDims(tf.argMax(tf.stack(taps), 0), 0)
    const places = tf.reshape(tf.range(0, taps.length, 1, 'int32'), [-1, 1, 1, 1, 1])
    return mask(tf.equal(winner, places))
  })
  const shares = tf.mul(tf.expandDims(dy, 0), attains)
  const parts = tf
    .unstack(shares)
    .map((share, i) => placed(share as tf.Tensor4D, offsetsOf(geometry)[i]!, strides, reached(geometry)))
  return fitted(tf.addN(parts), geometry, x.shape)
}

/** Gradient of an average pooling: dy over the number of elements in each window, spread over the window, one axis after the other. */
function ofAvgPool(dy: tf.Tensor, x: tf.Tensor, attrs: tf.AvgPoolAttrs): tf.Tensor {
  const geometry = poolGeometry(x.shape, attrs)
  const [rows, columns] = ([0, 1] as const).map((axis) => coveredCounts(geometry, axis, x.shape[axis + 1]!))
  const weights = rows!.flatMap((high) => columns!.map((wide) => 1 / (high * wide)))
  const shares = tf.mul(dy, tf.tensor(weights, [1, rows!.length, columns!.length, 1], 'float32'))
  const { windows, strides, shape } = geometry
  if (tiled(geometry)) {
    const size: [number, number] = [shape[1] * windows[0], shape[2] * windows[1]]
    const spread = tf.image.resizeNearestNeighbor(shares as tf.Tensor4D, size)
    return fitted(spread, geometry, x.shape)
  }
  const along = (y: tf.Tensor4D, i: 0 | 1): tf.Tensor4D => {
    const target = [...y.shape]
    target[i + 1] = reached(geometry)[i + 1]!
    const only = (number: number, rest: number): [number, number] => (i === 0 ? [number, rest] : [rest, number])
    const parts = Array.from({ length: windows[i] }, (_, offset) =>
      placed(y, only(offset, 0), only(strides[i], 1), target),
    )
    return tf.addN(parts) as tf.Tensor4D
  }
  const spread = along(along(shares as tf.Tensor4D, 0), 1)
  return fitted(spread, geometry, x.shape)
}

/** Poolings, differentiable any number of times. */
export const poolGradients: readonly tf.GradConfig[] = [
  ofInput('MaxPool', 'x', ofMaxPool),
  ofInput('AvgPool', 'x', ofAvgPool),
]
