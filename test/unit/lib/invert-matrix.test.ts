import { describe, expect, it } from 'vitest'
import { invertMatrix } from '../../../src-main/lib/invert-matrix'
import { float32, type NDArray } from '../../../src-main/lib/ndarray'
import { random } from '../../../src-main/lib/random'

function product(a: NDArray, b: NDArray): NDArray {
  const n = a.shape[0]!
  return float32(
    [n, n],
    Float32Array.from({ length: n * n }, (_, at) => {
      let sum = 0
      for (let k = 0; k < n; k++) sum += a.data[Math.floor(at / n) * n + k]! * b.data[k * n + (at % n)]!
      return sum
    }),
  )
}
const identity = (n: number) =>
  float32(
    [n, n],
    Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) ? 0 : 1)),
  )

describe('invertMatrix', () => {
  it.each([1, 2, 7, 64])('gives what makes the identity, %d by itself', (n) => {
    const matrix = float32([n, n], random(n).fillNormal(new Float32Array(n * n)))
    const kept = matrix.data.slice()
    const inverse = invertMatrix(matrix)
    expect(product(matrix, inverse)).toBeAllclose(identity(n), { absolute: 1e-4 })
    expect(product(inverse, matrix)).toBeAllclose(identity(n), { absolute: 1e-4 })
    expect(matrix.data).toEqual(kept)
  })

  it('exchanges rows where the diagonal is zero, and keeps large and small apart', () => {
    expect(invertMatrix(float32([2, 2], Float32Array.of(0, 2, 4, 0))).data).toEqual(Float32Array.of(0, 0.25, 0.5, 0))
    const far = invertMatrix(float32([2, 2], Float32Array.of(1e-12, 1, 1, 1)))
    expect(far).toBeAllclose(float32([2, 2], Float32Array.of(-1, 1, 1, 0)), { absolute: 1e-6 })
  })

  it.each([
    ['zeros', [0, 0, 0, 0]],
    ['two rows alike', [1, 2, 2, 4]],
    ['what is no number', [NaN, 1, 1, 1]],
  ])('refuses a matrix of %s', (_, values) => {
    expect(() => invertMatrix(float32([2, 2], Float32Array.from(values)))).toThrow(
      new RangeError('The 2 × 2 matrix has no inverse.'),
    )
  })
})
