import * as tf from '@tensorflow/tfjs-core'
import { float32, type NDArray } from '../lib/ndarray'

/**
 * An invertible matrix as W = P · (strictly lower L + 1) · (strictly upper U + diag(sign · exp(logScale))), so that log |det W| is the sum of `logScale`
 * (Kingma & Dhariwal, 2018, eq. 10–11). `order` P and `sign` stay fixed in training; entries outside the triangles are ignored.
 */
export interface LuFactors<Value> {
  order: Value
  lower: Value
  upper: Value
  sign: Value
  logScale: Value
}

/** Factors of a matrix [n, n], by elimination with row exchanges. Throws RangeError for one without an inverse. */
export function luFactors({ shape, data }: NDArray): LuFactors<NDArray> {
  const n = shape[0]!
  const rows = indices(n).map((i) => Float64Array.from(data.subarray(i * n, (i + 1) * n)))
  const order = indices(n)
  for (let column = 0; column < n; column++) {
    let pivot = column
    for (let row = column + 1; row < n; row++)
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row
    ;[rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!]
    ;[order[column], order[pivot]] = [order[pivot]!, order[column]!]
    const top = rows[column]!
    if (!(Math.abs(top[column]!) > 1e-30)) throw new RangeError(`The ${n} × ${n} matrix has no inverse.`)
    for (const row of rows.slice(column + 1)) {
      const factor = row[column]! / top[column]!
      row[column] = factor
      for (let j = column + 1; j < n; j++) row[j] = row[j]! - factor * top[j]!
    }
  }
  const result = {
    order: float32([n, n]),
    lower: float32([n, n]),
    upper: float32([n, n]),
    sign: float32([n]),
    logScale: float32([n]),
  }
  for (const [i, row] of rows.entries()) {
    result.order.data[order[i]! * n + i] = 1
    result.sign.data[i] = Math.sign(row[i]!)
    result.logScale.data[i] = Math.log(Math.abs(row[i]!))
    for (let j = 0; j < n; j++) {
      if (j < i) result.lower.data[i * n + j] = row[j]!
      if (j > i) result.upper.data[i * n + j] = row[j]!
    }
  }
  return result
}

/** The matrix [n, n] that factors stand for. */
export function luProduct({ order, lower, upper, sign, logScale }: LuFactors<NDArray>): NDArray {
  const n = sign.data.length
  const result = float32([n, n])
  for (let i = 0; i < n; i++) {
    const row = new Float64Array(n)
    for (let l = 0; l <= i; l++) {
      const factor = l === i ? 1 : lower.data[i * n + l]!
      row[l] = row[l]! + factor * sign.data[l]! * Math.exp(logScale.data[l]!)
      for (let j = l + 1; j < n; j++) row[j] = row[j]! + factor * upper.data[l * n + j]!
    }
    // The order's column i has its one in the row that factor row i is of the matrix.
    for (let at = 0; at < n; at++) if (order.data[at * n + i] === 1) result.data.set(row, at * n)
  }
  return result
}

/** The matrix [n, n] that factors stand for, as a part of a program. */
export function luMatrix({ order, lower, upper, sign, logScale }: LuFactors<tf.Tensor>): tf.Tensor2D {
  const n = logScale.size
  const below = tf.tensor2d(triangle(n), [n, n])
  const identity = tf.eye(n)
  const diagonal = tf.mul(identity, tf.reshape(tf.mul(sign, tf.exp(logScale)), [n, 1]))
  const l: tf.Tensor2D = tf.add(tf.mul(lower, below), identity)
  const u: tf.Tensor2D = tf.add(tf.mul(upper, tf.transpose(below)), diagonal)
  return tf.matMul(order as tf.Tensor2D, tf.matMul(l, u))
}

/** Ones below the diagonal of an n × n matrix. */
const triangle = (n: number) => Float32Array.from({ length: n * n }, (_, i) => (i % n < Math.floor(i / n) ? 1 : 0))

const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
