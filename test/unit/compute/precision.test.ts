import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { conv, openDevice, type Precision, type ProgramSpec } from '../../../src-main/compute'
import { compileProgram } from '../../../src-main/compute/compile'
import { halfBits } from '../../../src-main/lib/half'
import { withPrecision } from '../../../src-main/compute/onnx/precision'
import { float32, type NDArray, type NDArrays } from '../../../src-main/lib/ndarray'
import { random } from '../../../src-main/lib/random'

const normal = (shape: number[], seed = 1, scale = 1): NDArray => {
  const array = float32(shape)
  random(seed).fillNormal(array.data, scale)
  return array
}

const cpu = await openDevice('cpu', { threads: 1 })

/** All the forms in which known weights meet a product. */
const network: ProgramSpec = {
  name: 'network',
  params: {
    dense: [64, 96],
    turned: [40, 96],
    pointwise: [48, 40, 1],
    dilated: [64, 48, 3],
    image: [32, 4, 3, 3],
    small: [4, 64, 1],
    bias: [64],
  },
  inputs: { rows: ['rows', 64], picture: [2, 4, 9, 12] },
  run: ({ params: p, inputs }) => {
    const hidden = tf.tanh(tf.matMul(inputs['rows'] as tf.Tensor2D, p['dense'] as tf.Tensor2D))
    const narrow = tf.matMul(hidden as tf.Tensor2D, p['turned'] as tf.Tensor2D, false, true)
    const time = tf.expandDims(tf.transpose(narrow), 0)
    const mixed = tf.relu(conv(time, p['pointwise']!))
    const both = tf.concat([mixed, tf.mul(mixed, 0.5)], 0)
    const wide = tf.add(conv(both, p['dilated']!, { dilations: 2, padding: 2 }), tf.reshape(p['bias']!, [1, 64, 1]))
    return {
      outputs: {
        y: conv(tf.sigmoid(wide), p['small']!),
        image: conv(inputs['picture']!, p['image']!, {
          strides: 2,
          padding: [
            [1, 0],
            [0, 1],
          ],
        }),
        mean: tf.mean(tf.square(wide)),
      },
    }
  },
}

const params: NDArrays = Object.fromEntries(
  Object.entries(network.params!).map(([name, shape], i) => [name, normal(shape as number[], i + 1, 0.1)]),
)

async function outputs(precision: Precision, rows: number): Promise<NDArrays> {
  const runner = await cpu.load(network, { params }, { precision })
  const result = await runner.run({ rows: normal([rows, 64], 9), picture: normal([2, 4, 9, 12], 10) })
  await runner.dispose()
  return result
}

/** Root of the squared difference over the root of the square. */
function relativeError(found: NDArray, exact: NDArray): number {
  let [difference, size] = [0, 0]
  exact.data.forEach((x, i) => {
    difference += (found.data[i]! - x) ** 2
    size += x ** 2
  })
  return Math.sqrt(difference / size)
}

describe.each([
  ['int8', 3e-2, 1e-4],
  ['float16', 2e-3, 1e-6],
] as const)('%s', (precision, most, least) => {
  test.each([1, 37])('is close to float32 and not the same, over %i rows', async (rows) => {
    const [exact, found] = [await outputs('float32', rows), await outputs(precision, rows)]
    for (const [name, array] of Object.entries(exact)) {
      expect(found[name]!.shape, name).toEqual(array.shape)
      const error = relativeError(found[name]!, array)
      expect(error, name).toBeLessThan(most)
      expect(error, name).toBeGreaterThan(name === 'mean' ? 0 : least)
    }
  })
})

test('int8 takes every large product by known weights and no small one', () => {
  const { graph } = compileProgram(network, params)
  const types = (g: typeof graph) => g.nodes.map(({ type }) => type)
  const whole = withPrecision(graph, 'int8')
  expect(types(whole).filter((type) => type === 'DynamicQuantizeMatMul')).toHaveLength(5)
  expect(types(whole).filter((type) => ['MatMul', 'Gemm', 'Conv'].includes(type))).toHaveLength(1)
  expect(whole.tensors.some(({ name }) => name === 'params.dense')).toBe(false)
})

test('weights on the left of a plain product, weights used twice and masks of large numbers keep their meaning', async () => {
  const spec: ProgramSpec = {
    name: 'left',
    params: { w: [36, 40], v: [40, 36] },
    inputs: { x: [40, 50], batch: [3, 40, 50] },
    run: ({ params: p, inputs: i }) => {
      const y = tf.matMul(p['w']! as tf.Tensor2D, i['x']! as tf.Tensor2D)
      const again = tf.matMul(p['v']! as tf.Tensor2D, y as tf.Tensor2D)
      const twice = tf.matMul(p['v']! as tf.Tensor2D, tf.mul(y, 0.5) as tf.Tensor2D)
      const each = tf.matMul(tf.expandDims(p['w']!, 0), i['batch']!)
      const gated = tf.minimum(tf.mul(tf.relu(tf.sub(again, 100)), 1e9), 1)
      return { outputs: { y, again, twice, each, gated: tf.add(again, gated) } }
    },
  }
  const values = { params: { w: normal([36, 40], 1, 0.1), v: normal([40, 36], 2, 0.1) } }
  const inputs = { x: normal([40, 50], 3), batch: normal([3, 40, 50], 4) }
  const run = async (precision: Precision) => (await cpu.load(spec, values, { precision })).run(inputs)
  const exact = await run('float32')
  for (const precision of ['int8', 'float16'] as const) {
    for (const [name, found] of Object.entries(await run(precision)))
      expect(relativeError(found, exact[name]!), `${precision} ${name}`).toBeLessThan(
        precision === 'int8' ? 4e-2 : 2e-3,
      )
  }
  const { graph } = compileProgram(spec, values.params)
  expect(withPrecision(graph, 'int8').tensors.filter(({ dtype }) => dtype === 'int8')).toHaveLength(2)
})

test('float16 stores every weight once, in half the memory', () => {
  const { graph } = compileProgram(network, params)
  const bytes = (g: typeof graph) => g.tensors.reduce((sum, { data }) => sum + data.byteLength, 0)
  expect(bytes(withPrecision(graph, 'float16'))).toBe(bytes(graph) / 2)
})

test('binary16 is rounded to the nearest, ties to even', () => {
  const cases: [number, number][] = [
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [Infinity, 0x7c00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [1.5 * 2 ** -24, 0x0002],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2 - 2 ** -12, 0x4000],
    [0.1, 0x2e66],
    [1 / 3, 0x3555],
  ]
  expect([...halfBits(Float32Array.from(cases, ([x]) => x))]).toEqual(cases.map(([, bits]) => bits))
  expect(halfBits(Float32Array.of(NaN))[0]! & 0x7fff).toBeGreaterThan(0x7c00)
})

test('a device that computes in float32 only says so', async () => {
  const reference = await openDevice('reference')
  await expect(reference.load(network, { params }, { precision: 'int8' })).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('float32 only'),
  })
})
