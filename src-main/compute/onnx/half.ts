import { halfBits, largestHalf } from '../../lib/half'
import { OnnxBuilder } from './builder'
import { onnxType, tidyGraph, type OnnxGraph, type OnnxNode } from './graph'
import { embedded, weightFinder } from './weights'

/** Operators where a graph enters half precision. */
const PRODUCTS = new Set(['MatMul', 'Gemm', 'Conv', 'ConvTranspose'])

/** Operators that go on in half precision where an input already is, with the inputs that carry numbers; all where left out. */
const FOLLOWERS: Readonly<Record<string, readonly number[] | 'all'>> = {
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Tanh', 'Sigmoid', 'Relu', 'LeakyRelu', 'PRelu', 'Neg', 'Abs', 'Concat', 'Clip'].map(
      (type) => [type, 'all'],
    ),
  ),
  ...Object.fromEntries(
    ['Reshape', 'Transpose', 'Slice', 'Split', 'Expand', 'Tile', 'Gather'].map((type) => [type, [0]]),
  ),
  Pad: [0, 2],
}

/**
 * The graph with its products and convolutions, and the elementwise operators between them, in 16-bit floats; sums, exponentials, divisions and all inputs
 * and outputs stay in 32 bits. Weights are stored in half the memory. Numbers beyond ±65504 become infinite there.
 */
export function toHalf(graph: OnnxGraph): OnnxGraph {
  const onnx = new OnnxBuilder(graph.name, 'half_')
  const weightsOf = weightFinder(graph)
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant]))
  const fixed = new Set(graph.outputs.map(({ name }) => name))
  const halves = new Map<string, string>()

  const half = (name: string): string => {
    if (name === '') return name
    let made = halves.get(name)
    if (made === undefined) halves.set(name, (made = makeHalf(name)))
    return made
  }
  const makeHalf = (name: string): string => {
    const weights = constants.has(name) ? undefined : weightsOf(name)
    if (weights) {
      onnx.graph.tensors.push(embedded(`half_${name}`, 'float16', weights.shape, halfBits(weights.data)))
      return `half_${name}`
    }
    const constant = constants.get(name)
    if (constant) {
      const bits = halfBits(Float32Array.from(constant.numbers))
      onnx.graph.constants.push({ name: `half_${name}`, dtype: 'float16', shape: constant.shape, numbers: [...bits] })
      return `half_${name}`
    }
    return onnx.node('Cast', [name], { to: onnxType.float16 })
  }
  /** Names of the values that are computed in half precision. */
  const computed = new Set<string>()
  const floats = new Map<string, string>()
  const float = (name: string): string => {
    if (!computed.has(name) || fixed.has(name)) return name
    let made = floats.get(name)
    if (made === undefined) floats.set(name, (made = onnx.node('Cast', [half(name)], { to: onnxType.float32 })))
    return made
  }

  for (const node of graph.nodes) {
    const overflows = node.inputs.some((name) => constants.get(name)?.numbers.some((n) => Math.abs(n) > largestHalf))
    const carried = overflows ? undefined : carriers(node, (name) => computed.has(name))
    if (!carried) {
      onnx.graph.nodes.push({ ...node, inputs: node.inputs.map(float) })
      continue
    }
    const outputs = node.outputs.map((output) => `half_${output}`)
    onnx.graph.nodes.push({
      ...node,
      inputs: node.inputs.map((name, i) => (carried === 'all' || carried.includes(i) ? half(name) : name)),
      outputs,
    })
    node.outputs.forEach((output, i) => {
      halves.set(output, outputs[i]!)
      computed.add(output)
      if (fixed.has(output)) onnx.nodes('Cast', [outputs[i]!], { to: onnxType.float32 }, [output])
    })
  }
  return tidyGraph({
    ...graph,
    nodes: onnx.graph.nodes,
    constants: [...graph.constants, ...onnx.graph.constants],
    tensors: [...graph.tensors, ...onnx.graph.tensors],
  })
}

/** Which inputs of a node go in half precision; undefined where it stays in float. */
function carriers(
  { type, inputs }: OnnxNode,
  isHalf: (name: string) => boolean,
): readonly number[] | 'all' | undefined {
  if (PRODUCTS.has(type)) return 'all'
  const carried = FOLLOWERS[type]
  if (!carried) return undefined
  const numbers = carried === 'all' ? inputs : carried.map((i) => inputs[i]).filter((name) => name !== undefined)
  return numbers.some(isHalf) ? carried : undefined
}
