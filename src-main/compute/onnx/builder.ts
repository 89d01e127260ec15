import { sizeOf, type NDArray } from '../../lib/ndarray'
import type { ValueType } from '../program'
import { onnxType, type OnnxAttribute, type OnnxDType, type OnnxGraph } from './graph'

/** Collects the nodes, constants, inputs and outputs of one ONNX graph. */
export class OnnxBuilder {
  readonly graph: OnnxGraph
  /** How many channels the device's convolutions of channels in blocks take together; 0 where they are not to be used. */
  readonly block: number
  readonly #prefix: string
  readonly #constant = new Set<string>()
  #count = 0

  /** `prefix` keeps the names apart from those of another builder whose nodes join this one's. */
  constructor(name: string, prefix = '', block = 0) {
    this.#prefix = prefix
    this.block = block
    this.graph = { name, nodes: [], constants: [], tensors: [], inputs: [], outputs: [], ranks: new Map() }
  }

  /** Adds a node, returns its outputs' names. */
  nodes(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, OnnxAttribute> = {},
    outputs: number | readonly string[] = 1,
    domain?: string,
  ): string[] {
    const names =
      typeof outputs === 'number'
        ? Array.from({ length: outputs }, () => `${this.#prefix}${type}_${this.#count++}`)
        : [...outputs]
    this.graph.nodes.push({ type, ...(domain && { domain }), inputs, outputs: [...names], attributes })
    if (inputs.every((input) => this.isConstant(input))) for (const name of names) this.#constant.add(name)
    return names
  }

  /** Whether a value is the same at every run: a constant, or made of constants alone. */
  isConstant(name: string): boolean {
    return this.#constant.has(name)
  }

  /** Adds a node with one output, returns its name. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, OnnxAttribute> = {},
    domain?: string,
  ): string {
    return this.nodes(type, inputs, attributes, 1, domain)[0]!
  }

  /** A constant of few numbers. */
  constant(dtype: OnnxDType, shape: readonly number[], numbers: readonly number[]): string {
    const name = `${this.#prefix}constant_${this.graph.constants.length}`
    this.graph.constants.push({ name, dtype, shape, numbers })
    this.#constant.add(name)
    return name
  }

  /** A one-dimensional int64 constant: shapes, axes, indices. */
  ints(numbers: readonly number[]): string {
    return this.constant('int64', [numbers.length], numbers)
  }

  scalar(dtype: OnnxDType, number: number): string {
    return this.constant(dtype, [], [number])
  }

  /** A named constant over `array`'s own memory; an external one stays outside the encoded model. */
  initializer(name: string, { shape, dtype, data }: NDArray, external = false): string {
    this.graph.tensors.push({ name, shape, dtype, data, external })
    this.#constant.add(name)
    return name
  }

  input(name: string, { shape, dtype }: ValueType): string {
    this.graph.inputs.push({ name, shape, dtype })
    return name
  }

  /** Declares the graph output `name` with the content of the value `from`. */
  output(name: string, from: string, { shape, dtype }: ValueType): void {
    this.nodes('Identity', [from], {}, [name])
    this.graph.outputs.push({ name, shape, dtype })
  }

  reshape(input: string, shape: readonly number[]): string {
    return this.node('Reshape', [input, this.ints(shape)], shape.includes(0) ? { allowzero: 1 } : {})
  }

  cast(input: string, dtype: OnnxDType): string {
    return this.node('Cast', [input], { to: onnxType[dtype] })
  }
}

/** Constants up to this many numbers are stored; larger uniform ones are expanded when the graph runs. */
const STORED_CONSTANT = 256

/** A constant of `type` whose elements are all `number`. */
export function uniformConstant(onnx: OnnxBuilder, number: number, { shape, dtype }: ValueType): string {
  const size = sizeOf(shape)
  if (size <= STORED_CONSTANT) return onnx.constant(dtype, shape, new Array<number>(size).fill(number))
  return onnx.node('Expand', [onnx.scalar(dtype, number), onnx.ints(shape)])
}
