import * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../../lib/errors'
import { composed, type KernelTable } from './kernel'

/** A tensor and the label of each of its axes. */
interface Term {
  x: tf.Tensor
  labels: string
}

const only = (labels: string, keep: (label: string) => boolean) => [...labels].filter(keep).join('')

/** The term with its axes in the order of `labels`. */
const ordered = (term: Term, labels: string): tf.Tensor =>
  term.labels === labels
    ? term.x
    : tf.transpose(
        term.x,
        [...labels].map((label) => term.labels.indexOf(label)),
      )

/** Sums over the axes that nothing else needs. */
function reduced({ x, labels }: Term, needed: string): Term {
  const axes = [...labels].flatMap((label, i) => (needed.includes(label) ? [] : [i]))
  return { x: axes.length > 0 ? tf.sum(x, axes) : x, labels: only(labels, (label) => needed.includes(label)) }
}

/** Both terms as one product of matrices [batch, left, inner] · [batch, inner, right], turned on the way in where that saves a transpose. */
function multiplied(a: Term, b: Term, result: string): Term {
  const shared = only(a.labels, (label) => b.labels.includes(label))
  const batch = only(result, (label) => shared.includes(label))
  const inner = only(shared, (label) => !result.includes(label))
  const left = only(a.labels, (label) => !shared.includes(label))
  const right = only(b.labels, (label) => !shared.includes(label))
  const side = (label: string) =>
    a.labels.includes(label) ? a.x.shape[a.labels.indexOf(label)]! : b.x.shape[b.labels.indexOf(label)]!
  const sides = (labels: string) => [...labels].map(side)
  const size = (labels: string) => sides(labels).reduce((product, n) => product * n, 1)
  const matrix = (term: Term, rows: string, columns: string) => {
    const table = ordered(term, batch + rows + columns)
    return tf.reshape(table, [...(batch ? [size(batch)] : []), size(rows), size(columns)])
  }
  const transposeA = left !== '' && inner !== '' && a.labels === batch + inner + left
  const transposeB = right !== '' && inner !== '' && b.labels === batch + right + inner
  const product = tf.matMul(
    transposeA ? matrix(a, inner, left) : matrix(a, left, inner),
    transposeB ? matrix(b, right, inner) : matrix(b, inner, right),
    transposeA,
    transposeB,
  )
  const labels = batch + left + right
  return { x: tf.reshape(product, sides(labels)), labels }
}

/** Einstein summation of one or two tensors, such as `'bij,bjk->bik'`. Throws `bad-input` where the equation does not fit the tensors. */
function einsum(xs: readonly tf.Tensor[], { equation }: tf.EinsumAttrs): tf.Tensor {
  const { allDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, xs.length)
  try {
    tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, [...xs])
  } catch {
    const shapes = xs.map(({ shape }) => `[${shape}]`).join(' and ')
    throw new NagareError('bad-input', `einsum: "${equation}" does not fit tensors of shape ${shapes}.`)
  }
  const result = equation.replace(/\s/g, '').split('->')[1]!
  const terms = xs.map((x, i): Term => ({ x, labels: idDims[i]!.map((dim) => allDims[dim]).join('') }))
  const needed = (at: number) => result + terms.map(({ labels }, i) => (i === at ? '' : labels)).join('')
  const [a, b] = terms.map((term, i) => reduced(term, needed(i)))
  return ordered(b ? multiplied(a!, b, result) : a!, result)
}

export const einsums: KernelTable = {
  Einsum: { ...composed<tf.EinsumAttrs>([], (xs, attrs) => einsum(Object.values(xs), attrs)), inputs: 'list' },
}
