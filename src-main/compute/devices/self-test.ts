import * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../../lib/errors'
import { float32, type NDArray } from '../../lib/ndarray'
import { random } from '../../lib/random'
import type { Device, ProgramSpec } from '../program'
import { referenceDevice } from './eager'

/** A small training run: two dense layers, squared error, five steps of gradient descent with momentum. */
const training: ProgramSpec = {
  name: 'self-test',
  state: { w1: [6, 16], w2: [16, 3], m1: [6, 16], m2: [16, 3] },
  zeros: ['m1', 'm2'],
  inputs: { x: [12, 6], y: [12, 3] },
  run({ state, inputs }) {
    const { value, grads } = tf.valueAndGrads((w1, w2) => {
      const hidden = tf.tanh(tf.matMul(inputs['x'] as tf.Tensor2D, w1 as tf.Tensor2D))
      const error = tf.sub(tf.softplus(tf.matMul(hidden, w2 as tf.Tensor2D)), inputs['y']!)
      return tf.mean(tf.square(error))
    })([state['w1']!, state['w2']!])
    const m1 = tf.add(tf.mul(state['m1']!, 0.9), grads[0]!)
    const m2 = tf.add(tf.mul(state['m2']!, 0.9), grads[1]!)
    return {
      state: { m1, m2, w1: tf.sub(state['w1']!, tf.mul(m1, 0.1)), w2: tf.sub(state['w2']!, tf.mul(m2, 0.1)) },
      outputs: { loss: value },
    }
  },
}

const product = (side: number): ProgramSpec => ({
  name: 'speed',
  inputs: { a: [side, side], b: [side, side] },
  run: ({ inputs }) => ({
    outputs: { sum: tf.sum(tf.matMul(inputs['a'] as tf.Tensor2D, inputs['b'] as tf.Tensor2D)) },
  }),
})

/** Trains for five steps on `device` and on `reference`; throws `unavailable` where losses or weights differ by more than 1e-3 of their size. */
export async function selfTest(device: Device): Promise<void> {
  const expected = await trainingRun(referenceDevice())
  const found = await trainingRun(device)
  for (const [i, number] of found.entries()) {
    const due = expected[i]!
    if (!(Math.abs(number - due) <= 1e-5 + 1e-3 * Math.abs(due))) {
      throw new NagareError(
        'unavailable',
        `${device.name} computes wrongly: a training run gave ${number} where ${due} is right.`,
      )
    }
  }
}

async function trainingRun(device: Device): Promise<number[]> {
  const source = random(1)
  const normal = (shape: number[]): NDArray => {
    const array = float32(shape)
    source.fillNormal(array.data, 0.5)
    return array
  }
  const runner = await device.load(training, { state: { w1: normal([6, 16]), w2: normal([16, 3]) } })
  try {
    const inputs = { x: normal([12, 6]), y: normal([12, 3]) }
    const numbers: number[] = []
    for (let step = 0; step < 5; step++) numbers.push((await runner.run(inputs))['loss']!.data[0]!)
    const state = await runner.state()
    return [...numbers, ...state['w1']!.data, ...state['w2']!.data]
  } finally {
    await runner.dispose()
  }
}

/** Measured speed of a square matrix product in GFLOPS: the best of several runs. */
export async function measureSpeed(device: Device, side = 512): Promise<number> {
  const source = random(2)
  const matrix = () => {
    const array = float32([side, side])
    source.fillNormal(array.data)
    return array
  }
  const runner = await device.load(product(side), {})
  try {
    const inputs = { a: matrix(), b: matrix() }
    await runner.run(inputs)
    let best = Infinity
    for (let i = 0; i < 5; i++) {
      const start = performance.now()
      await runner.run(inputs)
      best = Math.min(best, performance.now() - start)
    }
    return (2 * side ** 3) / (best * 1e6)
  } finally {
    await runner.dispose()
  }
}
