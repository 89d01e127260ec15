import { sizeOf, type DType, type NDArray } from '../../lib/ndarray'
import type { ValueType } from '../program'
import { ProtoWriter } from './protobuf'

/** ONNX operator set that every graph declares. */
export const OPSET = 18
const IR_VERSION = 8

/** TensorProto.DataType numbers. */
export const onnxType = { float32: 1, int32: 6, int64: 7, bool: 9 } as const
export type OnnxDType = keyof typeof onnxType

/** A node attribute: integer, list of integers, string, or float (marked, since 1 could be either). */
export type OnnxAttribute = number | readonly number[] | string | { float: number }

/** Collects the nodes, constants, inputs and outputs of one ONNX graph. */
export class OnnxBuilder {
  readonly #nodes: ProtoWriter[] = []
  readonly #initializers: ProtoWriter[] = []
  readonly #inputs: ProtoWriter[] = []
  readonly #outputs: ProtoWriter[] = []
  readonly #constants = new Map<string, string>()
  #count = 0

  /** Adds a node, returns its outputs' names. */
  nodes(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, OnnxAttribute> = {},
    outputs: number | readonly string[] = 1,
  ): string[] {
    const names =
      typeof outputs === 'number' ? Array.from({ length: outputs }, () => `${type}_${this.#count++}`) : [...outputs]
    const node = new ProtoWriter()
    for (const input of inputs) node.string(1, input)
    for (const output of names) node.string(2, output)
    node.string(3, names[0]!).string(4, type)
    for (const [name, value] of Object.entries(attributes)) node.message(5, attributeProto(name, value))
    this.#nodes.push(node)
    return names
  }

  /** Adds a node with one output, returns its name. */
  node(type: string, inputs: readonly string[], attributes: Record<string, OnnxAttribute> = {}): string {
    return this.nodes(type, inputs, attributes)[0]!
  }

  /** A constant of few numbers; equal ones are shared. */
  constant(dtype: OnnxDType, shape: readonly number[], numbers: readonly number[]): string {
    const key = `${dtype}[${shape}]${numbers.map((n) => (Object.is(n, -0) ? '-0' : n))}`
    let name = this.#constants.get(key)
    if (name === undefined) {
      name = `constant_${this.#constants.size}`
      this.#constants.set(key, name)
      const data =
        dtype === 'int64'
          ? BigInt64Array.from(numbers, BigInt)
          : dtype === 'float32'
            ? Float32Array.from(numbers)
            : dtype === 'int32'
              ? Int32Array.from(numbers)
              : Uint8Array.from(numbers)
      this.#initializers.push(tensorProto(name, dtype, shape, new Uint8Array(data.buffer)))
    }
    return name
  }

  /** A one-dimensional int64 constant: shapes, axes, indices. */
  ints(numbers: readonly number[]): string {
    return this.constant('int64', [numbers.length], numbers)
  }

  scalar(dtype: OnnxDType, number: number): string {
    return this.constant(dtype, [], [number])
  }

  /** A named constant over `array`'s own memory (copied once, into the encoded model). */
  initializer(name: string, { shape, dtype, data }: NDArray): string {
    this.#initializers.push(
      tensorProto(name, dtype, shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    )
    return name
  }

  input(name: string, type: ValueType): string {
    this.#inputs.push(valueInfo(name, type))
    return name
  }

  /** Declares the graph output `name` with the content of the value `from`. */
  output(name: string, from: string, type: ValueType): void {
    this.nodes('Identity', [from], {}, [name])
    this.#outputs.push(valueInfo(name, type))
  }

  reshape(input: string, shape: readonly number[]): string {
    return this.node('Reshape', [input, this.ints(shape)], shape.includes(0) ? { allowzero: 1 } : {})
  }

  cast(input: string, dtype: OnnxDType): string {
    return this.node('Cast', [input], { to: onnxType[dtype] })
  }

  /** The encoded model. */
  encode(name: string): Uint8Array {
    const graph = new ProtoWriter()
    for (const node of this.#nodes) graph.message(1, node)
    graph.string(2, name)
    for (const tensor of this.#initializers) graph.message(5, tensor)
    for (const input of this.#inputs) graph.message(11, input)
    for (const output of this.#outputs) graph.message(12, output)
    const opset = new ProtoWriter().string(1, '').int(2, OPSET)
    return new ProtoWriter().int(1, IR_VERSION).string(2, 'nagare').message(7, graph).message(8, opset).finish()
  }
}

function attributeProto(name: string, value: OnnxAttribute): ProtoWriter {
  const proto = new ProtoWriter().string(1, name)
  if (typeof value === 'number') return proto.int(3, value).int(20, 2)
  if (typeof value === 'string') return proto.string(4, value).int(20, 3)
  if ('float' in value) return proto.float(2, value.float).int(20, 1)
  for (const item of value) proto.int(8, item)
  return proto.int(20, 7)
}

function tensorProto(name: string, dtype: OnnxDType, shape: readonly number[], bytes: Uint8Array): ProtoWriter {
  const proto = new ProtoWriter()
  for (const side of shape) proto.int(1, side)
  return proto.int(2, onnxType[dtype]).string(8, name).bytes(9, bytes)
}

function valueInfo(name: string, { shape, dtype }: { shape: readonly number[]; dtype: DType }): ProtoWriter {
  const sides = new ProtoWriter()
  for (const side of shape) sides.message(1, new ProtoWriter().int(1, side))
  const tensor = new ProtoWriter().int(1, onnxType[dtype]).message(2, sides)
  return new ProtoWriter().string(1, name).message(2, new ProtoWriter().message(1, tensor))
}

/** Constants up to this many numbers are stored; larger uniform ones are expanded when the graph runs. */
export const STORED_CONSTANT = 256

/** A constant of `type` whose elements are all `number`. */
export function uniformConstant(onnx: OnnxBuilder, number: number, { shape, dtype }: ValueType): string {
  const size = sizeOf(shape)
  if (size <= STORED_CONSTANT) return onnx.constant(dtype, shape, new Array<number>(size).fill(number))
  return onnx.node('Expand', [onnx.scalar(dtype, number), onnx.ints(shape)])
}
