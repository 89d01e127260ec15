import * as tf from '@tensorflow/tfjs-core'
import { logSoftmax, type Device, type Shapes, type Tensors } from '../../compute'
import { NagareError } from '../../lib/errors'
import { float32, pick, type NDArrays } from '../../lib/ndarray'
import { random, type Random } from '../../lib/random'
import { adam, cosineDecay, dense, heNormal, trainingProgram } from '../../nn'

/** Vectors with their classes. */
export interface Examples {
  /** One row per example. */
  rows: readonly Float32Array[]
  /** Number of each row's class, from 0. */
  classes: readonly number[]
}

export interface ClassifierOptions {
  /** Classes there are. */
  count: number
  hidden: number
  /** Most steps of training, 64 examples each; few examples get as many as pass through them 40 times, and 200 at least. */
  steps: number
  learningRate: number
  weightDecay: number
  /** Spread of the normal noise that standardised features get in training. */
  noise: number
  /** Share of the hidden units that a step leaves out. */
  dropout: number
  seed: number
  /** A variant of example `i` for one step; the example itself, if left out. */
  vary?: ((i: number, random: Random) => Float32Array) | undefined
  /** Called before each step; may throw to stop. */
  step?: ((done: number, total: number) => void) | undefined
}

export interface Classifier {
  /** Probability of each class for each row. */
  probabilities(rows: readonly Float32Array[]): Promise<Float32Array[]>
  dispose(): Promise<void>
}

const batch = 64

/**
 * Trains a network with one hidden layer to tell classes apart: features standardised by the examples, cross-entropy, AdamW with a falling rate.
 * The same seed gives the same classifier. Throws `bad-input` for fewer than two classes, and where one has no example.
 */
export async function trainClassifier(
  device: Device,
  examples: Examples,
  options: ClassifierOptions,
): Promise<Classifier> {
  const { rows, classes } = examples
  const { count, hidden } = options
  const missing = Array.from({ length: count }, (_, c) => c).find((c) => !classes.includes(c))
  if (count < 2 || missing !== undefined)
    throw new NagareError(
      'bad-input',
      `A classifier needs examples of at least two classes, found ${new Set(classes).size} of ${count}.`,
    )
  const size = rows[0]!.length
  const scaling = standard(rows)
  const params: Shapes = {
    'hidden.weight': [size, hidden],
    'hidden.bias': [hidden],
    'out.weight': [hidden, count],
    'out.bias': [count],
  }
  const judge = await device.load(
    {
      name: 'classifier',
      params,
      inputs: { x: [batch, size] },
      run: ({ params: weights, inputs }) => ({ outputs: { p: tf.exp(logSoftmax(logits(weights, inputs['x']!))) } }),
    },
    { params: await trainedWeights(device, params, examples, scaling, options) },
  )
  return {
    async probabilities(asked) {
      const found: Float32Array[] = []
      for (let from = 0; from < asked.length; from += batch) {
        const part = asked.slice(from, from + batch)
        const x = float32([batch, size])
        for (const [i, row] of part.entries()) x.data.set(standardised(row, scaling), i * size)
        const p = (await judge.run({ x }))['p']!.data as Float32Array
        for (const i of part.keys()) found.push(p.slice(i * count, (i + 1) * count))
      }
      return found
    },
    dispose: () => judge.dispose(),
  }
}

async function trainedWeights(
  device: Device,
  params: Shapes,
  { rows, classes }: Examples,
  scaling: Scaling,
  options: ClassifierOptions,
): Promise<NDArrays> {
  const { count, hidden, learningRate, weightDecay, noise, dropout, seed, vary = (i) => rows[i]!, step } = options
  const size = rows[0]!.length
  const draws = random(seed)
  const drawn = endless(rows.length, draws)
  const steps = Math.min(options.steps, Math.max(200, 40 * Math.ceil(rows.length / batch)))
  const trainer = await device.load(
    trainingProgram({
      name: 'classifier training',
      params,
      inputs: { x: [batch, size], y: [batch, count], keep: [batch, hidden] },
      loss: (weights, { x, y, keep }) => ({
        loss: tf.neg(tf.mean(tf.sum(tf.mul(y!, logSoftmax(logits(weights, x!, keep))), 1))),
      }),
      optimizer: adam(),
      learningRate: cosineDecay(learningRate, steps),
      weightDecay: { rate: weightDecay, decoupled: true, only: (name) => name.endsWith('weight') },
    }),
    {
      state: {
        'hidden.weight': heNormal(draws, [size, hidden]),
        'hidden.bias': float32([hidden]),
        'out.weight': heNormal(draws, [hidden, count]),
        'out.bias': float32([count]),
      },
    },
  )
  try {
    for (let done = 0; done < steps; done++) {
      step?.(done, steps)
      const x = float32([batch, size])
      const y = float32([batch, count])
      const keep = float32([batch, hidden])
      for (let i = 0; i < batch; i++) {
        const chosen = drawn()
        const row = standardised(vary(chosen, draws), scaling)
        for (let j = 0; j < size; j++) x.data[i * size + j] = row[j]! + noise * draws.normal()
        y.data[i * count + classes[chosen]!] = 1
      }
      for (let i = 0; i < keep.data.length; i++) keep.data[i] = draws.uniform() < dropout ? 0 : 1 / (1 - dropout)
      await trainer.run({ x, y, keep })
    }
    return pick(await trainer.state(), Object.keys(params))
  } finally {
    await trainer.dispose()
  }
}

/** Draws 0 … count − 1 in an order shuffled anew each time it ends. */
function endless(count: number, draws: Random): () => number {
  let order: number[] = []
  return () => {
    if (order.length === 0) order = [...draws.shuffle(count)]
    return order.pop()!
  }
}

/** x [rows, size] → [rows, classes]; `keep` [rows, hidden] scales the hidden units. */
function logits(weights: Tensors, x: tf.Tensor, keep?: tf.Tensor): tf.Tensor {
  const hidden = tf.relu(dense(x, weights['hidden.weight']!, weights['hidden.bias']))
  return dense(keep ? tf.mul(hidden, keep) : hidden, weights['out.weight']!, weights['out.bias'])
}

/** Mean of each feature, and what makes its deviation 1. */
interface Scaling {
  mean: Float64Array
  scale: Float64Array
}

function standard(rows: readonly Float32Array[]): Scaling {
  const size = rows[0]!.length
  const mean = new Float64Array(size)
  const variance = new Float64Array(size)
  for (const row of rows) for (let j = 0; j < size; j++) mean[j] = mean[j]! + row[j]! / rows.length
  for (const row of rows)
    for (let j = 0; j < size; j++) variance[j] = variance[j]! + (row[j]! - mean[j]!) ** 2 / rows.length
  return { mean, scale: variance.map((value) => 1 / Math.sqrt(value + 1e-8)) }
}

const standardised = (row: Float32Array, { mean, scale }: Scaling): Float32Array =>
  row.map((value, j) => (value - mean[j]!) * scale[j]!)
