import { onnxType, type OnnxAttribute, type OnnxConstant, type OnnxGraph, type OnnxNode } from './graph'
import type { OnnxTensor, OnnxValueInfo } from './graph'
import { ProtoWriter } from './protobuf'

/** ONNX operator set that every graph declares. */
export const OPSET = 18
const IR_VERSION = 8
const EXTERNAL = 1

/** ONNX Runtime's own operators, versioned apart from ONNX's. */
export const MICROSOFT = 'com.microsoft'

/** Those that read and write planes with their channels in blocks. */
export const BLOCKED = 'com.microsoft.nchwc'

export interface EncodeOptions {
  /** Puts all numbers into the model. */
  embed?: boolean
  /** What the model is, for people. */
  doc?: string
  /** Version of Nagare that wrote it. */
  version?: string
  /** Facts about the model, by name. */
  metadata?: Readonly<Record<string, string>>
  /** File beside the model, and place in it, where an external tensor's bytes lie; a file of the tensor's name if left out. */
  place?: (tensor: OnnxTensor) => { location: string; offset: number }
}

const ownFile = ({ name }: OnnxTensor) => ({ location: name, offset: 0 })

/** An ONNX ModelProto. External tensors are left out of it and lie where `place` says, unless `embed` puts all numbers into it. */
export function encodeModel(
  graph: OnnxGraph,
  { embed = false, doc = '', version = '', metadata = {}, place = ownFile }: EncodeOptions = {},
): Uint8Array {
  const proto = new ProtoWriter()
  for (const node of graph.nodes) proto.message(1, nodeProto(node))
  proto.string(2, graph.name)
  for (const constant of graph.constants) proto.message(5, constantProto(constant))
  for (const tensor of graph.tensors) proto.message(5, tensorProto(tensor, embed ? undefined : place))
  for (const input of graph.inputs) proto.message(11, valueInfo(input))
  for (const output of graph.outputs) proto.message(12, valueInfo(output))
  const model = new ProtoWriter().int(1, IR_VERSION).string(2, 'nagare')
  if (version) model.string(3, version)
  if (doc) model.string(6, doc)
  model.message(7, proto).message(8, new ProtoWriter().string(1, '').int(2, OPSET))
  for (const domain of [MICROSOFT, BLOCKED])
    if (graph.nodes.some((node) => node.domain === domain))
      model.message(8, new ProtoWriter().string(1, domain).int(2, 1))
  for (const [key, value] of Object.entries(metadata)) model.message(14, entry(key, value))
  return model.finish()
}

const entry = (key: string, value: string) => new ProtoWriter().string(1, key).string(2, value)

function nodeProto({ name, type, domain, inputs, outputs, attributes }: OnnxNode): ProtoWriter {
  const node = new ProtoWriter()
  for (const input of inputs) node.string(1, input)
  for (const output of outputs) node.string(2, output)
  node.string(3, name ?? outputs[0]!).string(4, type)
  for (const [name, value] of Object.entries(attributes)) node.message(5, attributeProto(name, value))
  return domain ? node.string(7, domain) : node
}

function attributeProto(name: string, value: OnnxAttribute): ProtoWriter {
  const proto = new ProtoWriter().string(1, name)
  if (typeof value === 'number') return proto.int(3, value).int(20, 2)
  if (typeof value === 'string') return proto.string(4, value).int(20, 3)
  if ('float' in value) return proto.float(2, value.float).int(20, 1)
  for (const item of value) proto.int(8, item)
  return proto.int(20, 7)
}

function constantProto({ name, dtype, shape, numbers }: OnnxConstant): ProtoWriter {
  const data =
    dtype === 'int64'
      ? BigInt64Array.from(numbers, BigInt)
      : dtype === 'float32'
        ? Float32Array.from(numbers)
        : dtype === 'int32'
          ? Int32Array.from(numbers)
          : dtype === 'float16'
            ? Uint16Array.from(numbers)
            : Uint8Array.from(numbers)
  return described(name, dtype, shape).bytes(9, new Uint8Array(data.buffer))
}

function tensorProto(tensor: OnnxTensor, place: EncodeOptions['place']): ProtoWriter {
  const { name, dtype, shape, data, external } = tensor
  const proto = described(name, dtype, shape)
  if (!external || !place) return proto.bytes(9, bytesOf(data))
  const { location, offset } = place(tensor)
  return proto
    .message(13, entry('location', location))
    .message(13, entry('offset', String(offset)))
    .message(13, entry('length', String(data.byteLength)))
    .int(14, EXTERNAL)
}

/** The memory of a typed array as bytes, not copied. */
export const bytesOf = (data: OnnxTensor['data']): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

function described(name: string, dtype: OnnxTensor['dtype'], shape: readonly number[]): ProtoWriter {
  const proto = new ProtoWriter()
  for (const side of shape) proto.int(1, side)
  return proto.int(2, onnxType[dtype]).string(8, name)
}

function valueInfo({ name, doc, shape, dtype }: OnnxValueInfo): ProtoWriter {
  const sides = new ProtoWriter()
  for (const side of shape)
    sides.message(1, typeof side === 'number' ? new ProtoWriter().int(1, side) : new ProtoWriter().string(2, side))
  const tensor = new ProtoWriter().int(1, onnxType[dtype]).message(2, sides)
  const value = new ProtoWriter().string(1, name).message(2, new ProtoWriter().message(1, tensor))
  return doc ? value.string(3, doc) : value
}
