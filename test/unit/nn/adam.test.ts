import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { openDevice } from '../../../src-main/compute'
import { float32, type NDArray } from '../../../src-main/lib/ndarray'
import { random } from '../../../src-main/lib/random'
import { batchNormTrain, dense, glorotUniform, trainingProgram, updateStatistics } from '../../../src-main/nn'

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
      adam: { learningRate: 'input', beta1: 0.8, beta2: 0.99, epsilon: 1e-6 },
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
    adam: { learningRate: 0.02 },
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

test('two kinds of state may not share a name', () => {
  const make = () =>
    trainingProgram({
      name: 'twice',
      params: { w: [1] },
      state: { w: [1] },
      inputs: {},
      loss: ({ w }) => ({ loss: tf.sum(w!) }),
      adam: { learningRate: 1 },
    })
  expect(make).toThrow('two kinds of state named "w"')
})
