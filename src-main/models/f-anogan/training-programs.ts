import * as tf from '@tensorflow/tfjs-core'
import type { ProgramSpec, Shapes } from '../../compute'
import { adam, programSequence, rmsProp, trainingProgram } from '../../nn'
import { imageShape, type FAnoganConfig } from './config'
import { criticLoss, encoderLoss, generatorLoss } from './loss'
import { generate } from './network'
import { batchNorms } from './norms'
import { criticTask, generatorTask, turnShapes, type SelfSupervision } from './self-supervision'
import { partShapes, statisticShapes, trainedShapes } from './weights'

/** What decides the first stage's program. */
export interface AdversarialOptions {
  batch: number
  /** Critic steps to each step of the generator. */
  criticSteps: number
  learningRate: number
  beta1: number
  beta2: number
  task: SelfSupervision
  /** Decay of the generator's average, kept as state `generatorStep.ema.*`; 0 keeps none. */
  average: number
}

/** Shape of the shares between real and generated images: the public port draws one for each channel. */
const shareShape = ({ network, channels }: FAnoganConfig, batch: number) => [
  batch,
  network === 'mlp' ? channels : 1,
  1,
  1,
]

/** What is trained in the critic's steps: its weights, and the head of the task. */
export const criticShapes = (config: FAnoganConfig, task: SelfSupervision): Shapes => ({
  ...trainedShapes(config, 'critic'),
  ...turnShapes(config, task),
})

/**
 * One iteration of WGAN-GP (Gulrajani et al., 2017, algorithm 1): `criticSteps` steps of the critic and one of the generator, all in one graph.
 * Inputs: `critic0.real` [batch, channels, size, size], `critic0.z` [batch, latent] (standard normal), `critic0.share` (uniform in [0, 1)), …,
 * `generator.z`, and `generator.real` for the minimax task. Outputs: `critic0.loss`, `.gap`, `.penalty`, `.accuracy`, …, `generator.loss`. The generator
 * normalises by the batch throughout; its running statistics follow its own steps.
 */
export function adversarialProgram(config: FAnoganConfig, options: AdversarialOptions): ProgramSpec {
  const { batch, criticSteps, learningRate, beta1, beta2, task, average } = options
  const optimizer = adam({ beta1, beta2 })
  const key = JSON.stringify([config, options])
  const images = [batch, ...imageShape(config)]
  const generator = trainedShapes(config, 'generator')
  const critic = trainingProgram({
    name: 'f-anogan critic',
    key,
    scope: 'criticStep',
    params: criticShapes(config, task),
    frozen: generator,
    inputs: { real: images, z: [batch, config.latent], share: shareShape(config, batch) },
    loss(params, { real, z, share }, frozen) {
      const fake = generate(config, frozen, z!, batchNorms(config, frozen))
      const { loss, ...metrics } = criticLoss(config, params, { real: real!, fake, share: share! })
      if (task === 'none') return { loss, metrics: { ...metrics } }
      const extra = criticTask(config, params, task, { real: real!, fake })
      return { loss: tf.add(loss, extra.loss), metrics: { ...metrics, accuracy: extra.accuracy } }
    },
    optimizer,
    learningRate,
  })
  const maker = trainingProgram({
    name: 'f-anogan generator',
    key,
    scope: 'generatorStep',
    params: generator,
    state: statisticShapes(config, 'generator'),
    frozen: criticShapes(config, task),
    inputs: { z: [batch, config.latent], ...(task === 'minimax' ? { real: images } : {}) },
    loss(params, { z, real }, extra) {
      const state = {}
      const fake = generate(config, params, z!, batchNorms(config, { ...params, ...extra }, state))
      const loss = generatorLoss(config, extra, fake)
      if (task === 'none') return { loss, state }
      return { loss: tf.add(loss, generatorTask(config, extra, task, { real: real ?? fake, fake })), state }
    },
    optimizer,
    learningRate,
    ...(average > 0 ? { ema: { decay: average } } : {}),
  })
  const steps = Array.from({ length: criticSteps }, (_, i) => [`critic${i}`, critic] as const)
  return programSequence('f-anogan wgan-gp', { ...Object.fromEntries(steps), generator: maker })
}

/** What decides the second stage's program. */
export interface EncoderOptions {
  batch: number
  learningRate: number
  kappa: number
}

/**
 * One step of the encoder with RMSProp, generator and critic fixed (Schlegl et al., 2019, §3.2.3). Input `images` [batch, channels, size, size]; outputs
 * `loss`, `image` and `feature`, means over the batch.
 */
export const encoderProgram = (config: FAnoganConfig, { batch, learningRate, kappa }: EncoderOptions): ProgramSpec =>
  trainingProgram({
    name: 'f-anogan encoder',
    key: JSON.stringify([config, batch, learningRate, kappa]),
    params: trainedShapes(config, 'encoder'),
    state: statisticShapes(config, 'encoder'),
    frozen: { ...partShapes(config, 'generator'), ...partShapes(config, 'critic') },
    inputs: { images: [batch, ...imageShape(config)] },
    loss(params, { images }, extra) {
      const weights = { ...extra, ...params }
      const state = {}
      const norm = batchNorms(config, weights, state)
      const { loss, image, feature } = encoderLoss(config, weights, images!, { kappa, norm })
      return { loss, metrics: { image: tf.mean(image), feature: tf.mean(feature) }, state }
    },
    // TensorFlow's decay of the mean square, which the published code left as it was.
    optimizer: rmsProp({ alpha: 0.9 }),
    learningRate,
  })
