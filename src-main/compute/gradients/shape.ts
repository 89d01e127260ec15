import * as tf from '@tensorflow/tfjs-core'
import { spaceToDepth } from '../kernels/compositions'
import { ofInput } from './rule'

/**
 * The adjoint of a strided slice: a tensor of `shape`, zero except at starts + steps · i, where it is `y[i]`. Steps are positive.
 */
export function placeStrided(
  y: tf.Tensor,
  starts: readonly number[],
  steps: readonly number[],
  shape: readonly number[],
): tf.Tensor {
  let spread = y
  if (steps.some((step) => step > 1)) {
    const gaps = tf.reshape(
      y,
      y.shape.flatMap((side) => [side, 1]),
    )
    const padded = tf.pad(
      gaps,
      steps.flatMap((step): [number, number][] => [
        [0, 0],
        [0, step - 1],
      ]),
    )
    spread = tf.reshape(
      padded,
      y.shape.map((side, i) => side * steps[i]!),
    )
  }
  const sizes = spread.shape.map((side, i) => Math.min(side, shape[i]! - starts[i]!))
  if (sizes.some((size, i) => size !== spread.shape[i]))
    spread = tf.slice(
      spread,
      sizes.map(() => 0),
      sizes,
    )
  return tf.pad(
    spread,
    sizes.map((size, i): [number, number] => [starts[i]!, shape[i]! - starts[i]! - size]),
  )
}

function ofStridedSlice(dy: tf.Tensor, x: tf.Tensor, a: tf.StridedSliceAttrs): tf.Tensor {
  const masks = [a.beginMask, a.endMask, a.ellipsisMask, a.newAxisMask, a.shrinkAxisMask] as const
  const { begin, end, strides } = tf.slice_util.sliceInfo(x.shape, a.begin, a.end, a.strides, ...masks)
  const counts = begin.map((from, i) => Math.ceil((end[i]! - from) / strides[i]!))
  const backwards = counts.map((_, i) => i).filter((i) => strides[i]! < 0)
  const dense = tf.reshape(dy, counts)
  return placeStrided(
    backwards.length > 0 ? tf.reverse(dense, backwards) : dense,
    begin.map((from, i) => (strides[i]! < 0 ? from + (counts[i]! - 1) * strides[i]! : from)),
    strides.map(Math.abs),
    x.shape,
  )
}

/** Gradient of tile: the sum over the copies. */
function ofTile(dy: tf.Tensor, x: tf.Tensor, { reps }: tf.TileAttrs): tf.Tensor {
  const split = x.shape.flatMap((side, i) => [reps[i]!, side])
  const copies = x.shape.map((_, i) => 2 * i).filter((i) => split[i]! > 1)
  return tf.reshape(copies.length > 0 ? tf.sum(tf.reshape(dy, split), copies) : dy, x.shape)
}

/** Gradient of cutting a tensor up; a single piece comes without its list. */
const ofPieces = (kernelName: string, name: string, join: (pieces: tf.Tensor[], axis: number) => tf.Tensor) =>
  ({
    kernelName,
    gradFunc: (dy, _, attrs) => ({ [name]: () => join(Array.isArray(dy) ? dy : [dy], attrs['axis'] as number) }),
  }) satisfies tf.GradConfig

/** Gradient of a mirrored padding: the middle, plus the two margins turned back onto where they came from, one axis after the other. */
function ofMirrorPad(dy: tf.Tensor, x: tf.Tensor, { paddings, mode }: tf.MirrorPadAttrs): tf.Tensor {
  const offset = mode === 'reflect' ? 1 : 0
  return paddings.reduce((sum, [before, after], axis) => {
    const side = x.shape[axis]!
    const piece = (start: number, size: number) => {
      const sizes = [...sum.shape]
      const starts = sizes.map(() => 0)
      starts[axis] = start
      sizes[axis] = size
      return tf.slice(sum, starts, sizes)
    }
    const turned = (start: number, size: number, to: number) =>
      tf.pad(
        tf.reverse(piece(start, size), axis),
        sum.shape.map((_, i): [number, number] => (i === axis ? [to, side - to - size] : [0, 0])),
      )
    const parts = [piece(before, side)]
    if (before > 0) parts.push(turned(0, before, offset))
    if (after > 0) parts.push(turned(before + side, after, side - offset - after))
    return parts.length > 1 ? tf.addN(parts) : parts[0]!
  }, dy)
}

/** Gradient of a diagonal matrix: dy's diagonal. */
function ofDiag(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
  return tf.reshape(tf.sum(tf.mul(tf.reshape(dy, [x.size, x.size]), tf.eye(x.size)), 1), x.shape)
}

/** Ops that move numbers whose gradients tfjs gets wrong (`mirrorPad`), cannot differentiate again, or lacks. */
export const shapeGradients: readonly tf.GradConfig[] = [
  ofInput('StridedSlice', 'x', ofStridedSlice),
  ofInput('Tile', 'x', ofTile),
  ofPieces('Unpack', 'value', (pieces, axis) => tf.stack(pieces, axis)),
  ofPieces('SplitV', 'x', (pieces, axis) => tf.concat(pieces, axis)),
  ofInput('MirrorPad', 'x', ofMirrorPad),
  ofInput('Diag', 'x', ofDiag),
  ofInput<tf.DepthToSpaceAttrs>('DepthToSpace', 'x', (dy, _, { blockSize, dataFormat }) =>
    spaceToDepth(dy, blockSize, dataFormat),
  ),
]
