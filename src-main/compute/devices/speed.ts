import * as tf from '@tensorflow/tfjs-core'
import { float32, type NDArray } from '../../lib/ndarray'
import { random } from '../../lib/random'
import type { Device, LoadValues, ProgramSpec } from '../program'

export interface Speed {
  /** Billions of floating-point operations a second in a product of square matrices that lie on the device. */
  gflops: number
  /** The same over whole training steps of a dense net whose inputs come from the processor's memory and whose loss goes back there. */
  trainingGflops: number
}

/** Sizes are doubled until one run takes this long. */
const ENOUGH_MS = 15
const RUNS = 4
const BATCH = 128

/** Measures `device`: the best of several runs at the largest size that is quickly done. */
export async function measureSpeed(device: Device): Promise<Speed> {
  return { gflops: await grown(device, product, 2048), trainingGflops: await grown(device, trainingStep, 1024) }
}

interface Load {
  spec: ProgramSpec
  values: LoadValues
  inputs: Record<string, NDArray>
  operations: number
}

async function grown(device: Device, load: (side: number) => Load, largest: number): Promise<number> {
  let speed = 0
  for (let side = 128; side <= largest; side *= 2) {
    const { spec, values, inputs, operations } = load(side)
    const runner = await device.load(spec, values)
    let best = Infinity
    try {
      await runner.run(inputs)
      for (let i = 0; i < RUNS; i++) {
        const start = performance.now()
        await runner.run(inputs)
        best = Math.min(best, performance.now() - start)
      }
    } finally {
      await runner.dispose()
    }
    speed = Math.max(speed, operations / (best * 1e6))
    if (best > ENOUGH_MS) break
  }
  return Number(speed.toPrecision(3))
}

function normal(shape: readonly number[], seed: number): NDArray {
  const array = float32(shape)
  random(seed).fillNormal(array.data, 1 / Math.sqrt(shape[0]!))
  return array
}

const product = (side: number): Load => ({
  spec: {
    name: 'speed',
    state: { a: [side, side], b: [side, side] },
    run: ({ state }) => ({
      outputs: { sum: tf.sum(tf.matMul(state['a'] as tf.Tensor2D, state['b'] as tf.Tensor2D)) },
    }),
  },
  values: { state: { a: normal([side, side], 2), b: normal([side, side], 3) } },
  inputs: {},
  operations: 2 * side ** 3,
})

function trainingStep(side: number): Load {
  const names = ['w0', 'w1', 'w2']
  return {
    spec: {
      name: 'training speed',
      state: Object.fromEntries(names.map((name) => [name, [side, side]])),
      inputs: { x: [BATCH, side], y: [BATCH, side] },
      run({ state, inputs }) {
        const { value, grads } = tf.valueAndGrads((...weights) => {
          let x = inputs['x'] as tf.Tensor2D
          for (const w of weights) x = tf.relu(tf.matMul(x, w as tf.Tensor2D))
          return tf.mean(tf.squaredDifference(x, inputs['y']!))
        })(names.map((name) => state[name]!))
        return {
          state: Object.fromEntries(names.map((name, i) => [name, tf.sub(state[name]!, tf.mul(grads[i]!, 0.01))])),
          outputs: { loss: value },
        }
      },
    },
    values: { state: Object.fromEntries(names.map((name, i) => [name, normal([side, side], i + 4)])) },
    inputs: { x: normal([BATCH, side], 7), y: normal([BATCH, side], 8) },
    // Forward, gradient of the weights, and gradient of the layer's input except for the first.
    operations: (3 + 3 + 2) * 2 * BATCH * side ** 2,
  }
}
