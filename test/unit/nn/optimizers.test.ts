import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { openDevice, type Tensors } from '../../../src-main/compute'
import { adam, rmsProp, sgd, trainingProgram, type TrainingOptions } from '../../../src-main/nn'
import { arraysOf, nnGolden, scalar, type Plain } from '../../helpers/nn-golden'

interface Golden {
  inputs: Record<'x' | 'y', Plain>
  start: Record<'w' | 'c', Plain>
  cases: Record<string, { losses: number[]; norms: number[]; w: Plain; c: Plain }>
  ema: Record<'even' | 'from start', Plain>
}
const golden = nnGolden<Golden>('training.json')

const base = {
  name: 'golden',
  params: { w: [3, 2], c: [2] },
  inputs: { x: [5, 3], y: [5, 2] },
  loss: ({ w, c }: Tensors, { x, y }: Tensors) => {
    const sum = tf.add(tf.matMul(x!, w!), c!)
    const error = tf.sub(tf.div(sum, tf.sqrt(tf.add(tf.square(sum), 1))), y!)
    return { loss: tf.mul(tf.mean(tf.square(error)), 10) }
  },
}
const goldenAdam = adam({ beta1: 0.8, beta2: 0.95, epsilon: 1e-6 })

const cases: Record<string, Pick<TrainingOptions, 'optimizer' | 'learningRate' | 'clip' | 'weightDecay'>> = {
  adam: { optimizer: goldenAdam, learningRate: 0.05 },
  amsgrad: { optimizer: adam({ beta1: 0.5, beta2: 0.6, amsgrad: true }), learningRate: 0.3 },
  'adam with L2': { optimizer: adam(), learningRate: 0.05, weightDecay: { rate: 0.3 } },
  'AdamW on w only': {
    optimizer: adam(),
    learningRate: 0.05,
    weightDecay: { rate: 0.3, decoupled: true, only: (name) => name === 'w' },
  },
  RMSProp: { optimizer: rmsProp(), learningRate: 0.02 },
  'RMSProp, centred, with momentum': {
    optimizer: rmsProp({ alpha: 0.9, epsilon: 1e-3, momentum: 0.7, centered: true }),
    learningRate: 0.01,
  },
  SGD: { optimizer: sgd(), learningRate: 0.05 },
  'SGD with momentum and L2': {
    optimizer: sgd({ momentum: 0.8 }),
    learningRate: 0.05,
    weightDecay: { rate: 0.1 },
  },
  'SGD, Nesterov': { optimizer: sgd({ momentum: 0.8, nesterov: true }), learningRate: 0.05 },
  'clipped by norm': { optimizer: sgd(), learningRate: 0.2, clip: { norm: 1.5 } },
  'clipped by value': { optimizer: sgd(), learningRate: 0.2, clip: { value: 0.4 } },
  'clipped by value, then by norm': { optimizer: sgd(), learningRate: 0.2, clip: { value: 1, norm: 1.5 } },
  'a rate given at each step': { optimizer: adam(), learningRate: 'input' },
}

const tolerance = { relative: 1e-5, absolute: 2e-6 }
const data = arraysOf(golden.inputs)
const start = arraysOf(golden.start)

async function run(id: string, options: TrainingOptions, state = start) {
  const runner = await (await openDevice(id)).load(trainingProgram(options), { state })
  const outputs: Record<string, number[]> = {}
  for (let step = 0; step < 10; step++) {
    const rate = options.learningRate === 'input' ? { learningRate: scalar(0.1 / (step + 1)) } : {}
    for (const [name, { data: numbers }] of Object.entries(await runner.run({ ...data, ...rate })))
      (outputs[name] ??= []).push(numbers[0]!)
  }
  const after = await runner.state()
  await runner.dispose()
  return { outputs, state: after }
}

test('every golden case is tried', () => expect(Object.keys(cases).sort()).toEqual(Object.keys(golden.cases).sort()))

describe.each(['cpu', 'reference'])('ten steps on %s equal PyTorch', (id) => {
  test.each(Object.keys(cases))('%s', async (name) => {
    const { losses, norms, w, c } = golden.cases[name]!
    const { outputs, state } = await run(id, { ...base, ...cases[name]!, outputs: ['gradientNorm', 'finite'] })
    expect(outputs['loss']!).toBeAllclose(losses, tolerance)
    expect(outputs['gradientNorm']!).toBeAllclose(norms, tolerance)
    expect(outputs['finite']!).toEqual(losses.map(() => 1))
    expect(state['w']!).toBeAllclose(w, tolerance)
    expect(state['c']!).toBeAllclose(c, tolerance)
  })

  test('the average of the parameters, even at first or from a given start', async () => {
    const options = { ...base, ...cases['adam']! }
    const even = await run(id, { ...options, ema: { decay: 0.9 } })
    expect(even.state['ema.w']!).toBeAllclose(golden.ema.even, tolerance)
    expect(even.state['w']!).toBeAllclose(golden.cases['adam']!.w, tolerance)
    const averages = { 'ema.w': start['w']!, 'ema.c': start['c']! }
    const given = await run(id, { ...options, ema: { decay: 0.9, warmup: false } }, { ...start, ...averages })
    expect(given.state['ema.w']!).toBeAllclose(golden.ema['from start'], tolerance)
  })
})

test('parameters give the same numbers joined or alone, whatever their last axis', async () => {
  const shapes = { w: [3, 2], c: [2], long: [5000], tall: [4100, 1] }
  const options: TrainingOptions = {
    ...base,
    params: shapes,
    optimizer: adam(),
    learningRate: 0.01,
    weightDecay: { rate: 0.01, only: (name) => name !== 'c' },
    loss: (params, inputs) => {
      const { long, tall } = params as Record<'long' | 'tall', tf.Tensor>
      const rest = tf.add(tf.sum(tf.square(tf.sub(long, 1))), tf.sum(tf.square(tf.sub(tall, 1))))
      return { loss: tf.add(base.loss(params, inputs).loss, rest) }
    },
  }
  const zeros = {
    long: { ...start['c']!, shape: [5000], data: new Float32Array(5000) },
    tall: { ...start['c']!, shape: [4100, 1], data: new Float32Array(4100) },
  }
  const { state } = await run('cpu', options, { ...start, ...zeros })
  expect(Array.from(state['long']!.data).every((x) => x === state['long']!.data[0])).toBe(true)
  expect(state['tall']!.data).toEqual(state['long']!.data.slice(0, 4100))
  expect(state['tall']!.shape).toEqual([4100, 1])
  expect(state['long']!.data[0]).toBeGreaterThan(0.05)
})
