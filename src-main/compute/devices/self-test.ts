import * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../../lib/errors'
import { float32, type NDArray, type NDArrays } from '../../lib/ndarray'
import { random } from '../../lib/random'
import { conv } from '../ops/convolution'
import type { Device, LoadValues, ProgramSpec, Tensors } from '../program'
import { referenceDevice } from './eager'

const shapes = { table: [5, 4], filter: [6, 4, 3], gate: [6, 4, 3], scale: [6, 1], mix: [3, 6, 1], head: [3, 8] }
const names = Object.keys(shapes)
const moments = names.flatMap((name) => [`m.${name}`, `v.${name}`])
const STEPS = 4

/**
 * A small classifier in training: embedding, gated dilated convolution, normalisation over channels, ReLU, 1 × 1 convolution, mean and maximum over
 * time, dense layer, cross-entropy and an L1 penalty; Adam with a large epsilon, so that a gradient near zero does not become a step of full size.
 */
const training: ProgramSpec = {
  name: 'self-test',
  state: {
    ...shapes,
    ...Object.fromEntries(names.flatMap((name) => ['m', 'v'].map((kind) => [`${kind}.${name}`, shapeOf(name)]))),
    step: [],
  },
  zeros: [...moments, 'step'],
  inputs: { tokens: { shape: [2, 12], dtype: 'int32' }, noise: [2, 4, 12], labels: [2, 8] },
  run({ state, inputs }) {
    const loss = (...weights: tf.Tensor[]) => {
      const w = Object.fromEntries(names.map((name, i) => [name, weights[i]!])) as Tensors
      const x = tf.add(
        tf.transpose(tf.gather(w['table']!, inputs['tokens'] as tf.Tensor2D), [0, 2, 1]),
        inputs['noise']!,
      )
      const options = { dilations: 2, padding: 'same' } as const
      const gated = tf.mul(tf.tanh(conv(x, w['filter']!, options)), tf.sigmoid(conv(x, w['gate']!, options)))
      const centred = tf.sub(gated, tf.mean(gated, 1, true))
      const power = tf.mean(tf.square(centred), 1, true)
      const normal = tf.mul(tf.mul(centred, tf.rsqrt(tf.add(power, 0.1))), w['scale']!)
      const mixed = conv(tf.relu(normal), w['mix']!)
      const pooled = tf.add(tf.mean(mixed, 2), tf.max(mixed, 2))
      const chances = tf.softmax(tf.matMul(pooled as tf.Tensor2D, w['head'] as tf.Tensor2D))
      const entropy = tf.neg(tf.mean(tf.sum(tf.mul(inputs['labels']!, tf.log(chances)), -1)))
      return tf.add(entropy, tf.mul(tf.mean(tf.abs(w['mix']!)), 0.1)) as tf.Scalar
    }
    const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => state[name]!))
    const step = tf.add(state['step']!, 1)
    const next: Tensors = { step }
    for (const [i, name] of names.entries()) {
      const m = tf.add(tf.mul(state[`m.${name}`]!, 0.9), tf.mul(grads[i]!, 0.1))
      const v = tf.add(tf.mul(state[`v.${name}`]!, 0.99), tf.mul(tf.square(grads[i]!), 0.01))
      const unbiased = (moment: tf.Tensor, decay: number) => tf.div(moment, tf.sub(1, tf.pow(decay, step)))
      const size = tf.add(tf.sqrt(unbiased(v, 0.99)), 0.01)
      next[`m.${name}`] = m
      next[`v.${name}`] = v
      next[name] = tf.sub(state[name]!, tf.mul(tf.div(unbiased(m, 0.9), size), 0.02))
    }
    return { state: next, outputs: { loss: value } }
  },
}

function shapeOf(name: string): number[] {
  return shapes[name as keyof typeof shapes]
}

/** The self-test's program with its first state and its inputs, the same at every call. */
export function selfTestProgram(): {
  spec: ProgramSpec
  values: Required<Pick<LoadValues, 'state'>>
  inputs: NDArrays
} {
  const source = random(1)
  const normal = (shape: readonly number[], deviation: number): NDArray => {
    const array = float32(shape)
    source.fillNormal(array.data, deviation)
    return array
  }
  const state = Object.fromEntries(names.map((name) => [name, normal(shapeOf(name), 0.5)]))
  const zeros = [...moments.map((name) => [name, float32(shapeOf(name.slice(2)))]), ['step', float32([])]] as const
  const tokens = Int32Array.from({ length: 24 }, () => source.integer(5))
  const labels = float32([2, 8])
  labels.data.set([1], 3)
  labels.data.set([1], 8 + 6)
  return {
    spec: training,
    values: { state: { ...state, ...(Object.fromEntries(zeros) as NDArrays) } },
    inputs: { tokens: { shape: [2, 12], dtype: 'int32', data: tokens }, noise: normal([2, 4, 12], 0.3), labels },
  }
}

/** Trains for four steps on `device` and on `reference`; throws `unavailable` where losses or weights differ by more than 1e-3 of their size. */
export async function selfTest(device: Device): Promise<void> {
  const expected = await trainingRun(referenceDevice())
  const found = await trainingRun(device)
  for (const [i, number] of found.entries()) {
    const due = expected[i]!
    if (!(Math.abs(number - due) <= 2e-4 + 1e-3 * Math.abs(due))) {
      throw new NagareError(
        'unavailable',
        `${device.name} computes wrongly: a training run gave ${number} where ${due} is right.`,
      )
    }
  }
}

async function trainingRun(device: Device): Promise<number[]> {
  const { spec, values, inputs } = selfTestProgram()
  const runner = await device.load(spec, values)
  try {
    const numbers: number[] = []
    for (let step = 0; step < STEPS; step++) numbers.push((await runner.run(inputs))['loss']!.data[0]!)
    const state = await runner.state()
    return [...numbers, ...names.flatMap((name) => [...state[name]!.data])]
  } finally {
    await runner.dispose()
  }
}
