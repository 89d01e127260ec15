import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { openDevice } from '../../../src-main/compute'
import { float32, type NDArray } from '../../../src-main/lib/ndarray'
import { random } from '../../../src-main/lib/random'
import {
  batchNormInfer,
  batchNormTrain,
  convFans,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  leCunNormal,
  leCunUniform,
  orthogonal,
  torchUniform,
  updateStatistics,
} from '../../../src-main/nn'

const normal = (shape: number[], seed: number): NDArray => {
  const array = float32(shape)
  random(seed).fillNormal(array.data)
  return array
}

test('batch normalisation: batch statistics, running statistics and inference agree', async () => {
  const runner = await (
    await openDevice('cpu')
  ).load(
    {
      name: 'norm',
      inputs: { x: [50, 3], gamma: [3], beta: [3] },
      run: ({ inputs: { x, gamma, beta } }) => {
        const weights = { gamma: gamma!, beta: beta! }
        const { y, mean, variance } = batchNormTrain(x!, weights, { epsilon: 1e-3 })
        const again = batchNormInfer(x!, weights, { mean, variance }, { epsilon: 1e-3 })
        const running = updateStatistics({ mean: tf.zeros([3]), variance: tf.ones([3]) }, { mean, variance }, 50, 0.9)
        return { outputs: { y, again, mean, variance, runningMean: running.mean, runningVariance: running.variance } }
      },
    },
    {},
  )
  const x = normal([50, 3], 1)
  const [gamma, beta] = [float32([3], Float32Array.of(1, 2, -1)), float32([3], Float32Array.of(0, 0.5, 3))]
  const out = await runner.run({ x, gamma, beta })
  const column = (j: number) => Array.from({ length: 50 }, (_, i) => x.data[3 * i + j]!)
  const average = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length
  const means = [0, 1, 2].map((j) => average(column(j)))
  const variances = [0, 1, 2].map((j) => average(column(j).map((number) => (number - means[j]!) ** 2)))
  expect(out['mean']!.data).toBeAllclose(means)
  expect(out['variance']!.data).toBeAllclose(variances)
  expect(out['runningMean']!.data).toBeAllclose(means.map((mean) => 0.1 * mean))
  expect(out['runningVariance']!.data).toBeAllclose(variances.map((variance) => 0.9 + (0.1 * variance * 50) / 49))
  const due = Array.from(
    x.data,
    (number, i) =>
      (gamma.data[i % 3]! * (number - means[i % 3]!)) / Math.sqrt(variances[i % 3]! + 1e-3) + beta.data[i % 3]!,
  )
  expect(out['y']!.data).toBeAllclose(due, { absolute: 1e-5 })
  expect(out['again']!.data).toBeAllclose(due, { absolute: 1e-5 })
  await runner.dispose()
})

test.each([
  ['glorotNormal', glorotNormal, 2 / (40 + 100)],
  ['glorotUniform', glorotUniform, 2 / (40 + 100)],
  ['leCunNormal', leCunNormal, 1 / 40],
  ['leCunUniform', leCunUniform, 1 / 40],
  ['heNormal', heNormal, 2 / 40],
  ['heUniform', heUniform, 2 / 40],
  ['torchUniform', torchUniform, 1 / 120],
])('%s draws with its variance, the same for a seed', (_, draw, variance) => {
  const data = Array.from(draw(random(3), [40, 100]).data)
  const found = data.reduce((sum, number) => sum + number * number, 0) / data.length
  expect(found / variance).toBeGreaterThan(0.9)
  expect(found / variance).toBeLessThan(1.1)
  expect(Array.from(draw(random(3), [40, 100]).data)).toEqual(data)
})

test('a convolution counts its taps', () => {
  expect(convFans([64, 32, 3])).toEqual({ fanIn: 96, fanOut: 192 })
})

test('torchUniform starts a bias within the bound of its weight', () => {
  const bias = torchUniform(random(1), [400], convFans([400, 5, 5])).data
  const largest = Math.max(...Array.from(bias, Math.abs))
  expect(largest).toBeLessThanOrEqual(0.2)
  expect(largest).toBeGreaterThan(0.19)
})

describe('orthogonal', () => {
  const products = ([out, rest]: [number, number], data: ArrayLike<number>) => {
    const at = (i: number, j: number) => (out <= rest ? data[i * rest + j]! : data[j * rest + i]!)
    const [count, length] = [Math.min(out, rest), Math.max(out, rest)]
    return Array.from({ length: count * count }, (_, k) => {
      let sum = 0
      for (let j = 0; j < length; j++) sum += at(Math.floor(k / count), j) * at(k % count, j)
      return sum
    })
  }
  test.each<[number, number]>([
    [8, 8],
    [5, 12],
    [12, 5],
    [1, 1],
  ])('[%i, %i] has orthonormal rows or columns', (...shape) => {
    const count = Math.min(...shape)
    const identity = Array.from({ length: count * count }, (_, k) => (k % (count + 1) === 0 ? 1 : 0))
    expect(products(shape, orthogonal(random(2), shape).data)).toBeAllclose(identity)
    const scaled = products(shape, orthogonal(random(2), shape, { gain: 3 }).data)
    expect(scaled).toBeAllclose(
      identity.map((number) => 9 * number),
      { absolute: 1e-5 },
    )
  })

  test('a rotation has determinant 1 whatever the seed, and differs from the other only in its first column', () => {
    const determinant = (m: number[]) =>
      m[0]! * (m[4]! * m[8]! - m[5]! * m[7]!) -
      m[1]! * (m[3]! * m[8]! - m[5]! * m[6]!) +
      m[2]! * (m[3]! * m[7]! - m[4]! * m[6]!)
    let mirrored = 0
    for (let seed = 0; seed < 40; seed++) {
      const plain = [...orthogonal(random(seed), [3, 3]).data]
      const rotation = [...orthogonal(random(seed), [3, 3, 1], { rotation: true }).data]
      expect([determinant(rotation)]).toBeAllclose([1])
      const mirror = determinant(plain) < 0
      if (mirror) mirrored++
      expect(rotation).toEqual(plain.map((number, i) => (mirror && i % 3 === 0 ? -number : number)))
    }
    expect(mirrored).toBeGreaterThan(8)
    expect(mirrored).toBeLessThan(32)
  })
})
