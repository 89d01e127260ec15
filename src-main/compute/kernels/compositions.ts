import * as tf from '@tensorflow/tfjs-core'
import { axesOf, composed, type KernelTable } from './kernel'

/** The angle of the point (x, y), in radians from -π to π. */
function atan2(y: tf.Tensor, x: tf.Tensor): tf.Tensor {
  const turn = tf.where(tf.less(x, 0), tf.where(tf.less(y, 0), tf.scalar(-Math.PI), tf.scalar(Math.PI)), tf.scalar(0))
  const angle = tf.add(tf.atan(tf.div(y, x)), turn)
  const upright = tf.mul(tf.sign(y), tf.add(tf.zerosLike(x), Math.PI / 2))
  return tf.where(tf.equal(x, 0), upright, angle)
}

/** Running product along an axis in ⌈log₂ length⌉ products of the whole tensor with itself, shifted. */
function cumprod(x: tf.Tensor, { axis, exclusive, reverse }: tf.CumprodAttrs): tf.Tensor {
  const [at] = axesOf(axis, x.rank)
  const length = x.shape[at!]!
  const shifted = (y: tf.Tensor, by: number) => {
    const starts = y.shape.map((_, i) => (i === at && reverse ? by : 0))
    const sizes = y.shape.map((side, i) => (i === at ? side - by : side))
    const margin: [number, number] = reverse ? [0, by] : [by, 0]
    return tf.pad(
      tf.slice(y, starts, sizes),
      y.shape.map((_, i): [number, number] => (i === at ? margin : [0, 0])),
      1,
    )
  }
  const factors = x.dtype === 'bool' ? tf.cast(x, 'int32') : x
  let product = exclusive ? shifted(factors, 1) : factors
  for (let by = 1; by < length; by *= 2) product = tf.mul(product, shifted(product, by))
  return product
}

/** Blocks of neighbours along the axes after the batch move into the batch. */
function spaceToBatch(x: tf.Tensor, { blockShape, paddings }: tf.SpaceToBatchNDAttrs): tf.Tensor {
  const axes = blockShape.length
  const padded = tf.pad(
    x,
    x.shape.map((_, i): [number, number] => (i > 0 && i <= axes ? (paddings[i - 1] as [number, number]) : [0, 0])),
  )
  const [batch, ...sides] = padded.shape as [number, ...number[]]
  const cells = sides.map((side, i) => (i < axes ? side / blockShape[i]! : side))
  const split = cells.flatMap((side, i) => (i < axes ? [side, blockShape[i]!] : [side]))
  const inBlock = blockShape.map((_, i) => 2 * i + 2)
  const order = [...inBlock, 0, ...axesOf(null, split.length + 1).filter((i) => i > 0 && !inBlock.includes(i))]
  const moved = tf.transpose(tf.reshape(padded, [batch, ...split]), order)
  return tf.reshape(moved, [-1, ...cells])
}

/** The inverse of `spaceToBatch`; what was padding is cropped. */
function batchToSpace(x: tf.Tensor, { blockShape, crops }: tf.BatchToSpaceNDAttrs): tf.Tensor {
  const axes = blockShape.length
  const [batch, ...cells] = x.shape as [number, ...number[]]
  const block = blockShape.reduce((product, side) => product * side, 1)
  const split = tf.reshape(x, [...blockShape, batch / block, ...cells])
  const order = cells.flatMap((_, i) => (i < axes ? [axes + 1 + i, i] : [axes + 1 + i]))
  const sides = cells.map((side, i) => (i < axes ? side * blockShape[i]! : side))
  const whole = tf.reshape(tf.transpose(split, [axes, ...order]), [batch / block, ...sides])
  const starts = whole.shape.map((_, i) => crops[i - 1]?.[0] ?? 0)
  const sizes = whole.shape.map((side, i) => side - starts[i]! - (crops[i - 1]?.[1] ?? 0))
  return tf.slice(whole, starts, sizes)
}

/** Channels [size², …] of each pixel become a block of size × size pixels. */
export function depthToSpace(x: tf.Tensor, size: number, dataFormat: 'NHWC' | 'NCHW'): tf.Tensor {
  if (dataFormat === 'NCHW') {
    const [batch, channels, high, wide] = x.shape as [number, number, number, number]
    const split = tf.reshape(x, [batch, size, size, channels / size ** 2, high, wide])
    return tf.reshape(tf.transpose(split, [0, 3, 4, 1, 5, 2]), [batch, -1, high * size, wide * size])
  }
  const [batch, high, wide, channels] = x.shape as [number, number, number, number]
  const split = tf.reshape(x, [batch, high, wide, size, size, channels / size ** 2])
  return tf.reshape(tf.transpose(split, [0, 1, 3, 2, 4, 5]), [batch, high * size, wide * size, -1])
}

/** The inverse of `depthToSpace`. */
export function spaceToDepth(x: tf.Tensor, size: number, dataFormat: 'NHWC' | 'NCHW'): tf.Tensor {
  if (dataFormat === 'NCHW') {
    const [batch, channels, high, wide] = x.shape as [number, number, number, number]
    const split = tf.reshape(x, [batch, channels, high / size, size, wide / size, size])
    return tf.reshape(tf.transpose(split, [0, 3, 5, 1, 2, 4]), [batch, -1, high / size, wide / size])
  }
  const [batch, high, wide, channels] = x.shape as [number, number, number, number]
  const split = tf.reshape(x, [batch, high / size, size, wide / size, size, channels])
  return tf.reshape(tf.transpose(split, [0, 1, 3, 2, 4, 5]), [batch, high / size, wide / size, -1])
}

/** A matrix of numbers on its diagonal; each axis of `x` comes twice in the result. */
function diag(x: tf.Tensor): tf.Tensor {
  const table = tf.where(tf.cast(tf.eye(x.size), 'bool'), tf.reshape(x, [1, x.size]), tf.zeros([], x.dtype))
  return tf.reshape(table, [...x.shape, ...x.shape])
}

/** Kernels recorded as other ops. */
export const compositions: KernelTable = {
  Atan2: composed(['a', 'b'], ({ a, b }) => atan2(a!, b!)),
  Cumprod: composed<tf.CumprodAttrs>(['x'], ({ x }, attrs) => cumprod(x!, attrs)),
  SpaceToBatchND: composed<tf.SpaceToBatchNDAttrs>(['x'], ({ x }, attrs) => spaceToBatch(x!, attrs)),
  BatchToSpaceND: composed<tf.BatchToSpaceNDAttrs>(['x'], ({ x }, attrs) => batchToSpace(x!, attrs)),
  DepthToSpace: composed<tf.DepthToSpaceAttrs>(['x'], ({ x }, { blockSize, dataFormat }) =>
    depthToSpace(x!, blockSize, dataFormat),
  ),
  Diag: composed(['x'], ({ x }) => diag(x!)),
}
