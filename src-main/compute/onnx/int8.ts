import { OnnxBuilder } from './builder'
import { MICROSOFT } from './encode'
import { tidyGraph, type OnnxGraph, type OnnxNode } from './graph'
import { embedded, transposed, weightFinder, type KnownWeights } from './weights'

/** Sides below which a product is too small to gain by whole numbers. */
const LEAST_SIDE = 32

/**
 * The graph with its large products and convolutions by known weights computed in 8-bit whole numbers: weights once, per output channel,
 * symmetrically about zero; activations at each run, per tensor, to their range of the moment (ONNX Runtime's DynamicQuantizeMatMul). Convolutions are
 * written as products over their taps. What is left in float: grouped convolutions, products of two unknowns, and products with a side below 32.
 */
export function toInt8(graph: OnnxGraph): OnnxGraph {
  const weightsOf = weightFinder(graph)
  const onnx = new OnnxBuilder(graph.name, 'int8_')
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node])))
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant]))
  const rankOf = (name: string): number | undefined => {
    const node = producers.get(name)
    return node?.type === 'Reshape' ? constants.get(node.inputs[1]!)?.numbers.length : graph.ranks.get(name)
  }
  const turns: Record<number, readonly number[]> = { 2: [1, 0], 3: [0, 2, 1] }
  const stored = new Map<string, string>()
  /** x [.., rows, inner] times the quantised weights [inner, columns]. */
  const product = (x: string, weights: KnownWeights, of: string): string => {
    const name = stored.get(of) ?? store(weights, of)
    const result = `int8_product_${onnx.graph.nodes.length}`
    onnx.graph.nodes.push({
      type: 'DynamicQuantizeMatMul',
      domain: MICROSOFT,
      inputs: [x, name, `${name}_scale`],
      outputs: [result],
      attributes: {},
    })
    return result
  }
  /** Keeps quantised weights under what they were made `of`: weights that are used twice are stored once. */
  const store = (weights: KnownWeights, of: string): string => {
    const [inner, columns] = weights.shape as [number, number]
    const { data, scales } = quantised(weights)
    const name = `int8_weights_${stored.size}`
    onnx.graph.tensors.push(embedded(name, 'int8', [inner, columns], data))
    onnx.graph.tensors.push(embedded(`${name}_scale`, 'float32', [columns], scales))
    stored.set(of, name)
    return name
  }
  const turn = (x: string, perm: readonly number[]) => onnx.node('Transpose', [x], { perm })

  /** The node's result computed in whole numbers; undefined where it stays in float. */
  const lower = (node: OnnxNode): string | undefined => {
    const [a, b, bias] = node.inputs
    if (node.type === 'MatMul' || (node.type === 'Gemm' && !node.attributes['transA'])) {
      const right = weightsOf(b!)
      const turnsRight = node.type === 'Gemm' && node.attributes['transB']
      if (right?.shape.length === 2) {
        const weights = turnsRight ? transposed(right, [1, 0]) : right
        if (!isLarge(weights)) return undefined
        const y = product(a!, weights, `${b!} ${turnsRight ? 'turned' : ''}`)
        return bias ? onnx.node('Add', [y, bias]) : y
      }
      const left = weightsOf(a!)
      if (left?.shape.length !== 2 || turnsRight || !isLarge(left)) return undefined
      // Weights on the left, as in a 1×1 convolution over [batch, channels, time]: both sides are turned.
      const perm = turns[rankOf(b!) ?? 0]
      if (!perm) return undefined
      const y = turn(product(turn(b!, perm), transposed(left, [1, 0]), `${a!} turned`), perm)
      return bias ? onnx.node('Add', [y, bias]) : y
    }
    if (node.type === 'Conv') return convolution(node)
    return undefined
  }

  const convolution = ({ inputs: [x, filter, bias], attributes }: OnnxNode): string | undefined => {
    const weights = weightsOf(filter!)
    if (!weights || (attributes['group'] ?? 1) !== 1) return undefined
    const [out, channels, ...kernel] = weights.shape as [number, number, ...number[]]
    const taps = kernel.reduce((product, side) => product * side, 1)
    if (out < LEAST_SIDE || channels * taps < LEAST_SIDE) return undefined
    const axes = kernel.map((_, axis) => axis + 1)
    const of = (name: string) => (attributes[name] as number[] | undefined) ?? kernel.map(() => 1)
    const [strides, dilations] = [of('strides'), of('dilations')]
    const pads = (attributes['pads'] as number[] | undefined) ?? [...kernel, ...kernel].map(() => 0)
    let rows = turn(x!, [0, ...axes.map((axis) => axis + 1), 1])
    if (pads.some((pad) => pad > 0)) {
      const before = pads.slice(0, kernel.length)
      rows = onnx.node('Pad', [
        rows,
        onnx.ints([0, ...before, 0, 0, ...pads.slice(kernel.length), 0]),
        onnx.scalar('float32', 0),
      ])
    }
    const seen = Array.from({ length: taps }, (_, tap) => {
      const at = kernel.map((side, axis) => Math.floor(tap / kernel.slice(axis + 1).reduce((p, n) => p * n, 1)) % side)
      const starts = at.map((k, axis) => k * dilations[axis]!)
      const tails = at.map((k, axis) => (kernel[axis]! - 1 - k) * dilations[axis]!)
      const ends = tails.map((tail) => (tail === 0 ? 2 ** 31 - 1 : -tail))
      return onnx.node('Slice', [rows, onnx.ints(starts), onnx.ints(ends), onnx.ints(axes), onnx.ints(strides)])
    })
    const columns = taps === 1 ? seen[0]! : onnx.node('Concat', seen, { axis: kernel.length + 1 })
    // [out, channels, ...kernel] → [...kernel · channels, out]
    const table = transposed({ shape: [out, channels, taps], data: weights.data }, [2, 1, 0])
    const y = product(columns, { shape: [taps * channels, out], data: table.data }, `${filter!} by taps`)
    const biased = bias ? onnx.node('Add', [y, bias]) : y
    return turn(biased, [0, kernel.length + 1, ...axes])
  }

  const fixed = new Set(graph.outputs.map(({ name }) => name))
  const replaced = new Map<string, string>()
  for (const node of graph.nodes) {
    const result = lower(node)
    const [output] = node.outputs as [string]
    if (result === undefined) onnx.graph.nodes.push(node)
    else if (fixed.has(output)) onnx.nodes('Identity', [result], {}, [output])
    else replaced.set(output, result)
  }
  const named = (node: OnnxNode): OnnxNode => ({
    ...node,
    inputs: node.inputs.map((name) => replaced.get(name) ?? name),
  })
  return tidyGraph({
    ...graph,
    nodes: onnx.graph.nodes.map(named),
    constants: [...graph.constants, ...onnx.graph.constants],
    tensors: [...graph.tensors, ...onnx.graph.tensors],
  })
}

const isLarge = ({ shape }: KnownWeights) => shape.every((side) => side >= LEAST_SIDE)

/**
 * Largest size of a whole-number weight. Processors without VNNI add two products of an 8-bit activation and a weight in 16 bits: with 2 · 255 · 64 they
 * stay exact, with 127 they would clip and a product come out wrong by several per cent.
 */
const LARGEST = 64

/** Weights [inner, columns] as whole numbers with one scale per column. */
function quantised({ shape, data }: KnownWeights): { data: Int8Array; scales: Float32Array } {
  const [inner, columns] = shape as [number, number]
  const scales = new Float32Array(columns)
  for (let i = 0; i < inner; i++) {
    for (let j = 0; j < columns; j++) scales[j] = Math.max(scales[j]!, Math.abs(data[i * columns + j]!))
  }
  for (let j = 0; j < columns; j++) scales[j] = scales[j]! / LARGEST || 1
  const whole = new Int8Array(data.length)
  for (let i = 0; i < inner; i++)
    for (let j = 0; j < columns; j++) whole[i * columns + j] = Math.round(data[i * columns + j]! / scales[j]!)
  return { data: whole, scales }
}
