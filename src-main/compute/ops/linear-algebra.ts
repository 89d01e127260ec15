import * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../../lib/errors'
import { constant, mask } from '../gradients/rule'

/**
 * Inverse of square matrices. w [..., n, n] → [..., n, n]. Gauss–Jordan elimination with partial pivoting, unrolled: meant for n up to about 64.
 * Singular matrices give infinities or NaN. Differentiable any number of times: d(W⁻¹) = -W⁻¹ dW W⁻¹. Throws `bad-input` where w is not square.
 */
export function inverse(w: tf.Tensor): tf.Tensor {
  const batch = batchOfSquares('inverse', w)
  return tf.reshape(inverseOf(batch), w.shape)
}

/**
 * log |det w| of square matrices. w [..., n, n] → [...]. Differentiable any number of times: d log |det W| / dW = W⁻ᵀ; value and gradient come from one
 * elimination. Throws `bad-input` where w is not square.
 */
export function logAbsDet(w: tf.Tensor): tf.Tensor {
  const result = custom([batchOfSquares('logAbsDet', w)], ([batch]) => ({
    value: tf.sum(tf.log(tf.abs(eliminated(batch!).pivots)), 1),
    gradFunc: (dy, [saved]) => tf.mul(tf.reshape(dy, [-1, 1, 1]), turned(inverseOf(saved!))),
  }))
  return tf.reshape(result, w.shape.slice(0, -2))
}

/**
 * LU decomposition with partial pivoting: w = p · l · u with a permutation p, l lower triangular with ones on its diagonal and u upper triangular.
 * w [..., n, n] → three tensors of that shape. Differentiable in l and u. Throws `bad-input` where w is not square.
 */
export function lu(w: tf.Tensor): { p: tf.Tensor; l: tf.Tensor; u: tf.Tensor } {
  const batch = batchOfSquares('lu', w)
  const [count, n] = batch.shape as [number, number]
  let rest = batch
  let used = tf.zeros([count, n, 1])
  const [places, factors, rows]: tf.Tensor[][] = [[], [], []]
  for (let k = 0; k < n; k++) {
    const column = tf.slice(rest, [0, 0, k], [count, n, 1])
    const { place, at } = pivotOf(column, used)
    const row = tf.matMul(place, rest)
    used = tf.where(at, tf.scalar(USED), used)
    const below = tf.where(tf.equal(used, 0), tf.div(column, tf.slice(row, [0, 0, k], [count, 1, 1])), tf.scalar(0))
    if (k < n - 1) rest = tf.sub(rest, tf.matMul(below, row))
    places!.push(place)
    factors!.push(tf.where(at, tf.scalar(1), below))
    rows!.push(row)
  }
  const order = joined(places!, 1)
  const shaped = (x: tf.Tensor) => tf.reshape(x, w.shape)
  return {
    p: shaped(turned(order)),
    l: shaped(tf.matMul(order, joined(factors!, 2))),
    u: shaped(
      tf.mul(
        joined(rows!, 1),
        triangle(n, (row, column) => column >= row),
      ),
    ),
  }
}

export interface TriangularOptions {
  /** Which half of t counts; the other is taken for zero (default true). */
  lower?: boolean
  /** The diagonal is taken for ones (default false). */
  unitDiagonal?: boolean
}

/**
 * Solves t · x = b by substitution. t [..., n, n], b [..., n, m] with the same leading axes → x of b's shape. Differentiable any number of times:
 * db = t⁻ᵀ dx, dt = -db xᵀ in the half that counts. Throws `bad-input` where the shapes do not fit.
 */
export function solveTriangular(t: tf.Tensor, b: tf.Tensor, options: TriangularOptions = {}): tf.Tensor {
  const batch = batchOfSquares('solveTriangular', t)
  const [n, m] = b.shape.slice(-2)
  if (b.rank !== t.rank || String(b.shape.slice(0, -1)) !== String(t.shape.slice(0, -1)))
    throw new NagareError('bad-input', `solveTriangular: b must be [${t.shape.slice(0, -1)}, m], found [${b.shape}].`)
  return tf.reshape(solved(batch, tf.reshape(b, [-1, n!, m!]), options), b.shape)
}

function solved(t: tf.Tensor, b: tf.Tensor, options: TriangularOptions): tf.Tensor {
  const { lower = true, unitDiagonal = false } = options
  const counts = (row: number, column: number) => (row === column ? !unitDiagonal : lower ? column < row : column > row)
  return custom([t, b], ([t, b]) => ({
    value: substituted(t!, b!, lower, unitDiagonal),
    gradFunc: (dy, saved) => {
      const [t, b] = saved as [tf.Tensor, tf.Tensor]
      const toB = solved(turned(t), dy, { lower: !lower, unitDiagonal })
      const toT = tf.neg(tf.matMul(toB, solved(t, b, options), false, true))
      return [tf.mul(toT, triangle(t.shape[1]!, counts)), toB]
    },
  }))
}

/** Forward substitution, or backward from the last row, one row after the other. */
function substituted(t: tf.Tensor, b: tf.Tensor, lower: boolean, unitDiagonal: boolean): tf.Tensor {
  const [count, n] = t.shape as [number, number]
  const m = b.shape[2]!
  const diagonal = tf.sum(tf.mul(t, tf.eye(n)), 2, true)
  const [rows, right] = unitDiagonal ? [t, b] : [tf.div(t, diagonal), tf.div(b, diagonal)]
  let x: tf.Tensor | undefined
  for (let i = 0; i < n; i++) {
    const k = lower ? i : n - 1 - i
    let row: tf.Tensor = tf.slice(right, [0, k, 0], [count, 1, m])
    if (x) row = tf.sub(row, tf.matMul(tf.slice(rows, [0, k, lower ? 0 : k + 1], [count, 1, i]), x))
    x = !x ? row : tf.concat(lower ? [x, row] : [row, x], 1)
  }
  return x!
}

function inverseOf(batch: tf.Tensor): tf.Tensor {
  return custom([batch], ([w]) => ({
    value: eliminated(w!).inverse,
    gradFunc: (dy, [saved]) => {
      const back = turned(inverseOf(saved!))
      return tf.neg(tf.matMul(tf.matMul(back, dy), back))
    },
  }))
}

/** Gauss–Jordan elimination of [w | I], rows left in their places. w [count, n, n] → its pivots [count, n] and its inverse [count, n, n]. */
function eliminated(w: tf.Tensor): { pivots: tf.Tensor; inverse: tf.Tensor } {
  const [count, n] = w.shape as [number, number]
  let table = tf.concat([w, tf.tile(tf.expandDims(tf.eye(n), 0), [count, 1, 1])], 2)
  let used = tf.zeros([count, n, 1])
  const places: tf.Tensor[] = []
  const pivots: tf.Tensor[] = []
  for (let k = 0; k < n; k++) {
    const column = tf.slice(table, [0, 0, k], [count, n, 1])
    const { place, at } = pivotOf(column, used)
    const row = tf.matMul(place, table)
    const pivot = tf.slice(row, [0, 0, k], [count, 1, 1])
    const others = tf.div(tf.where(at, tf.scalar(0), column), pivot)
    table = tf.sub(table, tf.matMul(others, row))
    if (k < n - 1) used = tf.where(at, tf.scalar(USED), used)
    places.push(place)
    pivots.push(pivot)
  }
  const found = joined(pivots, 1)
  const right = tf.slice(table, [0, 0, n], [count, n, n])
  return { pivots: tf.reshape(found, [count, n]), inverse: tf.div(tf.matMul(joined(places, 1), right), found) }
}

/** What a row that was a pivot already is behind every other by. */
const USED = 3e38

/** Where `column` [count, n, 1] is largest in magnitude among the rows that are not used: one-hot as a row [count, 1, n], and as a mask [count, n, 1]. */
function pivotOf(column: tf.Tensor, used: tf.Tensor): { place: tf.Tensor; at: tf.Tensor } {
  const [count, n] = column.shape as [number, number]
  return constant(() => {
    const largest = tf.reshape(tf.argMax(tf.sub(tf.abs(column), used), 1), [count, 1, 1])
    const hit = tf.equal(largest, tf.reshape(tf.range(0, n, 1, 'int32'), [1, 1, n]))
    return { place: mask(hit), at: tf.reshape(hit, [count, n, 1]) }
  })
}

const turned = (w: tf.Tensor) => tf.transpose(w, [0, 2, 1])
const joined = (parts: tf.Tensor[], axis: number) => (parts.length > 1 ? tf.concat(parts, axis) : parts[0]!)

function triangle(n: number, keeps: (row: number, column: number) => boolean): tf.Tensor {
  const numbers = Array.from({ length: n * n }, (_, i) => Number(keeps(Math.floor(i / n), i % n)))
  return tf.tensor(numbers, [1, n, n], 'float32')
}

interface Differentiable {
  value: tf.Tensor
  gradFunc(dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor | tf.Tensor[]
}

/** `tf.customGrad` of `compute` at `xs`, which are what its gradient gets as `saved`. */
function custom(xs: tf.Tensor[], compute: (xs: tf.Tensor[]) => Differentiable): tf.Tensor {
  const differentiable = tf.customGrad((...args) => {
    const given = args.slice(0, -1) as tf.Tensor[]
    const save = args.at(-1) as tf.GradSaveFunc
    save(given)
    return compute(given)
  })
  return differentiable(...xs)
}

function batchOfSquares(op: string, w: tf.Tensor): tf.Tensor {
  const [rows, columns] = w.shape.slice(-2)
  if (w.rank >= 2 && rows === columns && rows! > 0) return tf.reshape(w, [-1, rows!, columns!])
  throw new NagareError('bad-input', `${op} takes square matrices [..., n, n], found [${w.shape}].`)
}
