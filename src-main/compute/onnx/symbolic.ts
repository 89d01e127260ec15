import { NagareError } from '../../lib/errors'
import type { Lengths } from '../lengths'
import { OnnxBuilder } from './builder'
import type { OnnxConstant, OnnxGraph, OnnxValueInfo } from './graph'

/** A whole-number expression (offset + Σ slopes · length) / divisor. */
interface Affine {
  offset: number
  slopes: number[]
  divisor: number
}

/** Where a graph finds the number of a length: a side of one of its inputs. */
export interface LengthSource {
  name: string
  input: string
  axis: number
  times: number
}

const DIVISORS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 32, 64, 128, 256, 512, 1024]

/**
 * One graph for inputs of any length from the graphs of one program at several lengths: all numbers that differ between them are computed
 * from the lengths when the graph runs. `graphs[0]` is at the base lengths, `graphs[1 + i]` differs from it in the i-th length only, further ones
 * are checked against the result. Throws `unsupported` naming the node where the graphs differ in more than numbers, or in numbers that do not
 * grow evenly with the lengths.
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
        hint: 'Give those inputs a fixed shape, or write the program without loops or sizes that depend on the length.',
      },
    )
  sameNodes(graphs, refuse)
  const fit = (numbers: readonly number[]) => fitAffine(numbers, lengths, sources)

  const onnx = new OnnxBuilder(base.name, 'length_')
  const expressions = new LengthExpressions(onnx, sources)
  const replaced = new Map<string, string>()
  const constants = base.constants.filter((constant, i) => {
    const versions = graphs.map((graph) => graph.constants[i]!)
    if (versions.every(({ numbers }) => String(numbers) === String(constant.numbers))) return true
    replaced.set(
      constant.name,
      expressions.constant(versions, fit, () => reshapeTarget(base, constant), refuse),
    )
    return false
  })
  for (const [i, { name, data }] of base.tensors.entries()) {
    const same = graphs.every(({ tensors }) => {
      const other = tensors[i]!.data
      return other === data || (other.length === data.length && other.every((number, j) => number === data[j]))
    })
    if (!same) throw refuse(`the constant ${name} differs`)
  }
  const info = (kind: 'inputs' | 'outputs') =>
    base[kind].map((value, i): OnnxValueInfo => ({
      ...value,
      shape: value.shape.map((_, axis) => {
        const sides = graphs.map((graph) => graph[kind][i]!.shape[axis] as number)
        const affine = fit(sides)
        return affine ? written(affine, sources) : `${value.name}.${axis}`
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
    for (const [i, node] of base.nodes.entries()) {
      const twin = other.nodes[i]!
      if (node.type !== twin.type || String(node.inputs) !== String(twin.inputs))
        throw refuse(`${node.type} at one length is ${twin.type} at another`)
      const [before, after] = [JSON.stringify(node.attributes), JSON.stringify(twin.attributes)]
      if (before !== after) throw refuse(`${node.type} has the attributes ${before} and ${after}`)
    }
  }
}

/** Whether a constant is only ever the target of reshapes, where one side may be left open. */
const reshapeTarget = (graph: OnnxGraph, { name }: OnnxConstant) =>
  graph.nodes.every(({ type, inputs }) => !inputs.includes(name) || (type === 'Reshape' && inputs[1] === name))

/** The expression that has these numbers at these lengths; undefined where there is none. */
function fitAffine(
  numbers: readonly number[],
  lengths: readonly Lengths[],
  sources: LengthSource[],
): Affine | undefined {
  const base = lengths[0]!
  const slopes = sources.map(({ name }, i) => (numbers[i + 1]! - numbers[0]!) / (lengths[i + 1]![name]! - base[name]!))
  const divisor = DIVISORS.find((d) => slopes.every((slope) => isWhole(slope * d)))
  if (divisor === undefined) return undefined
  const whole = slopes.map((slope) => Math.round(slope * divisor))
  const at = (given: Lengths) => sources.reduce((sum, { name }, i) => sum + whole[i]! * given[name]!, 0)
  const offset = numbers[0]! * divisor - at(base)
  const fits = lengths.every((given, i) => offset + at(given) === numbers[i]! * divisor)
  return fits ? { offset, slopes: whole, divisor } : undefined
}

const isWhole = (x: number) => Math.abs(x - Math.round(x)) < 1e-9

/** The side as a number, or as text such as `frames`, `256*frames` or `8*groups+3`. */
function written({ offset, slopes, divisor }: Affine, sources: LengthSource[]): number | string {
  const terms = sources.flatMap(({ name }, i) => {
    const slope = slopes[i]!
    return slope === 0 ? [] : [slope === 1 ? name : `${slope}*${name}`]
  })
  if (terms.length === 0) return offset / divisor
  const sum = [...terms, ...(offset === 0 ? [] : [String(offset)])].join('+').replaceAll('+-', '-')
  return divisor === 1 ? sum : `(${sum})/${divisor}`
}

/** Adds the nodes that compute numbers from the lengths. */
class LengthExpressions {
  readonly #onnx: OnnxBuilder
  readonly #lengths: string[]

  constructor(onnx: OnnxBuilder, sources: readonly LengthSource[]) {
    this.#onnx = onnx
    this.#lengths = sources.map(({ input, axis, times }) => {
      const side = onnx.node('Shape', [input], { start: axis, end: axis + 1 })
      return times === 1 ? side : onnx.node('Div', [side, onnx.ints([times])])
    })
  }

  /** The value that the constants `versions` have at each length. */
  constant(
    versions: readonly OnnxConstant[],
    fit: (numbers: readonly number[]) => Affine | undefined,
    isReshapeTarget: () => boolean,
    refuse: (what: string) => NagareError,
  ): string {
    const [{ dtype, shape, numbers }] = versions as [OnnxConstant]
    const columns = numbers.map((_, i) => versions.map((version) => version.numbers[i]!))
    if (dtype === 'float32') return this.#float(columns, shape, fit, refuse)
    const affine = columns.map(fit)
    const unknown = affine.flatMap((found, i) => (found ? [] : [i]))
    const open = isReshapeTarget() && unknown.length === 1 && !numbers.includes(-1)
    if (unknown.length > 0 && !open) {
      throw refuse(
        `a size that is ${columns[unknown[0]!]!.join(', ')} at ${versions.length} lengths does not grow evenly`,
      )
    }
    const all = affine.map((found) => found ?? { offset: -1, slopes: this.#lengths.map(() => 0), divisor: 1 })
    const value = this.#vector(all)
    return dtype === 'int64' ? value : this.#onnx.cast(value, dtype)
  }

  #float(
    columns: number[][],
    shape: readonly number[],
    fit: (numbers: readonly number[]) => Affine | undefined,
    refuse: (what: string) => NagareError,
  ): string {
    const [column] = columns as [number[]]
    if (columns.some((other) => String(other) !== String(column)))
      throw refuse('a table of numbers depends on the length')
    const direct = fit(column)
    const inverse = direct ? undefined : fit(column.map((number) => nearWhole(1 / number)))
    const affine = direct ?? inverse
    if (!affine) throw refuse(`the number ${column[0]} becomes ${column[1]}`)
    const onnx = this.#onnx
    const value = onnx.reshape(onnx.cast(this.#vector([affine]), 'float32'), [])
    const number = inverse ? onnx.node('Reciprocal', [value]) : value
    return shape.length === 0 ? number : onnx.node('Expand', [number, onnx.ints(shape)])
  }

  #vector(affine: readonly Affine[]): string {
    const onnx = this.#onnx
    let sum = onnx.ints(affine.map(({ offset }) => offset))
    for (const [i, length] of this.#lengths.entries()) {
      if (affine.every(({ slopes }) => slopes[i] === 0)) continue
      const slopes = affine.map(({ slopes }) => slopes[i]!)
      const term = slopes.every((slope) => slope === 1) ? length : onnx.node('Mul', [length, onnx.ints(slopes)])
      sum = onnx.node('Add', [sum, term])
    }
    if (affine.every(({ divisor }) => divisor === 1)) return sum
    return onnx.node('Div', [sum, onnx.ints(affine.map(({ divisor }) => divisor))])
  }
}

/** A number that lost its last bits to float32, made whole again. */
const nearWhole = (x: number) =>
  Math.abs(x - Math.round(x)) < 1e-4 * Math.max(1, Math.abs(x) * 1e-2) ? Math.round(x) : x
