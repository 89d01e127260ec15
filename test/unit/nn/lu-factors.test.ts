import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { openDevice } from '../../../src-main/compute'
import { float32, type NDArrays } from '../../../src-main/lib/ndarray'
import { random } from '../../../src-main/lib/random'
import { luFactors, luMatrix, luProduct, orthogonal } from '../../../src-main/nn'

const matrixOf = (n: number, seed: number) => float32([n, n], random(seed).fillNormal(new Float32Array(n * n)))
const parts = ['order', 'lower', 'upper', 'sign', 'logScale'] as const

describe('the factors of a matrix', () => {
  it.each([1, 2, 8, 33])('are triangles, an order and a diagonal that make it again, %d by itself', (n) => {
    const matrix = matrixOf(n, n)
    const factors = luFactors(matrix)
    expect(luProduct(factors)).toBeAllclose(matrix, { relative: 1e-4, absolute: 1e-5 })
    const at = (i: number) => [Math.floor(i / n), i % n] as const
    expect(factors.lower.data.every((value, i) => value === 0 || at(i)[0] > at(i)[1])).toBe(true)
    expect(factors.upper.data.every((value, i) => value === 0 || at(i)[0] < at(i)[1])).toBe(true)
    // Rows are exchanged so that no factor is above 1.
    expect(factors.lower.data.every((value) => Math.abs(value) <= 1)).toBe(true)
    expect(factors.sign.data.every((value) => Math.abs(value) === 1)).toBe(true)
    for (let i = 0; i < n; i++) {
      const row = [...factors.order.data.subarray(i * n, (i + 1) * n)]
      expect([row.filter((x) => x === 1).length, row.filter((x) => x === 0).length]).toEqual([1, n - 1])
    }
  })

  it('tell the volume that it changes: none for a rotation', () => {
    const sum = (values: ArrayLike<number>) => Array.from(values).reduce((all, value) => all + value, 0)
    expect(sum(luFactors(orthogonal(random(3), [16, 16])).logScale.data)).toBeCloseTo(0, 4)
    // 3 · 2 − 1 · 4 = 2.
    expect(sum(luFactors(float32([2, 2], Float32Array.of(3, 1, 4, 2))).logScale.data)).toBeCloseTo(Math.log(2), 6)
  })

  it('are refused for a matrix without an inverse', () => {
    expect(() => luFactors(float32([2, 2], Float32Array.of(1, 2, 2, 4)))).toThrow('The 2 × 2 matrix has no inverse.')
  })

  it.each(['reference', 'cpu'])(
    'make the same matrix in a program on %s, whatever lies outside the triangles',
    async (id) => {
      const n = 6
      const factors = luFactors(matrixOf(n, 9))
      const junk = (triangle: ArrayLike<number>, seed: number, isInside: (i: number, j: number) => boolean) =>
        float32(
          [n, n],
          matrixOf(n, seed).data.map((value, i) => (isInside(Math.floor(i / n), i % n) ? triangle[i]! : value)),
        )
      const state: NDArrays = {
        ...factors,
        lower: junk(factors.lower.data, 10, (i, j) => i > j),
        upper: junk(factors.upper.data, 11, (i, j) => i < j),
      }
      const device = await openDevice(id)
      const runner = await device.load(
        {
          name: 'matrix',
          params: Object.fromEntries(parts.map((part) => [part, factors[part].shape])),
          inputs: { x: [n, n] },
          run: ({ params, inputs: { x } }) => ({
            outputs: {
              y: tf.matMul(
                luMatrix({
                  order: params['order']!,
                  lower: params['lower']!,
                  upper: params['upper']!,
                  sign: params['sign']!,
                  logScale: params['logScale']!,
                }),
                x as tf.Tensor2D,
              ),
            },
          }),
        },
        { params: state },
      )
      const eye = float32(
        [n, n],
        Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) ? 0 : 1)),
      )
      const { y } = await runner.run({ x: eye })
      await runner.dispose()
      expect(y).toBeAllclose(luProduct(factors), { relative: 1e-5, absolute: 1e-5 })
      expect(luProduct({ ...factors, lower: state['lower']!, upper: state['upper']! })).toEqual(luProduct(factors))
    },
  )
})
