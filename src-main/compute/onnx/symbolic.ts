import { NagareError } from '../../lib/errors'
import type { Lengths } from '../lengths'
import { attributesKey } from '../trace/graph'
import { OnnxBuilder } from './builder'
import type { OnnxConstant, OnnxGraph, OnnxValueInfo } from './graph'
import { fitPolynomial, written, type Polynomial } from './length-polynomials'

/** Where a graph finds the number of a length: a side of one of its inputs. */
export interface LengthSource {
  name: string
  input: string
  axis: number
  times: number
}

/** Relative error of numbers that were rounded to float32, on their way through a few operations. */
const ROUNDED = 1e-6

/**
 * One graph for inputs of any length from the graphs of one program at several lengths: all numbers that differ between them are computed
 * from the lengths when the graph runs. `lengths` are where the graphs were traced, more of them than a polynomial of second degree needs. Throws
 * `unsupported` where the graphs differ in more than numbers, or in numbers that do not grow as such a polynomial does.
 */
export function unifyGraphs(
  graphs: readonly OnnxGraph[],
  lengths: readonly Lengths[],
  sources: LengthSource[],
): OnnxGraph {
  const [base] = graphs as [OnnxGraph]
  const refuse = (what: string) =>
    new NagareError(
      'unsupported',
      `Program "${base.name}" does not compute the same for every length of its inputs: ${what}.`,
      {
        hint: "Give those inputs a fixed shape, name a side '2*frames' where it is halved, or write the program without loops or sizes that depend on the length.",
      },
    )
  sameNodes(graphs, refuse)
  const names = sources.map(({ name }) => name)
  const fit: Fit = (numbers, tolerance) => fitPolynomial(numbers, lengths, names, tolerance)

  const onnx = new OnnxBuilder(base.name, 'length_')
  const expressions = new LengthExpressions(onnx, sources)
  const replaced = new Map<string, string>()
  const constants = base.constants.filter((constant, i) => {
    const versions = graphs.map((graph) => graph.constants[i]!)
    const shaped = ({ shape, numbers }: OnnxConstant) => `[${shape}] ${numbers.length}`
    if (versions.some((version) => shaped(version) !== shaped(constant)))
      throw refuse('a table of numbers depends on the length')
    if (versions.every(({ numbers }) => String(numbers) === String(constant.numbers))) return true
    replaced.set(
      constant.name,
      expressions.constant(versions, fit, () => reshapeTarget(base, constant), refuse),
    )
    return false
  })
  for (const [i, { name, data, shape }] of base.tensors.entries()) {
    const same = graphs.every(({ tensors }) => {
      const other = tensors[i]!.data
      if (String(tensors[i]!.shape) !== String(shape)) return false
      return other === data || (other.length === data.length && other.every((number, j) => number === data[j]))
    })
    if (!same) throw refuse(`the constant ${name} differs`)
  }
  const info = (kind: 'inputs' | 'outputs') =>
    base[kind].map((value, i): OnnxValueInfo => ({
      ...value,
      shape: value.shape.map((_, axis) => {
        const sides = graphs.map((graph) => graph[kind][i]!.shape[axis] as number)
        const found = fit(sides)
        return found ? written(found, names) : `${value.name}.${axis}`
      }),
    }))
  const nodes = base.nodes.map((node) => ({ ...node, inputs: node.inputs.map((name) => replaced.get(name) ?? name) }))
  return {
    ...base,
    inputs: info('inputs'),
    outputs: info('outputs'),
    nodes: [...onnx.graph.nodes, ...nodes],
    constants: [...constants, ...onnx.graph.constants],
  }
}

function sameNodes(graphs: readonly OnnxGraph[], refuse: (what: string) => NagareError): void {
  const [base, ...others] = graphs as [OnnxGraph, ...OnnxGraph[]]
  for (const other of others) {
    if (other.nodes.length !== base.nodes.length || other.constants.length !== base.constants.length)
      throw refuse(`it has ${base.nodes.length} operators at one length and ${other.nodes.length} at another`)
    if (String(other.tensors.map(({ name }) => name)) !== String(base.tensors.map(({ name }) => name)))
      throw refuse('a table of numbers depends on the length')
    for (const [i, node] of base.nodes.entries()) {
      const twin = other.nodes[i]!
      if (node.type !== twin.type || String(node.inputs) !== String(twin.inputs))
        throw refuse(`${node.type} at one length is ${twin.type} at another`)
      const [before, after] = [attributesKey(node.attributes), attributesKey(twin.attributes)]
      if (before !== after) throw refuse(`${node.type} has the attributes ${before} and ${after}`)
    }
  }
}

/** Whether a constant is only ever the target of reshapes, where one side may be left open. */
const reshapeTarget = (graph: OnnxGraph, { name }: OnnxConstant) =>
  graph.nodes.every(({ type, inputs }) => !inputs.includes(name) || (type === 'Reshape' && inputs[1] === name))

type Fit = (numbers: readonly number[], tolerance?: number) => Polynomial | undefined

/** Adds the nodes that compute numbers from the lengths. */
class LengthExpressions {
  readonly #onnx: OnnxBuilder
  /** Products of lengths, by their factors. */
  readonly #products = new Map<string, string>()

  constructor(onnx: OnnxBuilder, sources: readonly LengthSource[]) {
    this.#onnx = onnx
    for (const [i, { input, axis, times }] of sources.entries()) {
      const side = onnx.node('Shape', [input], { start: axis, end: axis + 1 })
      this.#products.set(String([i]), times === 1 ? side : onnx.node('Div', [side, onnx.ints([times])]))
    }
  }

  /** The value that the constants `versions` have at each length. */
  constant(
    versions: readonly OnnxConstant[],
    fit: Fit,
    isReshapeTarget: () => boolean,
    refuse: (what: string) => NagareError,
  ): string {
    const [{ dtype, shape, numbers }] = versions as [OnnxConstant]
    const columns = numbers.map((_, i) => versions.map((version) => version.numbers[i]!))
    if (dtype === 'float32') return this.#float(columns, shape, fit, refuse)
    const found = columns.map((column) => fit(column))
    const unknown = found.flatMap((polynomial, i) => (polynomial ? [] : [i]))
    const open = unknown.length === 1 && !numbers.includes(-1) && isReshapeTarget()
    if (unknown.length > 0 && !open) {
      const sizes = columns[unknown[0]!]!.join(', ')
      throw refuse(`a size that is ${sizes} at ${versions.length} lengths does not grow evenly`)
    }
    const value = this.#vector(
      found.map((polynomial) => polynomial ?? { terms: [{ whole: -1, factors: [] }], divisor: 1 }),
    )
    const shaped = shape.length === 1 ? value : this.#onnx.reshape(value, shape)
    return dtype === 'int64' ? shaped : this.#onnx.cast(shaped, dtype)
  }

  /** One number repeated: a polynomial of the lengths, or one over such. */
  #float(columns: number[][], shape: readonly number[], fit: Fit, refuse: (what: string) => NagareError): string {
    const [column] = columns as [number[]]
    if (columns.some((other) => String(other) !== String(column)))
      throw refuse('a table of numbers depends on the length')
    const direct = fit(column, ROUNDED)
    const inverse = direct
      ? undefined
      : fit(
          column.map((number) => 1 / number),
          ROUNDED,
        )
    const found = direct ?? inverse
    if (!found) throw refuse(`the number ${column[0]} becomes ${column[1]}`)
    const onnx = this.#onnx
    const whole = onnx.reshape(onnx.cast(this.#vector([{ ...found, divisor: 1 }]), 'float32'), [])
    const divisor = onnx.scalar('float32', found.divisor)
    const number = onnx.node('Div', inverse ? [divisor, whole] : [whole, divisor])
    return shape.length === 0 ? number : onnx.node('Expand', [number, onnx.ints(shape)])
  }

  #vector(polynomials: readonly Polynomial[]): string {
    const onnx = this.#onnx
    const wholeOf = ({ terms }: Polynomial, key: string) =>
      terms.find(({ factors }) => String(factors) === key)?.whole ?? 0
    const keys = new Set(polynomials.flatMap(({ terms }) => terms.map(({ factors }) => String(factors))))
    let sum = onnx.ints(polynomials.map((polynomial) => wholeOf(polynomial, '')))
    for (const key of keys) {
      if (key === '') continue
      const wholes = polynomials.map((polynomial) => wholeOf(polynomial, key))
      const product = this.#product(key)
      const term = wholes.every((whole) => whole === 1) ? product : onnx.node('Mul', [product, onnx.ints(wholes)])
      sum = onnx.node('Add', [sum, term])
    }
    if (polynomials.every(({ divisor }) => divisor === 1)) return sum
    return onnx.node('Div', [sum, onnx.ints(polynomials.map(({ divisor }) => divisor))])
  }

  #product(key: string): string {
    let name = this.#products.get(key)
    if (name === undefined) {
      const [first, second] = key.split(',').map((i) => this.#product(i))
      this.#products.set(key, (name = this.#onnx.node('Mul', [first!, second!])))
    }
    return name
  }
}
