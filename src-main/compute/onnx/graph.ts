import type { DType, NDArray } from '../../lib/ndarray'
import { attributesKey } from '../trace/graph'

/** TensorProto.DataType numbers. */
export const onnxType = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10 } as const
export type OnnxDType = keyof typeof onnxType

/** A node attribute: integer, list of integers, string, or float (marked, since 1 could be either). */
export type OnnxAttribute = number | readonly number[] | string | { float: number }

export interface OnnxNode {
  /** Its first output's name where left out. */
  name?: string
  type: string
  /** Operator set; ONNX's own where left out. */
  domain?: string
  inputs: readonly string[]
  outputs: readonly string[]
  attributes: Record<string, OnnxAttribute>
}

/** A constant of few numbers: shapes, axes, scalars. */
export interface OnnxConstant {
  name: string
  dtype: OnnxDType
  shape: readonly number[]
  numbers: readonly number[]
}

/** A named array of the program: weights and large constants. */
export interface OnnxTensor {
  name: string
  dtype: OnnxDType
  shape: readonly number[]
  data: NDArray['data'] | Int8Array | Uint16Array
  /** Kept out of the encoded model and given beside it. */
  external: boolean
}

/** Type of a graph input or output; a side that is known only at run time is named. */
export interface OnnxValueInfo {
  name: string
  /** What it means, for people. */
  doc?: string
  dtype: DType
  shape: readonly (number | string)[]
}

/** An ONNX graph as plain records, in the order in which its nodes run. */
export interface OnnxGraph {
  name: string
  nodes: OnnxNode[]
  constants: OnnxConstant[]
  tensors: OnnxTensor[]
  inputs: OnnxValueInfo[]
  outputs: OnnxValueInfo[]
  /** Number of axes of the values of the traced program, by name; a pass that makes values of its own need not add theirs. */
  ranks: ReadonlyMap<string, number>
}

/** The graph with equal constants and equal nodes made one, and without copies and what no output needs. */
export function tidyGraph(graph: OnnxGraph): OnnxGraph {
  const same = new Map<string, string>()
  const of = (name: string) => same.get(name) ?? name
  const byKey = new Map<string, string>()
  const first = (key: string, name: string): boolean => {
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, name)
    else same.set(name, known)
    return known === undefined
  }
  const numbers = (list: readonly number[]) => list.map((n) => (Object.is(n, -0) ? '-0' : n))
  const constants = graph.constants.filter(({ name, dtype, shape, numbers: n }) =>
    first(`${dtype}[${shape}]${numbers(n)}`, name),
  )
  const fixed = new Set(graph.outputs.map((output) => output.name))
  const nodes: OnnxNode[] = []
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(of)
    const key = `${node.domain ?? ''}:${node.type}(${inputs})${attributesKey(node.attributes)}${node.outputs.length}`
    const known = byKey.get(key)
    if (known !== undefined && !node.outputs.some((output) => fixed.has(output))) {
      known.split(' ').forEach((output, i) => same.set(node.outputs[i]!, output))
      continue
    }
    if (known === undefined) byKey.set(key, node.outputs.join(' '))
    nodes.push({ ...node, inputs })
  }
  const needed = new Set(fixed)
  const live: OnnxNode[] = []
  for (const node of withoutCopies(nodes, fixed).reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue
    for (const input of node.inputs) needed.add(input)
    live.push(node)
  }
  return {
    ...graph,
    nodes: live.reverse(),
    constants: constants.filter(({ name }) => needed.has(name)),
    tensors: graph.tensors.filter(({ name }) => needed.has(name)),
  }
}

/** The nodes with each graph output made directly by the node whose result was copied to it, wherever there is such a node of its own. */
function withoutCopies(nodes: readonly OnnxNode[], outputs: ReadonlySet<string>): OnnxNode[] {
  const made = new Set(nodes.flatMap((node) => (node.type === 'Identity' ? [] : node.outputs)))
  const renamed = new Map<string, string>()
  const dropped = new Set<OnnxNode>()
  for (const node of nodes) {
    const [from, to] = [node.inputs[0]!, node.outputs[0]!]
    if (node.type !== 'Identity' || !outputs.has(to) || !made.has(from) || outputs.has(from) || renamed.has(from))
      continue
    renamed.set(from, to)
    dropped.add(node)
  }
  const name = (old: string) => renamed.get(old) ?? old
  return nodes
    .filter((node) => !dropped.has(node))
    .map((node) => ({ ...node, inputs: node.inputs.map(name), outputs: node.outputs.map(name) }))
}
