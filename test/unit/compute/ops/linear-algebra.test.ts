import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { inverse, logAbsDet, lu, openDevice, solveTriangular, type Tensors } from '../../../../src-main/compute'
import { float32, type NDArrays } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import golden from '../../../golden/linear-algebra/cases.json'

const [cpu, reference] = [await openDevice('cpu', { threads: 1 }), await openDevice('reference')]

async function compute(inputs: NDArrays, run: (inputs: Tensors) => Tensors, device = cpu): Promise<NDArrays> {
  const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]))
  const runner = await device.load({ name: 'algebra', inputs: shapes, run: (x) => ({ outputs: run(x.inputs) }) }, {})
  const outputs = await runner.run(inputs)
  await runner.dispose()
  return outputs
}

const square = (n: number, numbers: readonly number[]) => float32([n, n], Float32Array.from(numbers))

/** Matrices far from singular: 2 I (its rows in another order) plus noise. */
function matrices(shape: number[], seed: number) {
  const n = shape.at(-1)!
  const array = float32(shape)
  random(seed).fillNormal(array.data, 0.7 / Math.sqrt(n))
  for (let i = 0; i < array.data.length / n; i++) {
    const row = i % n
    const at = i * n + (n - 1 - row)
    array.data[at] = array.data[at]! + (row % 2 ? 2 : -1.5)
  }
  return array
}

describe.each(golden)('a matrix: $title', ({ n, w, t, b, ...expected }) => {
  test('equals NumPy', async () => {
    const inputs = { w: square(n, w), t: square(n, t), b: float32([n, 3], Float32Array.from(b)) }
    const found = await compute(inputs, (x) => ({
      logAbsDet: logAbsDet(x['w']!),
      inverse: inverse(x['w']!),
      lower: solveTriangular(x['t']!, x['b']!),
      upper: solveTriangular(tf.transpose(x['t']!), x['b']!, { lower: false }),
      unit: solveTriangular(x['t']!, x['b']!, { unitDiagonal: true }),
      ...lu(x['w']!),
    }))
    expect([...found['logAbsDet']!.data]).toBeAllclose([expected.logAbsDet], { relative: 1e-5, absolute: 2e-5 })
    const scale = Math.max(...expected.inverse.map(Math.abs))
    expect(found['inverse']!.data).toBeAllclose(expected.inverse, { relative: 1e-4, absolute: 3e-6 * scale })
    for (const name of ['p', 'l', 'u', 'lower', 'upper', 'unit'] as const) {
      const most = Math.max(...expected[name].map(Math.abs))
      expect(found[name]!.data).toBeAllclose(expected[name], { relative: 1e-4, absolute: 1e-5 * Math.max(1, most) })
    }
  })
})

test.each([1, 2, 3, 8, 16, 64])(
  'batches of matrices with n = %i: w⁻¹ w = I, p l u = w, and both devices agree',
  async (n) => {
    const inputs = { w: matrices([2, 2, n, n], n) }
    const run = (x: Tensors) => {
      const { p, l, u } = lu(x['w']!)
      return {
        identity: tf.matMul(inverse(x['w']!), x['w']!),
        product: tf.matMul(tf.matMul(p, l), u),
        logAbsDet: logAbsDet(x['w']!),
        ofDiagonal: tf.sum(tf.log(tf.abs(tf.sum(tf.mul(u, tf.eye(n)), -1))), -1),
      }
    }
    const [found, expected] = [await compute(inputs, run), await compute(inputs, run, reference)]
    const identity = float32([2, 2, n, n])
    identity.data.forEach((_, i) => (identity.data[i] = Number(Math.floor(i / n) % n === i % n)))
    expect(found['identity']).toBeAllclose(identity, { absolute: 2e-5 })
    expect(found['product']).toBeAllclose(inputs.w, { absolute: 1e-5 })
    expect(found['logAbsDet']).toBeAllclose(found['ofDiagonal']!, { absolute: 1e-4 })
    for (const [name, array] of Object.entries(expected))
      expect(found[name], name).toBeAllclose(array, { relative: 1e-4, absolute: 3e-5 })
  },
)

test('logAbsDet is the logarithm of the cofactor expansion', async () => {
  const w = matrices([3, 3], 9)
  const [a, b, c, d, e, f, g, h, i] = w.data as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
  const { y } = await compute({ w }, (x) => ({ y: logAbsDet(x['w']!) }))
  expect([...y!.data]).toBeAllclose([Math.log(Math.abs(determinant))], { relative: 1e-5 })
})

const weighted = (y: tf.Tensor, phase: number) =>
  tf.sum(tf.mul(tf.reshape(y, [-1]), tf.sin(tf.add(tf.mul(tf.range(0, y.size), 1.3), phase))))

const scalars: [string, (x: Tensors) => tf.Tensor][] = [
  ['logAbsDet', (x) => weighted(logAbsDet(x['w']!), 0.4)],
  ['inverse', (x) => weighted(inverse(x['w']!), 0.4)],
  ['lu', (x) => tf.add(weighted(lu(x['w']!).l, 0.4), weighted(lu(x['w']!).u, 0.9))],
  ['solveTriangular, lower', (x) => weighted(solveTriangular(x['w']!, x['b']!), 0.4)],
  ['solveTriangular, upper', (x) => weighted(solveTriangular(x['w']!, x['b']!, { lower: false }), 0.4)],
  ['solveTriangular, unit', (x) => weighted(solveTriangular(x['w']!, x['b']!, { unitDiagonal: true }), 0.4)],
]

test.each(scalars)('%s: first and second derivatives equal differences', async (_, scalar) => {
  const inputs = { w: matrices([2, 3, 3], 4), b: matrices([2, 3, 3], 5) }
  // The diagonal is what a triangular solution divides by.
  for (const k of [0, 4, 8, 9, 13, 17]) inputs.w.data[k] = inputs.w.data[k]! + 1.5
  const slopes = (x: Tensors) =>
    tf.grads((w, b) => tf.add(scalar({ w, b }), tf.mul(0.1, tf.sum(tf.square(b)))) as tf.Scalar)([x['w']!, x['b']!])
  const slope = (x: Tensors) => tf.add(weighted(slopes(x)[0]!, 1.1), weighted(slopes(x)[1]!, 2.1))
  const run = (x: Tensors) => {
    const [dw, db] = slopes(x)
    const [ddw, ddb] = tf.grads((w, b) => slope({ w, b }) as tf.Scalar)([x['w']!, x['b']!])
    return {
      value: tf.add(scalar(x), tf.mul(0.1, tf.sum(tf.square(x['b']!)))),
      slope: slope(x),
      dw: dw!,
      db: db!,
      ddw: ddw!,
      ddb: ddb!,
    }
  }
  const found = await compute(inputs, run)
  const onReference = await compute(inputs, run, reference)
  for (const [name, array] of Object.entries(onReference))
    expect(found[name], name).toBeAllclose(array, { relative: 1e-3, absolute: 1e-4 })
  const step = 2e-3
  const rise = async (output: string, phases: [number, number]) => {
    const at = async (by: number) => {
      const moved = (name: 'w' | 'b', phase: number) => ({
        ...inputs[name],
        data: Float32Array.from(inputs[name].data, (x, i) => x + by * Math.sin(1.3 * i + phase)),
      })
      return (await compute({ w: moved('w', phases[0]), b: moved('b', phases[1]) }, run))[output]!.data[0]!
    }
    return ((await at(step)) - (await at(-step))) / (2 * step)
  }
  const along = (dw: string, db: string, phases: [number, number]) =>
    [dw, db].reduce((sum, name, k) => {
      const { data } = found[name]! as { data: Float32Array }
      return data.reduce((total, x, i) => total + x * Math.sin(1.3 * i + phases[k]!), sum)
    }, 0)
  expect([along('dw', 'db', [1.1, 2.1])]).toBeAllclose([await rise('value', [1.1, 2.1])], {
    relative: 5e-3,
    absolute: 2e-3,
  })
  expect([along('ddw', 'ddb', [0.7, 0.2])]).toBeAllclose([await rise('slope', [0.7, 0.2])], {
    relative: 1e-2,
    absolute: 5e-3,
  })
})

test('names what does not fit', async () => {
  const inputs = { w: float32([2, 3]), t: float32([2, 2]), b: float32([3, 1]) }
  await expect(compute(inputs, (x) => ({ y: inverse(x['w']!) }))).rejects.toThrow(
    'inverse takes square matrices [..., n, n], found [2,3].',
  )
  await expect(compute(inputs, (x) => ({ y: solveTriangular(x['t']!, x['b']!) }))).rejects.toThrow(
    'b must be [2, m], found [3,1]',
  )
})
