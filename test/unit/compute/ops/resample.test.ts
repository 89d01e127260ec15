import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  avgPool,
  maxPool,
  openDevice,
  resizeBilinear,
  upsampleNearest,
  type ProgramSpec,
} from '../../../../src-main/compute'
import { liveNodes } from '../../../../src-main/compute/trace/graph'
import { traceProgram } from '../../../../src-main/compute/trace/trace'
import { float32, type NDArray } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'

const devices = await Promise.all(['cpu', 'reference'].map((id) => openDevice(id, { threads: 1 })))

const sample = (shape: number[]): NDArray => {
  const array = float32(shape)
  random(3).fillNormal(array.data)
  return array
}

type Op = (x: tf.Tensor) => tf.Tensor
const spec = (shape: number[], op: Op): ProgramSpec => ({
  name: 'resample',
  inputs: { x: shape },
  run: ({ inputs }) => {
    const slope = (x: tf.Tensor) => tf.grad((x) => tf.sum(tf.square(op(x))))(x)
    const curve = tf.grad((x) => tf.sum(tf.square(slope(x))))(inputs['x']!)
    return { outputs: { y: op(inputs['x']!), slope: slope(inputs['x']!), curve } }
  },
})

/** Runs on both devices, which must agree, and answers the value. */
async function compute(x: NDArray, op: Op): Promise<NDArray> {
  const results = []
  for (const device of devices) {
    const runner = await device.load(spec([...x.shape], op), {})
    results.push(await runner.run({ x }))
    await runner.dispose()
  }
  for (const name of ['y', 'slope', 'curve'])
    expect(results[0]![name], name).toBeAllclose(results[1]![name]!, { relative: 1e-4, absolute: 1e-5 })
  return results[0]!['y']!
}

const image = {
  shape: [1, 1, 3, 4],
  dtype: 'float32' as const,
  data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
}
const signal = { shape: [1, 1, 5], dtype: 'float32' as const, data: Float32Array.of(1, 4, 2, -3, 5) }

describe('known answers', () => {
  test.each<[string, NDArray, Op, number[], number[]]>([
    ['upsampled in time', signal, (x) => upsampleNearest(x, 2), [1, 1, 10], [1, 1, 4, 4, 2, 2, -3, -3, 5, 5]],
    [
      'upsampled by another factor each way',
      image,
      (x) => tf.slice(upsampleNearest(x, [2, 1]), [0, 0, 1, 0], [1, 1, 2, 4]),
      [1, 1, 2, 4],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ],
    ['mean of pairs', signal, (x) => avgPool(x, 2), [1, 1, 2], [2.5, -0.5]],
    ['mean inside the padding', signal, (x) => avgPool(x, 3, { strides: 2, padding: 1 }), [1, 1, 3], [2.5, 1, 1]],
    [
      'maximum inside the padding',
      signal,
      (x) => maxPool(tf.sub(x, 9), 3, { strides: 2, padding: [[1, 1]] }),
      [1, 1, 3],
      [-5, -5, -4],
    ],
    ['maximum of squares', image, (x) => maxPool(x, 2), [1, 1, 1, 2], [6, 8]],
    ['maximum, overlapping', image, (x) => maxPool(x, [2, 3], { strides: 1 }), [1, 1, 2, 2], [7, 8, 11, 12]],
    ['mean, same', image, (x) => avgPool(x, 2, { padding: 'same' }), [1, 1, 2, 2], [3.5, 5.5, 9.5, 11.5]],
    // torch.nn.functional.interpolate(…, mode='linear', align_corners=False)
    [
      'linear in time',
      signal,
      (x) => resizeBilinear(x, [10]),
      [1, 1, 10],
      [1, 1.75, 3.25, 3.5, 2.5, 0.75, -1.75, -1, 3, 5],
    ],
    ['linear in time, ends kept', signal, (x) => resizeBilinear(x, [3], { alignCorners: true }), [1, 1, 3], [1, 2, 5]],
    ['bilinear to one row', image, (x) => resizeBilinear(x, [1, 2]), [1, 1, 1, 2], [5.5, 7.5]],
  ])('%s', async (_, x, op, shape, numbers) => {
    const y = await compute(x, op)
    expect(y).toBeAllclose({ shape, data: numbers })
  })
})

test.each<[string, Op]>([
  ['upsampleNearest', (x) => upsampleNearest(x, 3)],
  [
    'avgPool',
    (x) =>
      avgPool(x, 2, {
        strides: 1,
        padding: [
          [1, 0],
          [0, 1],
        ],
      }),
  ],
  ['maxPool', (x) => maxPool(x, 3, { strides: 2, padding: 1 })],
  ['resizeBilinear', (x) => resizeBilinear(x, [9, 4])],
])('%s treats channels alike', async (_, op) => {
  const x = sample([2, 3, 5, 6])
  const whole = await compute(x, op)
  const apart = await compute({ ...x, shape: [6, 1, 5, 6] }, op)
  expect(whole.data).toBeAllclose(apart.data)
  expect(whole.shape).toEqual([2, 3, ...apart.shape.slice(2)])
})

test('no transpose is traced', () => {
  const run: ProgramSpec['run'] = ({ inputs }) => {
    const x = inputs['x']!
    const f = (x: tf.Tensor) =>
      tf.sum(tf.square(avgPool(maxPool(resizeBilinear(upsampleNearest(x, 2), [12, 8]), 3, { strides: 2 }), 2)))
    return { outputs: { slope: tf.grad(f)(x) } }
  }
  const { graph, outputs } = traceProgram({ name: 'channels-first', inputs: { x: [2, 3, 5, 6] }, run })
  expect(liveNodes(graph, Object.values(outputs)).map(({ kernel }) => kernel)).not.toContain('Transpose')
})

test('names what does not fit', async () => {
  const load = (op: Op, shape = [1, 1, 4, 4]) => devices[0]!.load(spec(shape, op), {})
  await expect(load((x) => upsampleNearest(x, 1.5))).rejects.toThrow('upsampleNearest: factor must be a whole number')
  await expect(load((x) => maxPool(x, 2), [4, 4])).rejects.toThrow('maxPool takes [batch, channels, ...one or two')
  await expect(load((x) => avgPool(x, 5))).rejects.toThrow('a window of [5,5] is longer than the padded input')
  await expect(load((x) => avgPool(x, 2, { padding: [[1, 1]] }))).rejects.toThrow(
    'one pair [before, after] for each of 2',
  )
})
