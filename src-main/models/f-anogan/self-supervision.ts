import * as tf from '@tensorflow/tfjs-core'
import { logSoftmax, type Shapes, type Tensors } from '../../compute'
import { dense } from '../../nn'
import type { FAnoganConfig } from './config'
import { criticise, networksOf } from './network'

/** Tasks that a critic may be given beside its own, so that it keeps on seeing what images are of. */
export const selfSupervisions = ['none', 'rotation', 'minimax'] as const
export type SelfSupervision = (typeof selfSupervisions)[number]

/** Weight of the generator's share of the rotation task. */
const HELP = 0.2

/** Images [batch, channels, side, side] turned by 0, 90, 180 and 270 degrees, one after the other: [4 · batch, …]. Exact. */
export function turns(images: tf.Tensor): tf.Tensor {
  const across = tf.transpose(images, [0, 1, 3, 2])
  return tf.concat([images, tf.reverse(across, [2]), tf.reverse(images, [2, 3]), tf.reverse(across, [3])], 0)
}

/** Mean cross-entropy of logits [rows, classes] with each row's class, nats. */
export function crossEntropy(logits: tf.Tensor, classes: readonly number[]): tf.Tensor {
  const [rows, count] = logits.shape as [number, number]
  const wanted = new Float32Array(rows * count)
  for (const [row, k] of classes.entries()) wanted[row * count + k] = -1 / rows
  return tf.sum(tf.mul(logSoftmax(logits), tf.tensor2d(wanted, [rows, count])))
}

/** The rotation of each row of `turns`' answer to `batch` images. */
const rotations = (batch: number): number[] => Array.from({ length: 4 * batch }, (_, i) => Math.floor(i / batch))

/** The critic's loss of SS-GAN: which way real images are turned (T. Chen et al., 2019, eq. 4). logits [rows, 4]. */
export const rotationCriticLoss = crossEntropy

/** The generator's: its images, turned, must show which way (eq. 3, weight 0.2). logits [rows, 4]. */
export const rotationGeneratorLoss = (logits: tf.Tensor, classes: readonly number[]): tf.Tensor =>
  tf.mul(crossEntropy(logits, classes), HELP)

/** The critic's loss of the multi-class minimax game: rotation of real images, or made (class 4) (Tran et al., 2019, eq. 7). logits [rows, 5]. */
export const minimaxCriticLoss = crossEntropy

/** The generator's: turned, its images must be as telling as real ones, |CE(made) − CE(real)| (Tran et al., 2019, eq. 8). Both [rows, 5]. */
export const minimaxGeneratorLoss = (made: tf.Tensor, real: tf.Tensor, classes: readonly number[]): tf.Tensor =>
  tf.abs(tf.sub(crossEntropy(made, classes), crossEntropy(real, classes)))

/** Shapes of the critic's second head; nothing without a task. */
export function turnShapes(config: FAnoganConfig, task: SelfSupervision): Shapes {
  if (task === 'none') return {}
  const classes = task === 'rotation' ? 4 : 5
  return {
    'critic.turn.weight': [networksOf(config).features(config), classes],
    'critic.turn.bias': [classes],
  }
}

/** Which way the critic thinks each image is turned: logits [batch, 4 or 5]. */
const turnLogits = (config: FAnoganConfig, weights: Tensors, images: tf.Tensor): tf.Tensor =>
  dense(criticise(config, weights, images).features, weights['critic.turn.weight']!, weights['critic.turn.bias']!)

/** Images of a batch that are turned: a sixteenth, at least one. */
const some = (images: tf.Tensor) => {
  const [batch, ...rest] = images.shape as [number, ...number[]]
  const count = Math.max(1, Math.floor(batch / 16))
  return tf.slice(images, [0, 0, 0, 0], [count, ...rest])
}

/**
 * What the task adds to the critic's loss, and the share of rotations that it gets right (0.25 by guessing: then the images look alike from all sides).
 * real, fake [batch, channels, size, size].
 */
export function criticTask(
  config: FAnoganConfig,
  weights: Tensors,
  task: Exclude<SelfSupervision, 'none'>,
  { real, fake }: { real: tf.Tensor; fake: tf.Tensor },
): { loss: tf.Tensor; accuracy: tf.Tensor } {
  const shown = some(real)
  const batch = shown.shape[0]!
  const classes = rotations(batch)
  const logits =
    task === 'rotation'
      ? turnLogits(config, weights, turns(shown))
      : turnLogits(config, weights, tf.concat([turns(shown), some(fake)], 0))
  const ofReal = tf.slice(logits, [0, 0], [4 * batch, 4])
  const right = tf.equal(tf.argMax(ofReal, 1), tf.tensor1d(classes, 'int32'))
  const loss =
    task === 'rotation'
      ? rotationCriticLoss(logits, classes)
      : minimaxCriticLoss(logits, [...classes, ...new Array<number>(batch).fill(4)])
  return { loss, accuracy: tf.mean(tf.cast(right, 'float32')) }
}

/** What the task adds to the generator's loss, with the paper's weights. real, fake [batch, channels, size, size]. */
export function generatorTask(
  config: FAnoganConfig,
  weights: Tensors,
  task: Exclude<SelfSupervision, 'none'>,
  { real, fake }: { real: tf.Tensor; fake: tf.Tensor },
): tf.Tensor {
  const made = some(fake)
  const classes = rotations(made.shape[0]!)
  const logits = turnLogits(config, weights, turns(made))
  if (task === 'rotation') return rotationGeneratorLoss(logits, classes)
  return tf.mul(minimaxGeneratorLoss(logits, turnLogits(config, weights, turns(some(real))), classes), 0.1)
}
