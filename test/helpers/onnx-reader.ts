/** Reads ONNX models as plain records: a protocol-buffer reader of its own, so that what Nagare writes is judged by something else. */
type Fields = Map<number, (bigint | Uint8Array)[]>

export interface ReadValue {
  name: string
  doc: string
  /** TensorProto.DataType. */
  type: number
  shape: (number | string)[]
}

export interface ReadModel {
  producer: string
  version: string
  doc: string
  opsets: Record<string, number>
  metadata: Record<string, string>
  name: string
  nodes: { name: string; type: string; domain: string; inputs: string[]; outputs: string[] }[]
  tensors: { name: string; shape: number[]; bytes: number; external: Record<string, string> }[]
  inputs: ReadValue[]
  outputs: ReadValue[]
}

function fields(bytes: Uint8Array): Fields {
  const found: Fields = new Map()
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Error('cut')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const wire = tag & 7
    const take = (length: number) => bytes.subarray(at, (at += length))
    const value =
      wire === 0 ? varint() : wire === 2 ? take(Number(varint())) : take(wire === 5 ? 4 : wire === 1 ? 8 : NaN)
    found.set(tag >> 3, [...(found.get(tag >> 3) ?? []), value])
  }
  return found
}

const texts = (from: Fields, field: number) =>
  (from.get(field) ?? []).map((value) => new TextDecoder().decode(value as Uint8Array))
const text = (from: Fields, field: number) => texts(from, field)[0] ?? ''
const messages = (from: Fields, field: number) => (from.get(field) ?? []).map((value) => fields(value as Uint8Array))
const number = (from: Fields, field: number) => Number(from.get(field)?.[0] ?? 0)
const entries = (from: Fields, field: number) =>
  Object.fromEntries(messages(from, field).map((entry) => [text(entry, 1), text(entry, 2)]))

function value(info: Fields): ReadValue {
  const tensor = messages(messages(info, 2)[0]!, 1)[0]!
  const shape = messages(messages(tensor, 2)[0]!, 1).map((side) => (side.has(2) ? text(side, 2) : number(side, 1)))
  return { name: text(info, 1), doc: text(info, 3), type: number(tensor, 1), shape }
}

export function readOnnx(bytes: Uint8Array): ReadModel {
  const model = fields(bytes)
  const graph = messages(model, 7)[0]!
  return {
    producer: text(model, 2),
    version: text(model, 3),
    doc: text(model, 6),
    opsets: Object.fromEntries(messages(model, 8).map((opset) => [text(opset, 1), number(opset, 2)])),
    metadata: entries(model, 14),
    name: text(graph, 2),
    nodes: messages(graph, 1).map((node) => ({
      name: text(node, 3),
      type: text(node, 4),
      domain: text(node, 7),
      inputs: texts(node, 1),
      outputs: texts(node, 2),
    })),
    tensors: messages(graph, 5).map((tensor) => ({
      name: text(tensor, 8),
      shape: (tensor.get(1) ?? []).map(Number),
      bytes: (tensor.get(9)?.[0] as Uint8Array | undefined)?.length ?? 0,
      external: entries(tensor, 13),
    })),
    inputs: messages(graph, 11).map(value),
    outputs: messages(graph, 12).map(value),
  }
}
