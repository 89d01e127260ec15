import { float32, type NDArray } from '../lib/ndarray'
import type { Random } from '../lib/random'

export interface OrthogonalOptions {
  /** Factor on the result (default 1). */
  gain?: number
  /** Make a square matrix a rotation: where its determinant is -1, its first column is negated (default false). */
  rotation?: boolean
}

/**
 * A uniformly drawn orthogonal matrix (Saxe et al., 2014; Mezzadri, 2007): Q of a Gaussian matrix's QR decomposition with a positive diagonal in R.
 * The shape counts as the matrix [out, rest]: orthonormal rows where out ≤ rest, else orthonormal columns.
 */
export function orthogonal(
  random: Random,
  shape: readonly number[],
  { gain = 1, rotation = false }: OrthogonalOptions = {},
): NDArray {
  const result = float32(shape)
  const out = shape[0] ?? 1
  const rest = result.data.length / out
  const wide = out <= rest
  const count = Math.min(out, rest)
  const vectors = Array.from({ length: count }, () =>
    Float64Array.from({ length: Math.max(out, rest) }, () => random.normal()),
  )
  orthonormalize(vectors)
  if (rotation && out === rest && determinantSign(vectors) < 0) for (const row of vectors) row[0] = -row[0]!
  for (let i = 0; i < out; i++)
    for (let j = 0; j < rest; j++) result.data[i * rest + j] = gain * (wide ? vectors[i]![j]! : vectors[j]![i]!)
  return result
}

/** Gram–Schmidt, each vector twice so that rounding leaves no trace of those before it. */
function orthonormalize(vectors: Float64Array[]): void {
  for (const [i, vector] of vectors.entries()) {
    for (let pass = 0; pass < 2; pass++) {
      for (const before of vectors.slice(0, i)) {
        const share = dot(vector, before)
        for (let k = 0; k < vector.length; k++) vector[k]! -= share * before[k]!
      }
    }
    const length = Math.sqrt(dot(vector, vector))
    for (let k = 0; k < vector.length; k++) vector[k]! /= length
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** Sign of the determinant, by elimination with row exchanges. */
function determinantSign(matrix: readonly Float64Array[]): number {
  const rows = matrix.map((row) => row.slice())
  let sign = 1
  for (let column = 0; column < rows.length; column++) {
    let pivot = column
    for (let row = column + 1; row < rows.length; row++)
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row
    if (pivot !== column) {
      ;[rows[pivot], rows[column]] = [rows[column]!, rows[pivot]!]
      sign = -sign
    }
    const top = rows[column]!
    sign *= Math.sign(top[column]!)
    for (const row of rows.slice(column + 1)) {
      const factor = row[column]! / top[column]!
      for (let k = column; k < rows.length; k++) row[k]! -= factor * top[k]!
    }
  }
  return sign
}
