import type { NDArrays } from '../lib/ndarray'
import { inputTypes, lengthNames, multipleOf, type Lengths } from './lengths'
import { encodeModel } from './onnx/encode'
import { fuseBiases } from './onnx/fuse'
import { tidyGraph, type OnnxGraph } from './onnx/graph'
import { lowerProgram, type OnnxModel } from './onnx/lower'
import { unifyGraphs, type LengthSource } from './onnx/symbolic'
import type { ProgramSpec } from './program'
import { traceProgram } from './trace/trace'

/** A program in the form in which ONNX Runtime loads it, with the names by which to feed and fetch it. */
export interface CompiledProgram extends Omit<OnnxModel, 'graph'> {
  /** The ONNX model; parameters are external data named `params.<name>`. */
  bytes: Uint8Array
  /** Parameters that the graph reads. */
  params: string[]
  /** How many operators it has. */
  nodes: number
}

/** Encodes a model for ONNX Runtime. */
export function encodeProgram({ graph, ...names }: OnnxModel): CompiledProgram {
  const external = graph.tensors.filter((tensor) => tensor.external)
  const params = external.map(({ name }) => name.slice('params.'.length))
  return { ...names, bytes: encodeModel(graph), params, nodes: graph.nodes.length }
}

/**
 * The ONNX graph of a program, with `params` as its constants. Where inputs leave lengths open the program is traced at several lengths and one
 * graph made of them. Throws `unsupported` for an op without a lowering, or for a program that does not compute alike at every length.
 */
export function compileProgram(spec: ProgramSpec, params: NDArrays): OnnxModel {
  const lower = (lengths: Lengths) => lowerProgram(traceProgram(spec, lengths), params)
  const names = lengthNames(inputTypes(spec.inputs))
  if (names.length === 0) {
    const model = lower({})
    return { ...model, graph: tidied(model.graph) }
  }
  const at = (version: (name: string) => 0 | 1 | 2): Lengths =>
    Object.fromEntries(names.map((name, i) => [name, sampleLength(i, version(name))]))
  const base = at(() => 0)
  const model = lower(base)
  const sources = lengthSources(spec, names, model)
  const others = [...sources.map((source) => at((name) => (name === source.name ? 1 : 0))), at(() => 2)]
  const graphs = [model.graph, ...others.map((lengths) => lower(lengths).graph)]
  return { ...model, graph: tidied(unifyGraphs(graphs, [base, ...others], sources)) }
}

const tidied = (graph: OnnxGraph) => tidyGraph(fuseBiases(tidyGraph(graph)))

/**
 * Lengths to trace at. No two are alike, so that no sizes of a program agree by accident; they leave different rests, so that nothing that is rounded
 * passes for even growth; and they are larger than constants that are stored when small.
 */
const SAMPLES = [
  [263, 346, 420],
  [269, 358, 444],
  [271, 362, 450],
  [277, 382, 462],
  [281, 386, 474],
] as const

const sampleLength = (name: number, version: 0 | 1 | 2) =>
  SAMPLES[name % SAMPLES.length]![version] * (1 + Math.floor(name / SAMPLES.length))

/** For each length an input of the graph that has it as a side; lengths of inputs that are never read are left out. */
function lengthSources(spec: ProgramSpec, names: readonly string[], { inputs }: OnnxModel): LengthSource[] {
  const types = inputTypes(spec.inputs)
  return names.flatMap((name) => {
    for (const input of inputs) {
      for (const [axis, side] of types[input]!.shape.entries()) {
        if (typeof side === 'number' || multipleOf(side).name !== name) continue
        return [{ name, input: `inputs.${input}`, axis, times: multipleOf(side).times }]
      }
    }
    return []
  })
}
