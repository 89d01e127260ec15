import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { logSoftmax, openDevice, type ProgramSpec } from '../../../../src-main/compute'
import { float32, type NDArray, type NDArrays } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'

const [cpu, reference] = [await openDevice('cpu', { threads: 1 }), await openDevice('reference')]

const normal = (shape: number[], seed: number): NDArray => {
  const array = float32(shape)
  random(seed).fillNormal(array.data)
  return array
}
const inputs = { x: normal([3, 4], 1), y: normal([3, 4], 2) }
const shares = (y: tf.Tensor) => tf.softmax(tf.mul(y, 1.5))
const hits = [1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1]

/** Functions that tfjs and this layer compose of other ops; each must have right derivatives of both orders. */
const functions: [string, (x: tf.Tensor, y: tf.Tensor) => tf.Tensor][] = [
  ['tf.logSoftmax', (x) => tf.logSoftmax(x)],
  ['logSoftmax', (x) => logSoftmax(x)],
  ['logSoftmax, first axis', (x) => logSoftmax(x, 0)],
  ['tf.logSumExp', (x) => tf.logSumExp(x, 1)],
  ['tf.logSigmoid', (x) => tf.logSigmoid(x)],
  ['tf.moments', (x) => tf.add(tf.moments(x, 1).variance, tf.moments(x, 1).mean)],
  ['tf.norm', (x) => tf.norm(x, 'euclidean', 1)],
  ['tf.linalg.bandPart', (x) => tf.linalg.bandPart(x, 1, 0)],
  ['tf.eye', (x) => tf.matMul(tf.eye(3), x as tf.Tensor2D)],
  ['tf.outerProduct', (x, y) => tf.outerProduct(tf.reshape(x, [12]), tf.reshape(y, [12]))],
  ['tf.dot', (x, y) => tf.dot(x, tf.transpose(y))],
  ['tf.meshgrid', (x) => tf.mul(tf.meshgrid(tf.range(0, 4), tf.range(0, 3))[0]!, x)],
  ['tf.losses.softmaxCrossEntropy', (x, y) => tf.losses.softmaxCrossEntropy(tf.oneHot([1, 3, 0], 4), tf.add(x, y))],
  ['tf.losses.sigmoidCrossEntropy', (x, y) => tf.losses.sigmoidCrossEntropy(tf.sigmoid(y), x)],
  ['tf.losses.meanSquaredError', (x, y) => tf.losses.meanSquaredError(y, x)],
  ['tf.losses.huberLoss', (x, y) => tf.losses.huberLoss(y, x, undefined, 0.7)],
  ['tf.losses.logLoss', (x, y) => tf.losses.logLoss(shares(y), tf.sigmoid(x))],
  ['tf.losses.cosineDistance', (x, y) => tf.losses.cosineDistance(y, x, 1)],
  ['tf.losses.hingeLoss', (x) => tf.losses.hingeLoss(tf.tensor(hits, [3, 4]), tf.mul(x, 0.3))],
  ['tf.losses.absoluteDifference', (x, y) => tf.losses.absoluteDifference(y, x)],
  ['a custom gradient that saves its output', (x) => savedOutput(x)],
  ['chained methods', (x, y) => x.mul(y).tanh().add(x.square()).sum(1, true).reshape([3]).sub(0.5)],
]

/** exp as a custom gradient that keeps its result, which tfjs cuts off from x. */
function savedOutput(x: tf.Tensor): tf.Tensor {
  const exp = tf.customGrad((...args) => {
    const [x, save] = args as [tf.Tensor, tf.GradSaveFunc]
    const value = tf.exp(x)
    save([value])
    return { value, gradFunc: (dy: tf.Tensor, [y]: tf.Tensor[]) => tf.mul(dy, y!) }
  })
  return exp(tf.tanh(x))
}

const weighted = (t: tf.Tensor, phase: number) =>
  tf.sum(tf.mul(tf.reshape(t, [-1]), tf.sin(tf.add(tf.mul(tf.range(0, t.size), 1.3), phase))))

test.each(functions)('%s: both devices agree, both derivatives equal differences', async (name, f) => {
  const value = (x: tf.Tensor, y: tf.Tensor) => tf.add(weighted(f(x, y), 0.4), tf.mul(0.1, tf.sum(tf.square(y))))
  const slope = (x: tf.Tensor, y: tf.Tensor) =>
    tf.addN(
      tf
        .grads(value)([x, y])
        .map((gradient, i) => weighted(gradient, 1.1 + i)),
    )
  const smooth = (x: tf.Tensor, y: tf.Tensor) => tf.add(slope(x, y), tf.mul(0.1, tf.sum(tf.square(x))))
  const spec: ProgramSpec = {
    name,
    inputs: { x: [3, 4], y: [3, 4] },
    run: ({ inputs: { x, y } }) => {
      const [dx, dy] = tf.grads((x, y) => tf.add(value(x, y), tf.mul(0, tf.sum(x))))([x!, y!])
      const [ddx, ddy] = tf.grads(smooth)([x!, y!])
      return {
        outputs: { f: f(x!, y!), value: value(x!, y!), slope: smooth(x!, y!), dx: dx!, dy: dy!, ddx: ddx!, ddy: ddy! },
      }
    },
  }
  const [traced, eager] = [await cpu.load(spec, {}), await reference.load(spec, {})]
  const [found, expected] = [await traced.run(inputs), await eager.run(inputs)]
  for (const [output, array] of Object.entries(expected))
    expect(found[output], output).toBeAllclose(array, { relative: 2e-4, absolute: 2e-5 })
  const moved = (step: number, phases: number[]): NDArrays =>
    Object.fromEntries(
      Object.entries(inputs).map(([key, array], k) => [
        key,
        { ...array, data: Float32Array.from(array.data, (v, i) => v + step * Math.sin(1.3 * i + phases[k]!)) },
      ]),
    )
  const rise = async (output: string, phases: number[]) => {
    const at = async (step: number) => (await traced.run(moved(step, phases)))[output]!.data[0]!
    return ((await at(3e-3)) - (await at(-3e-3))) / 6e-3
  }
  const along = (outputs: string[], phases: number[]) =>
    outputs.reduce((sum, output, k) => {
      const { data } = found[output]! as { data: Float32Array }
      return data.reduce((total, v, i) => total + v * Math.sin(1.3 * i + phases[k]!), sum)
    }, 0)
  expect([along(['dx', 'dy'], [1.1, 2.1])]).toBeAllclose([await rise('value', [1.1, 2.1])], {
    relative: 5e-3,
    absolute: 3e-3,
  })
  expect([along(['ddx', 'ddy'], [0.7, 0.2])]).toBeAllclose([await rise('slope', [0.7, 0.2])], {
    relative: 1e-2,
    absolute: 1e-2,
  })
  await traced.dispose()
  await eager.dispose()
})
