import * as tf from '@tensorflow/tfjs-core'
import { avgPool, type Shapes, type Tensors } from '../../compute'
import { float32, type NDArray, type NDArrays } from '../../lib/ndarray'
import type { Random } from '../../lib/random'
import { conv2d, convFans, heUniform } from '../../nn'
import type { ImageSource } from '../anomaly/image-source'
import { whiteningCount, whiteningFilters } from '../anomaly/patch-features'
import type { SegmenterConfig } from './config'

/** Steps between the taps of the residual layers' filters on the way down and up, at a half, a quarter and an eighth of the resolution. */
const stages = [
  { down: [1, 2], up: [1] },
  { down: [1, 2], up: [1] },
  { down: [1, 2, 1], up: [] },
] as const
const ways = ['down', 'up'] as const
/** Deviations of normal patches at which a whitening filter's answer is at three quarters of its bound. */
const REACH = 4

type Size = Pick<SegmenterConfig, 'channels' | 'width'>

const layer = (name: string, weight: readonly number[]): Shapes => ({
  [`${name}.weight`]: weight,
  [`${name}.bias`]: [weight[0]!],
})

const filterCount = (channels: number) => whiteningCount([channels, 0, 0])

/** Shapes of the whitening filters, which normal images give and training leaves alone. */
export const filterShapes = ({ channels }: Size): Shapes => layer('filters', [filterCount(channels), channels, 5, 5])

/** Shapes of what is trained. */
export const trainedShapes = ({ channels, width }: Size): Shapes => ({
  ...layer('mix', [width, 2 * filterCount(channels), 1, 1]),
  ...Object.assign(
    {},
    ...stages.flatMap((stage, at) => {
      const own = width * 2 ** at
      const residual = ways.flatMap((way) => stage[way].map((_, i) => layer(`${way}${at}.${i}`, [own, own, 3, 3])))
      return at === 0
        ? residual
        : [layer(`narrow${at}`, [own, own / 2, 1, 1]), ...residual, layer(`widen${at}`, [2 * own, own, 1, 1])]
    }),
  ),
  ...layer('head', [4, width, 3, 3]),
})

/** Shapes of all weights. */
export const weightShapes = (size: Size): Shapes => ({ ...filterShapes(size), ...trainedShapes(size) })

/** Whitening filters of normal images, and what takes their mean away. */
export async function filtersOf(images: ImageSource, check: () => void): Promise<NDArrays> {
  const bank = await whiteningFilters(images, check)
  const [channels, height, width] = images.shape
  const means = new Float64Array(channels)
  for (let i = 0; i < images.count; i++) {
    const image = await images.at(i, 1)
    for (let at = 0; at < image.length; at++)
      means[Math.floor(at / (height * width))]! += image[at]! / (height * width * images.count)
  }
  const count = bank.shape[0]!
  const bias = float32([count])
  for (let at = 0; at < bank.data.length; at++) {
    const filter = Math.floor(at / (25 * channels))
    bias.data[filter]! -= bank.data[at]! * means[Math.floor(at / 25) % channels]!
  }
  return { 'filters.weight': bank, 'filters.bias': bias }
}

/** He's uniform before ReLUs; residual layers start a third as strong, so that their sum stays in bounds; the head starts at few painted pixels. */
export function initialWeights(size: Size, random: Random): NDArrays {
  const weights: Record<string, NDArray> = {}
  for (const [name, entry] of Object.entries(trainedShapes(size))) {
    const shape = entry as readonly number[]
    if (name.endsWith('.bias')) {
      weights[name] = float32(shape, new Float32Array(shape[0]!).fill(name === 'head.bias' ? -2 : 0))
      continue
    }
    const drawn = heUniform(random, shape, convFans(shape)).data as Float32Array
    const scale = name.startsWith('mix') ? 1 : 1 / 3
    weights[name] = float32(
      shape,
      drawn.map((value) => value * scale),
    )
  }
  return weights
}

/**
 * Log odds that a pixel is painted: images [batch, channels, height, width], sides that are multiples of 8 → [batch, height, width]. Whitening filters' answers,
 * bounded, and their strengths, at half the resolution; residual layers there, at a quarter and at an eighth, each joined to what lies above it (Ronneberger et
 * al., 2015); four numbers for each of the inner places at the end, one for each of its pixels.
 */
export function segment(weights: Tensors, images: tf.Tensor): tf.Tensor {
  const of = (name: string) => ({ weight: weights[`${name}.weight`]!, bias: weights[`${name}.bias`]! })
  const around: [number, number][] = [
    [0, 0],
    [0, 0],
    [2, 2],
    [2, 2],
  ]
  const white = conv2d(tf.mirrorPad(images, around, 'symmetric'), of('filters'))
  const answers = tf.mul(tf.tanh(tf.mul(white, 1 / REACH)), REACH)
  let x = conv2d(avgPool(tf.concat([answers, tf.abs(answers)], 1), 2), of('mix'))
  const residual = (x: tf.Tensor, at: number, way: (typeof ways)[number]) => {
    for (const [i, dilation] of stages[at]![way].entries())
      x = tf.add(x, conv2d(tf.relu(x), of(`${way}${at}.${i}`), { dilations: dilation, padding: dilation }))
    return x
  }
  const down = (x: tf.Tensor, at: number): tf.Tensor => {
    const seen = residual(x, at, 'down')
    if (at === stages.length - 1) return seen
    const coarse = down(conv2d(avgPool(seen, 2), of(`narrow${at + 1}`)), at + 1)
    return residual(tf.add(seen, spreadOut(conv2d(tf.relu(coarse), of(`widen${at + 1}`)))), at, 'up')
  }
  x = down(x, 0)
  return tf.squeeze(spreadOut(conv2d(tf.relu(x), of('head'), { padding: 1 })), [1])
}

/** Four channels become the four pixels of each place: [batch, 4 channels, rows, columns] → [batch, channels, 2 rows, 2 columns]. */
function spreadOut(x: tf.Tensor): tf.Tensor {
  const [batch, channels, rows, columns] = x.shape as [number, number, number, number]
  const apart = tf.transpose(tf.reshape(x, [batch, channels / 4, 2, 2, rows, columns]), [0, 1, 4, 2, 5, 3])
  return tf.reshape(apart, [batch, channels / 4, 2 * rows, 2 * columns])
}
