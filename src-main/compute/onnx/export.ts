import type { NDArrays } from '../../lib/ndarray'
import { NagareError } from '../../lib/errors'
import { compileProgram } from '../compile'
import { checkValues, valueTypes, type ProgramSpec } from '../program'
import { bytesOf, encodeModel } from './encode'
import type { OnnxGraph, OnnxTensor, OnnxValueInfo } from './graph'
import { withReadableNames } from './readable-names'

export { OPSET } from './encode'
export type { OnnxValueInfo } from './graph'

export interface ExportOptions {
  /** The graph's name; the data file, where there is one, is `<name>.onnx.data`. */
  name: string
  /** What the model is, in a line. */
  doc?: string
  /** Version of Nagare. */
  version?: string
  /** Facts about the model, by name. */
  metadata?: Readonly<Record<string, string>>
  /** What each input and output means, by name. */
  meanings?: Readonly<Record<string, string>>
  /** Most bytes of weights that go into the model itself. */
  embedLimit?: number
}

/** A program in the form in which any ONNX runtime loads it. */
export interface ExportedModel {
  /** The model, to be written as `<name>.onnx`. */
  bytes: Uint8Array
  /** What belongs into a file of this name beside the model, where its weights are too large to be in it. */
  data?: { name: string; parts: Uint8Array[] }
  inputs: OnnxValueInfo[]
  outputs: OnnxValueInfo[]
}

/** Protocol buffers end at 2 GiB; the difference is left for the nodes. */
const EMBED_LIMIT = 2 ** 31 - 2 ** 25
/** Weights under this many bytes stay in the model. */
const SMALL = 1024
/** Where each of the others begins, so that it can be mapped into memory. */
const ALIGNMENT = 4096

/**
 * A program as a standard ONNX model: ONNX's own operators only, opset 18, names as `withReadableNames` gives them, open lengths as named sides. State
 * becomes inputs (`h`) and outputs (`next.h`). Throws `bad-input` for params that do not fit or names that clash, `unsupported` as `compileProgram` does.
 */
export function exportProgram(
  spec: ProgramSpec,
  params: NDArrays,
  { name, meanings = {}, embedLimit = EMBED_LIMIT, ...about }: ExportOptions,
): ExportedModel {
  const compiled = compileProgram(spec, checkValues(spec.name, 'params', valueTypes(spec.params), params))
  const named = withReadableNames(compiled.graph)
  const foreign = named.nodes.find(({ domain }) => domain)
  if (foreign)
    throw new NagareError('unsupported', `Program "${spec.name}" needs ${foreign.domain}'s ${foreign.type}.`, {
      hint: "Only ONNX's own operators can be exported.",
    })
  const described = (values: OnnxValueInfo[]) =>
    values.map((value) => (meanings[value.name] ? { ...value, doc: meanings[value.name]! } : value))
  const order = [...Object.keys(spec.inputs ?? {}), ...Object.keys(spec.state ?? {})]
  const graph: OnnxGraph = {
    ...named,
    name,
    inputs: described(named.inputs).sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
    outputs: described(named.outputs),
  }
  const values = { inputs: graph.inputs, outputs: graph.outputs }
  const bytes = graph.tensors.reduce((sum, { data }) => sum + data.byteLength, 0)
  if (bytes <= embedLimit) return { bytes: encodeModel(graph, { ...about, embed: true }), ...values }

  const location = `${name}.onnx.data`
  const tensors = graph.tensors.map((tensor) => ({ ...tensor, external: tensor.data.byteLength >= SMALL }))
  const { parts, offsets } = laidOut(tensors.filter(({ external }) => external))
  const place = (tensor: OnnxTensor) => ({ location, offset: offsets.get(tensor.name)! })
  const model = encodeModel({ ...graph, tensors }, { ...about, place })
  return { bytes: model, data: { name: location, parts }, ...values }
}

/** The tensors' bytes one after the other, each from a multiple of `ALIGNMENT` on. */
function laidOut(tensors: readonly OnnxTensor[]): { parts: Uint8Array[]; offsets: Map<string, number> } {
  const parts: Uint8Array[] = []
  const offsets = new Map<string, number>()
  let end = 0
  for (const { name, data } of tensors) {
    const gap = (ALIGNMENT - (end % ALIGNMENT)) % ALIGNMENT
    if (gap > 0) parts.push(new Uint8Array(gap))
    offsets.set(name, end + gap)
    parts.push(bytesOf(data))
    end += gap + data.byteLength
  }
  return { parts, offsets }
}
