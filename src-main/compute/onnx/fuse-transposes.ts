import { MICROSOFT } from './encode'
import type { OnnxGraph, OnnxNode } from './graph'

/** Whether a node does nothing but swap the last two axes. */
const swapsLast = (node: OnnxNode | undefined): node is OnnxNode => {
  if (node?.type !== 'Transpose') return false
  const perm = node.attributes['perm'] as readonly number[]
  const last = perm.length - 1
  return last > 0 && perm.every((from, axis) => from === (axis < last - 1 ? axis : 2 * last - 1 - axis))
}

/**
 * The graph with products that read their factors transposed, in place of transposes before them, as ONNX Runtime's `FusedMatMul` on the processor. Its own
 * optimiser does so too, but not for large graphs, for which it is not run.
 */
export function fuseTransposes(graph: OnnxGraph): OnnxGraph {
  const makers = new Map<string, OnnxNode>()
  for (const node of graph.nodes) for (const output of node.outputs) makers.set(output, node)
  const fused = (node: OnnxNode): OnnxNode => {
    if (node.type !== 'MatMul') return node
    const turned = node.inputs.map((input) => swapsLast(makers.get(input)))
    if (!turned.includes(true)) return node
    return {
      ...node,
      type: 'FusedMatMul',
      domain: MICROSOFT,
      inputs: node.inputs.map((input, i) => (turned[i] ? makers.get(input)!.inputs[0]! : input)),
      attributes: { transA: Number(turned[0]), transB: Number(turned[1]) },
    }
  }
  return { ...graph, nodes: graph.nodes.map(fused) }
}
