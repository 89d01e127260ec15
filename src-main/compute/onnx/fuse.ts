import type { OnnxGraph, OnnxNode } from './graph'

/**
 * The graph with biases given to the convolutions and matrix products that they follow: `Add(Conv(x, w), b)` becomes `Conv(x, w, b)`. ONNX Runtime does so
 * itself only where the bias is a constant, not where it is trained.
 */
export function fuseBiases(graph: OnnxGraph): OnnxGraph {
  const producers = new Map<string, OnnxNode>()
  const uses = new Map<string, number>()
  for (const node of graph.nodes) {
    for (const output of node.outputs) producers.set(output, node)
    for (const input of node.inputs) uses.set(input, (uses.get(input) ?? 0) + 1)
  }
  for (const { name } of graph.outputs) uses.set(name, (uses.get(name) ?? 0) + 1)
  const vectors = new Map(
    [...graph.inputs, ...graph.tensors].flatMap(({ name, shape }) => (shape.length === 1 ? [[name, shape[0]]] : [])),
  )
  const numbers = new Map(graph.constants.map((constant) => [constant.name, constant.numbers]))
  const targetOf = (node: OnnxNode | undefined) => (node?.type === 'Reshape' ? numbers.get(node.inputs[1]!) : undefined)
  const once = (name: string) => uses.get(name) === 1

  /** The vector [channels] that `name` repeats along all axes but the second, such as [1, channels, 1]. */
  const biasOf = (name: string): OnnxNode | undefined => {
    const node = producers.get(name)
    const target = targetOf(node)
    if (!node || !target || target.length < 3 || !vectors.has(node.inputs[0]!)) return undefined
    return target.every((side, axis) => axis === 1 || side === 1) ? node : undefined
  }

  const replaced = new Map<OnnxNode, OnnxNode[]>()
  for (const add of graph.nodes) {
    if (add.type !== 'Add') continue
    for (const [sum, bias] of [add.inputs, [...add.inputs].reverse()] as [string, string][]) {
      const reshape = biasOf(bias)
      const made = reshape && once(sum) ? producers.get(sum) : undefined
      if (!reshape || !made) continue
      if (made.type === 'Conv' && made.inputs.length === 2) {
        replaced.set(made, [])
        replaced.set(add, [{ ...made, inputs: [...made.inputs, reshape.inputs[0]!], outputs: add.outputs }])
        break
      }
      const product = made.type === 'Reshape' ? producers.get(made.inputs[0]!) : undefined
      const rows = targetOf(made)
      const unbatched = rows?.length === 3 && rows[0] === 1 && rows[1] === targetOf(reshape)![1]
      if (product?.type === 'Gemm' && product.inputs.length === 2 && once(made.inputs[0]!) && unbatched) {
        const column = `${add.outputs[0]!}_bias`
        const shape = `${column}_shape`
        graph = {
          ...graph,
          constants: [...graph.constants, { name: shape, dtype: 'int64', shape: [2], numbers: [-1, 1] }],
        }
        const reshaped: OnnxNode = {
          type: 'Reshape',
          inputs: [reshape.inputs[0]!, shape],
          outputs: [column],
          attributes: {},
        }
        replaced.set(product, [])
        replaced.set(made, [])
        replaced.set(add, [
          reshaped,
          { ...product, inputs: [...product.inputs, column] },
          { ...made, outputs: add.outputs },
        ])
        break
      }
    }
  }
  return { ...graph, nodes: graph.nodes.flatMap((node) => replaced.get(node) ?? [node]) }
}
