import * as tf from '@tensorflow/tfjs-core'
import { logAbsDet, type Shapes, type Tensors } from '../../compute'
import { float32, type NDArray, type NDArrays } from '../../lib/ndarray'
import { channelsAt, range, type WaveGlowConfig } from './config'

/** Channels from which a mixing is trained as its factors: its determinant is then a product, not an elimination at each step. */
const leastFactored = 32

const isFactored = (config: WaveGlowConfig, k: number) => channelsAt(config, k) >= leastFactored
const numbers = ({ flows }: WaveGlowConfig) => range(flows)

/** Shapes of the mixings in a pack: a matrix [channels, channels] each. */
export const mixShapes = (config: WaveGlowConfig): Shapes =>
  Object.fromEntries(numbers(config).map((k) => [`flows.${k}.mix`, [channelsAt(config, k), channelsAt(config, k)]]))

/** Shapes of what is trained of them: small ones as they are, large ones as `lower`, `upper` and `logScale` (Kingma & Dhariwal, 2018, eq. 10). */
export const trainedMixShapes = (config: WaveGlowConfig): Shapes =>
  Object.fromEntries(
    numbers(config).flatMap((k): [string, number[]][] => {
      const c = channelsAt(config, k)
      if (!isFactored(config, k)) return [[`flows.${k}.mix`, [c, c]]]
      return [
        [`flows.${k}.lower`, [c, c]],
        [`flows.${k}.upper`, [c, c]],
        [`flows.${k}.logScale`, [c]],
      ]
    }),
  )

/** Shapes of what stays fixed beside them: the order of the rows, and the signs of the diagonal. */
export const fixedMixShapes = (config: WaveGlowConfig): Shapes =>
  Object.fromEntries(
    numbers(config)
      .filter((k) => isFactored(config, k))
      .flatMap((k): [string, number[]][] => [
        [`flows.${k}.order`, [channelsAt(config, k), channelsAt(config, k)]],
        [`flows.${k}.sign`, [channelsAt(config, k)]],
      ]),
  )

/** The matrix of flow `k` and log |det| of it, from the matrix or from its factors: W = P · L · (U + diag(sign · exp(logScale))). */
export function mixing(params: Tensors, k: number): { matrix: tf.Tensor2D; logDet: tf.Tensor } {
  const whole = params[`flows.${k}.mix`]
  if (whole) return { matrix: whole as tf.Tensor2D, logDet: logAbsDet(whole) }
  const of = (name: string) => params[`flows.${k}.${name}`]!
  const logScale = of('logScale')
  const c = logScale.size
  const below = tf.tensor2d(triangle(c), [c, c])
  const identity = tf.eye(c)
  const lower: tf.Tensor2D = tf.add(tf.mul(of('lower'), below), identity)
  const diagonal = tf.mul(identity, tf.reshape(tf.mul(of('sign'), tf.exp(logScale)), [c, 1]))
  const upper: tf.Tensor2D = tf.add(tf.mul(of('upper'), tf.transpose(below)), diagonal)
  return { matrix: tf.matMul(of('order') as tf.Tensor2D, tf.matMul(lower, upper)), logDet: tf.sum(logScale) }
}

/** Ones below the diagonal of an n × n matrix. */
const triangle = (n: number) => Float32Array.from({ length: n * n }, (_, i) => (i % n < Math.floor(i / n) ? 1 : 0))

/** A pack's mixings in the form of training, what is trained and what is fixed together. Throws RangeError for one without an inverse. */
export function splitMixings(config: WaveGlowConfig, weights: NDArrays): NDArrays {
  const result: NDArrays = {}
  for (const k of numbers(config)) {
    const mix = weights[`flows.${k}.mix`]!
    if (!isFactored(config, k)) result[`flows.${k}.mix`] = mix
    else for (const [name, value] of Object.entries(factors(mix))) result[`flows.${k}.${name}`] = value
  }
  return result
}

/** Trained mixings as a pack has them. */
export function plainMixings(config: WaveGlowConfig, trained: NDArrays): NDArrays {
  const result: NDArrays = {}
  for (const k of numbers(config)) {
    const of = (name: string) => trained[`flows.${k}.${name}`]!
    result[`flows.${k}.mix`] = isFactored(config, k)
      ? product(of('order'), of('lower'), of('upper'), of('sign'), of('logScale'))
      : of('mix')
  }
  return result
}

/** LU factors with row exchanges: order · (strictly lower + 1) · (strictly upper + diagonal). */
function factors({ shape, data }: NDArray): Record<'order' | 'lower' | 'upper' | 'sign' | 'logScale', NDArray> {
  const n = shape[0]!
  const rows = range(n).map((i) => Float64Array.from(data.subarray(i * n, (i + 1) * n)))
  const order = range(n)
  for (let column = 0; column < n; column++) {
    let pivot = column
    for (let row = column + 1; row < n; row++)
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row
    ;[rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!]
    ;[order[column], order[pivot]] = [order[pivot]!, order[column]!]
    const top = rows[column]!
    if (!(Math.abs(top[column]!) > 1e-30)) throw new RangeError(`The ${n} × ${n} mixing matrix has no inverse.`)
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

/** The matrix that factors stand for. */
function product(order: NDArray, lower: NDArray, upper: NDArray, sign: NDArray, logScale: NDArray): NDArray {
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
