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
  const shapes = new Map([...graph.inputs, ...graph.tensors].map(({ name, shape }) => [name, shape]))
  const numbers = new Map(graph.constants.map((constant) => [constant.name, constant.numbers]))
  const targetOf = (node: OnnxNode | undefined) => (node?.type === 'Reshape' ? numbers.get(node.inputs[1]!) : undefined)
  const shapeOf = (name: string) => shapes.get(name) ?? targetOf(producers.get(name))
  const once = (name: string) => uses.get(name) === 1

  /** The reshape of a vector [channels] to [1, channels, 1, …] of that rank, by which a sum would repeat it along all axes but the second. */
  const biasOf = (name: string, channels: number | string, rank: number): OnnxNode | undefined => {
    const node = producers.get(name)
    const target = targetOf(node)
    if (!node || target?.length !== rank || String(shapes.get(node.inputs[0]!)) !== String([channels])) return undefined
    return target.every((side, axis) => side === (axis === 1 ? channels : 1)) ? node : undefined
  }
  /** Rows of a Gemm's result, where its first factor says how many. */
  const rowsOf = ({ inputs, attributes }: OnnxNode) => shapeOf(inputs[0]!)?.[attributes['transA'] ? 1 : 0]

  const replaced = new Map<OnnxNode, OnnxNode[]>()
  for (const add of graph.nodes) {
    if (add.type !== 'Add') continue
    for (const [sum, bias] of [add.inputs, [...add.inputs].reverse()] as [string, string][]) {
      const made = once(sum) ? producers.get(sum) : undefined
      const laidOut = made?.type === 'ReorderOutput' && once(made.inputs[0]!)
      const convolution = laidOut ? producers.get(made.inputs[0]!) : made
      if (made && convolution?.type === 'Conv' && convolution.inputs.length === 2) {
        const [channels, ...rest] = shapeOf(convolution.inputs[1]!) ?? []
        const reshape = channels === undefined ? undefined : biasOf(bias, channels, rest.length + 1)
        if (!reshape) continue
        const biased = { ...convolution, inputs: [...convolution.inputs, reshape.inputs[0]!] }
        replaced.set(convolution, [])
        replaced.set(made, [])
        replaced.set(add, laidOut ? [biased, { ...made, outputs: add.outputs }] : [{ ...biased, outputs: add.outputs }])
        break
      }
      const product = made?.type === 'Reshape' ? producers.get(made.inputs[0]!) : undefined
      if (made && product?.type === 'Gemm' && product.inputs.length === 2 && once(made.inputs[0]!)) {
        const target = targetOf(made)
        const rows = rowsOf(product)
        const reshape = rows === undefined || target?.length !== 3 ? undefined : biasOf(bias, rows, 3)
        if (!reshape || target![0] !== 1 || target![1] !== rows) continue
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
