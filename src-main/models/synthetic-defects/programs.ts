import * as tf from '@tensorflow/tfjs-core'
import { avgPool, type ProgramSpec, type Tensors } from '../../compute'
import { adam, cosineWithWarmup, trainingProgram } from '../../nn'
import type { SegmenterConfig } from './config'
import { segment, weightShapes } from './network'

/** What decides the training program. */
export interface TrainingShape {
  batch: number
  crop: number
  steps: number
  learningRate: number
  /** Decay of the weights' average, state `ema.*`; 0 for none. */
  average: number
}

/** Weighted mean of the binary cross entropy of log odds x and marks y of 0 and 1: softplus(x) − y x. All of one shape. */
export function segmentationLoss(odds: tf.Tensor, marks: tf.Tensor, weights: tf.Tensor): tf.Tensor {
  const each = tf.sub(tf.softplus(odds), tf.mul(odds, marks))
  return tf.div(tf.sum(tf.mul(each, weights)), tf.sum(weights))
}

/** One step of Adam. Inputs `images` [batch, channels, crop, crop], `masks` [batch, crop, crop], 1 where painted, and their `weights`; output `loss`. */
export function segmenterProgram(config: SegmenterConfig, options: TrainingShape): ProgramSpec {
  const { batch, crop, steps, learningRate, average } = options
  return trainingProgram({
    name: 'synthetic-defects training',
    key: JSON.stringify([config, options]),
    params: weightShapes(config),
    inputs: { images: [batch, config.channels, crop, crop], masks: [batch, crop, crop], weights: [batch, crop, crop] },
    loss: (params, { images, masks, weights }) => ({
      loss: segmentationLoss(segment(params, images!), masks!, weights!),
    }),
    optimizer: adam(),
    learningRate: cosineWithWarmup(learningRate, {
      warmup: Math.max(1, Math.min(100, Math.floor(steps / 10))),
      steps: Math.max(2, steps),
    }),
    clip: { norm: 1 },
    ...(average > 0 ? { ema: { decay: average } } : {}),
  })
}

/** Log odds `odds` [batch, crop, crop] of `images` [batch, channels, crop, crop] by weights that may change (state). */
export const oddsProgram = (config: SegmenterConfig, batch: number, crop: number): ProgramSpec => ({
  name: 'synthetic-defects validation',
  key: JSON.stringify([config, batch, crop]),
  state: weightShapes(config),
  inputs: { images: [batch, config.channels, crop, crop] },
  run: ({ state, inputs: { images } }) => ({ outputs: { odds: segment(state, images!) } }),
})

/** An image, or several, [batch, channels, size, size], mirrored along either axis (1, 2) and along the diagonal (4). */
function turned(images: tf.Tensor, way: number): tf.Tensor {
  const mirrored = way & 3 ? tf.reverse(images, [...(way & 1 ? [3] : []), ...(way & 2 ? [2] : [])]) : images
  return way & 4 ? tf.transpose(mirrored, [0, 1, 3, 2]) : mirrored
}

/** The way back. */
function turnedBack(images: tf.Tensor, way: number): tf.Tensor {
  return turned(way & 4 ? tf.transpose(images, [0, 1, 3, 2]) : images, way & 3)
}

/** `segment` of the images turned in `turns` ways and turned back, the mean of all: [batch, 1, size, size]. */
export function segmentTurned(weights: Tensors, images: tf.Tensor, turns: SegmenterConfig['turns']): tf.Tensor {
  const ways = Array.from({ length: turns }, (_, way) => way)
  const odds = ways.map((way) => turnedBack(tf.expandDims(segment(weights, turned(images, way)), 1), way))
  return tf.mul(tf.addN(odds), 1 / turns)
}

/** `images` [batch, channels, size, size] → `map` [batch, size, size], log odds averaged over a window, and `odds` [batch], the largest of an image's map. */
export const scoreProgram = (config: SegmenterConfig, batch: number): ProgramSpec => ({
  name: 'synthetic-defects scores',
  key: JSON.stringify([config, batch]),
  params: weightShapes(config),
  inputs: { images: [batch, config.channels, config.size, config.size] },
  run({ params, inputs: { images } }) {
    const odds = segmentTurned(params, images!, config.turns)
    const smooth = avgPool(odds, config.smoothing, { strides: 1, padding: (config.smoothing - 1) / 2 })
    return { outputs: { map: tf.squeeze(smooth, [1]), odds: tf.max(smooth, [1, 2, 3]) } }
  },
})
