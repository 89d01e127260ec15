import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { openDevice, type ProgramSpec, type Tensors } from '../../../src-main/compute'
import { float32, type NDArray, type NDArrays } from '../../../src-main/lib/ndarray'
import { random } from '../../../src-main/lib/random'
import {
  adam,
  batchNormTrain,
  dense,
  glorotUniform,
  sgd,
  trainingProgram,
  updateStatistics,
  type TrainingOptions,
} from '../../../src-main/nn'
import { scalar } from '../../helpers/nn-golden'

const normal = (shape: number[], seed: number): NDArray => {
  const array = float32(shape)
  random(seed).fillNormal(array.data)
  return array
}

describe.each(['cpu', 'reference'])('training on %s', (id) => {
  test('six steps equal Adam written out in doubles', async () => {
    const target = [1, -2, 0.5, 3]
    const program = trainingProgram({
      name: 'quadratic',
      params: { w: [2, 2], column: [4, 1] },
      inputs: { target: [2, 2] },
      loss: ({ w, column }, { target }) => ({
        loss: tf.add(tf.sum(tf.square(tf.sub(w!, target!))), tf.sum(tf.square(tf.square(column!)))),
        metrics: { largest: tf.max(w!) },
      }),
      optimizer: adam({ beta1: 0.8, beta2: 0.99, epsilon: 1e-6 }),
      learningRate: 'input',
    })
    const start = [0.3, 0.1, -1, 2]
    const columnStart = [0.5, -0.7, 1, 0.2]
    const runner = await (
      await openDevice(id)
    ).load(program, {
      state: { w: float32([2, 2], Float32Array.from(start)), column: float32([4, 1], Float32Array.from(columnStart)) },
    })
    const weights = [...start, ...columnStart]
    const m = weights.map(() => 0)
    const v = weights.map(() => 0)
    for (let step = 1; step <= 6; step++) {
      const rate = 0.1 / step
      const { loss, largest } = await runner.run({
        target: float32([2, 2], Float32Array.from(target)),
        learningRate: float32([], Float32Array.of(rate)),
      })
      const due = weights.reduce((sum, w, i) => sum + (i < 4 ? (w - target[i]!) ** 2 : w ** 4), 0)
      expect(loss!.data).toBeAllclose([due])
      expect(largest!.data).toBeAllclose([Math.max(...weights.slice(0, 4))])
      for (const [i, w] of weights.entries()) {
        const gradient = i < 4 ? 2 * (w - target[i]!) : 4 * w ** 3
        m[i] = 0.8 * m[i]! + 0.2 * gradient
        v[i] = 0.99 * v[i]! + 0.01 * gradient ** 2
        weights[i] = w - (rate * (m[i]! / (1 - 0.8 ** step))) / (Math.sqrt(v[i]! / (1 - 0.99 ** step)) + 1e-6)
      }
    }
    const state = await runner.state()
    expect([...state['w']!.data, ...state['column']!.data]).toBeAllclose(weights, { relative: 1e-5, absolute: 1e-6 })
    expect([...state['adam.m.w']!.data, ...state['adam.m.column']!.data]).toBeAllclose(m)
    expect([...state['adam.step']!.data]).toEqual([6])
    await runner.dispose()
  })
})

test('a small regression with batch normalisation learns, alike on both devices', async () => {
  const program = trainingProgram({
    name: 'regression',
    params: { w1: [5, 16], gamma: [16], beta: [16], w2: [16, 1], b2: [1] },
    state: { mean: [16], variance: [16] },
    inputs: { x: [32, 5], y: [32, 1] },
    loss: ({ w1, gamma, beta, w2, b2 }, { x, y }, { mean, variance }) => {
      const hidden = batchNormTrain(dense(x!, w1!), { gamma: gamma!, beta: beta! })
      const error = tf.sub(dense(tf.tanh(hidden.y), w2!, b2!), y!)
      const next = updateStatistics({ mean: mean!, variance: variance! }, hidden, 32, 0.9)
      return { loss: tf.mean(tf.square(error)), state: { mean: next.mean, variance: next.variance } }
    },
    optimizer: adam(),
    learningRate: 0.02,
  })
  const source = random(5)
  const x = normal([32, 5], 6)
  const y = float32([32, 1])
  for (let i = 0; i < 32; i++) y.data[i] = Math.sin(x.data[5 * i]!) + 0.5 * x.data[5 * i + 1]!
  const ones = float32([16], new Float32Array(16).fill(1))
  const state = {
    w1: glorotUniform(source, [5, 16]),
    gamma: ones,
    beta: float32([16]),
    w2: glorotUniform(source, [16, 1]),
    b2: float32([1]),
    mean: float32([16]),
    variance: ones,
  }
  const curve = async (id: string, steps: number) => {
    const runner = await (await openDevice(id)).load(program, { state })
    const losses: number[] = []
    for (let step = 0; step < steps; step++) losses.push((await runner.run({ x, y }))['loss']!.data[0]!)
    const { mean } = await runner.state()
    await runner.dispose()
    return { losses, mean: mean! }
  }
  const [traced, eager] = [await curve('cpu', 60), await curve('reference', 15)]
  expect(traced.losses.slice(0, 15)).toBeAllclose(eager.losses, { relative: 1e-3 })
  expect(traced.losses.at(-1)!).toBeLessThan(0.2 * traced.losses[0]!)
  expect(traced.mean.data.some((number) => Math.abs(number) > 1e-3)).toBe(true)
})

const load = async (id: string, program: ProgramSpec, state: NDArrays) =>
  (await openDevice(id)).load(program, { state })

/** A linear model of whole numbers, whose gradients and updates single precision holds exactly. */
const linear = (batch: number, more: Partial<TrainingOptions> = {}): TrainingOptions => ({
  name: 'linear',
  params: { w: [4], b: [] },
  inputs: { x: [batch, 4], y: [batch] },
  loss: ({ w, b }: Tensors, { x, y }: Tensors) => {
    const found = tf.add(tf.reshape(tf.matMul(x!, tf.reshape(w!, [4, 1])), [batch]), b!)
    return { loss: tf.mean(tf.square(tf.sub(found, y!))) }
  },
  optimizer: sgd(),
  learningRate: 1 / 64,
  ...more,
})
const linearStart = { w: float32([4], Float32Array.of(1, -2, 0, 3)), b: scalar(1) }
const whole = (shape: number[], seed: number): NDArray => {
  const array = float32(shape)
  const source = random(seed)
  for (let i = 0; i < array.data.length; i++) array.data[i] = source.integer(7) - 3
  return array
}
const part = ({ shape: [rows, ...rest], data }: NDArray, i: number, of: number): NDArray => {
  const size = data.length / of
  return float32([rows! / of, ...rest], (data as Float32Array).slice(i * size, (i + 1) * size))
}

test.each(['cpu', 'reference'])('accumulated micro-batches equal one big batch on %s', async (id) => {
  const big = await load(id, trainingProgram(linear(8)), linearStart)
  const exact = await load(id, trainingProgram(linear(2, { accumulate: 4 })), linearStart)
  const more = { optimizer: adam(), clip: { norm: 2 }, ema: { decay: 0.9 }, weightDecay: { rate: 0.1 } }
  const bigAdam = await load(id, trainingProgram(linear(8, more)), linearStart)
  const parts = await load(id, trainingProgram(linear(2, { ...more, accumulate: 4 })), linearStart)
  for (let update = 0; update < 2; update++) {
    const batch = { x: whole([8, 4], 2 * update), y: whole([8], 2 * update + 1) }
    await big.run(batch)
    await bigAdam.run(batch)
    const before = await exact.state()
    for (let i = 0; i < 4; i++) {
      const micro = { x: part(batch.x, i, 4), y: part(batch.y, i, 4) }
      await exact.run(micro)
      await parts.run(micro)
      const { w, b, accumulated } = await exact.state()
      if (i < 3) expect({ w, b }).toEqual({ w: before['w'], b: before['b'] })
      expect(accumulated!.data[0]).toBe((i + 1) % 4)
    }
    const [one, many] = [await big.state(), await exact.state()]
    expect(many['w']).toEqual(one['w'])
    expect(many['b']).toEqual(one['b'])
    expect(many['w']!.data).not.toEqual(before['w']!.data)
    expect(many['sgd.step']!.data[0]).toBe(update + 1)
    expect([...many['accumulated.w']!.data]).toEqual([0, 0, 0, 0])
    const [bigState, partsState] = [await bigAdam.state(), await parts.state()]
    for (const [name, value] of Object.entries(bigState)) expect(partsState[name]!, name).toBeAllclose(value)
  }
  await Promise.all([big, exact, bigAdam, parts].map((runner) => runner.dispose()))
})

const batchOf = (rows: number, seed: number) => ({ x: whole([rows, 4], seed), y: whole([rows], seed + 1) })

test.each(['cpu', 'reference'])('what is not finite is reported and, where wished, skipped on %s', async (id) => {
  const more = { optimizer: adam(), ema: { decay: 0.5 }, state: { seen: [] } }
  const loss: TrainingOptions['loss'] = (params, inputs, { seen }) => ({
    ...linear(2).loss(params, inputs, {}),
    state: { seen: tf.add(seen!, tf.sum(inputs['y']!)) },
  })
  const start = { ...linearStart, seen: scalar(0) }
  const bad = { x: whole([2, 4], 1), y: float32([2], Float32Array.of(NaN, 1)) }

  const open = await load(id, trainingProgram(linear(2, { ...more, loss, outputs: ['finite', 'gradientNorm'] })), start)
  expect((await open.run(bad))['finite']!.data[0]).toBe(0)
  expect((await open.state())['w']!.data.every(Number.isNaN)).toBe(true)

  const guarded = await load(id, trainingProgram(linear(2, { ...more, loss, skipNonFinite: true })), start)
  expect((await guarded.run(batchOf(2, 5)))['finite']!.data[0]).toBe(1)
  const before = await guarded.state()
  expect((await guarded.run(bad))['finite']!.data[0]).toBe(0)
  expect(await guarded.state()).toEqual(before)
  await guarded.run(batchOf(2, 7))
  expect((await guarded.state())['adam.step']!.data[0]).toBe(2)

  const summed = await load(id, trainingProgram(linear(2, { skipNonFinite: true, accumulate: 2 })), linearStart)
  await summed.run(bad)
  expect((await summed.run(batchOf(2, 5)))['finite']!.data[0]).toBe(0)
  const { w, accumulated, ...rest } = await summed.state()
  expect([w, [...rest['accumulated.w']!.data], accumulated!.data[0]]).toEqual([linearStart.w, [0, 0, 0, 0], 0])
  expect(rest['sgd.step']!.data[0]).toBe(0)
  await summed.run(batchOf(2, 5))
  expect((await summed.run(batchOf(2, 7)))['finite']!.data[0]).toBe(1)
  expect((await summed.state())['w']).not.toEqual(linearStart.w)
  await Promise.all([open, guarded, summed].map((runner) => runner.dispose()))
})

test('the average starts as the parameters after the first update', async () => {
  const runner = await load('cpu', trainingProgram(linear(2, { ema: { decay: 0.99 } })), linearStart)
  await runner.run(batchOf(2, 3))
  const state = await runner.state()
  expect(state['ema.w']!.data).not.toEqual(linearStart.w.data)
  expect(state['ema.w']!).toBeAllclose(state['w']!)
  await runner.dispose()
})

describe('refused', () => {
  const make = (more: Partial<TrainingOptions>) => () => trainingProgram(linear(2, more))
  test.each<[string, Partial<TrainingOptions>, RegExp]>([
    ['one name for two kinds of state', { frozen: { w: [4] } }, /two kinds of state named "w"/],
    ['a name that the optimiser uses', { state: { 'sgd.step': [] } }, /two kinds of state named "sgd.step"/],
    ['one name for two inputs', { inputs: { learningRate: [] }, learningRate: 'input' }, /two kinds of inputs/],
    ['half a run', { accumulate: 0.5 }, /cannot accumulate 0.5 runs/],
  ])('%s', (_, more, message) => expect(make(more)).toThrow(message))

  test.each<[string, Partial<TrainingOptions>, RegExp]>([
    ['a loss of several numbers', { loss: ({ w }) => ({ loss: w! }) }, /must be a scalar, found shape \[4\]/],
    ['a parameter that the loss does not use', { loss: ({ w }) => ({ loss: tf.sum(w!) }) }, /does not depend on b/],
    [
      'new values of what is frozen',
      {
        frozen: { f: [] },
        loss: ({ w, b }, _, { f }) => ({ loss: tf.add(tf.sum(w!), b!), state: { f: f! } }),
      },
      /returns state "f", which is frozen/,
    ],
    [
      'a metric named as an output',
      { loss: ({ w, b }) => ({ loss: tf.add(tf.sum(w!), b!), metrics: { loss: b! } }) },
      /two kinds of outputs named "loss"/,
    ],
  ])('while tracing: %s', async (_, more, message) => {
    await expect(
      load('cpu', trainingProgram(linear(2, more)), { ...linearStart, ...(more.frozen ? { f: scalar(1) } : {}) }),
    ).rejects.toThrow(message)
  })
})
