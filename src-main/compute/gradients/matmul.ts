import * as tf from '@tensorflow/tfjs-core'
import { product, sumTo } from './rule'

/** Gradient of b in a · b where one b serves all batches: a single product over the rows of all of them. */
function sharedFactor(dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor, transposeB: boolean): tf.Tensor {
  const rows = (x: tf.Tensor) => tf.reshape(x, [-1, x.shape.at(-1)!])
  return tf.reshape(transposeB ? tf.matMul(rows(dy), rows(a), true) : tf.matMul(rows(a), rows(dy), true), b.shape)
}

/** Gradients of matMul, summed over the batches that share a factor. */
const ofMatMul: tf.GradConfig = {
  kernelName: 'BatchMatMul',
  inputsToSave: ['a', 'b'],
  gradFunc: (gradient, saved, attrs) => {
    const dy = gradient as tf.Tensor
    const [a, b] = saved as [tf.Tensor, tf.Tensor]
    const { transposeA, transposeB } = attrs as unknown as tf.BatchMatMulAttrs
    const shared = !transposeA && a.rank > 2 && product(b.shape.slice(0, -2)) === 1
    const toA = () => (transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB))
    const toB = () => (transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA))
    return {
      a: () => sumTo(toA(), a.shape),
      b: () => (shared ? sharedFactor(dy, a, b, transposeB) : sumTo(toB(), b.shape)),
    }
  },
}

interface Equation {
  terms: string[]
  result: string
}

const parsed = (equation: string): Equation => {
  const [left, result] = equation.replace(/\s/g, '').split('->') as [string, string]
  return { terms: left.split(','), result }
}

/** Gradient of an einsum with respect to one term: dy times the other term; axes that only this term has are repeated. */
function ofTerm(dy: tf.Tensor, xs: readonly tf.Tensor[], { terms, result }: Equation, at: number): tf.Tensor {
  const others = terms.map((term, i) => ({ term, x: xs[i]! })).filter((_, i) => i !== at)
  const known = [result, ...others.map(({ term }) => term)]
  const term = terms[at]!
  const found = [...term].filter((label) => known.some((labels) => labels.includes(label))).join('')
  const part = tf.einsum(`${known.join(',')}->${found}`, dy, ...others.map(({ x }) => x))
  const { shape } = xs[at]!
  const kept = tf.reshape(
    part,
    shape.map((side, i) => (found.includes(term[i]!) ? side : 1)),
  )
  return tf.broadcastTo(kept, shape)
}

const ofEinsum: tf.GradConfig = {
  kernelName: 'Einsum',
  saveAllInputs: true,
  gradFunc: (dy, saved, attrs) => {
    const equation = parsed((attrs as unknown as tf.EinsumAttrs).equation)
    return Object.fromEntries(
      equation.terms.map((_, i) => [String(i), () => ofTerm(dy as tf.Tensor, saved, equation, i)]),
    )
  },
}

/** Matrix products whose gradients tfjs gets wrong (`matMul` of shared factors) or lacks (`einsum`). */
export const matmulGradients: readonly tf.GradConfig[] = [ofMatMul, ofEinsum]
