import { NagareError } from '../lib/errors'
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
 * The ONNX graph of a program, with `params` as its constants; `block`, where it is not 0, is how many channels the device's convolutions take together. Where
 * inputs leave lengths open the program is traced at several lengths and one graph made of them, without blocks. Throws `unsupported` for an op without a lowering, or for a program that does not compute alike at every length.
 */
export function compileProgram(spec: ProgramSpec, params: NDArrays, block = 0): OnnxModel {
  const names = lengthNames(inputTypes(spec.inputs))
  const lower = (lengths: Lengths) => lowerProgram(traceProgram(spec, lengths), params, names.length === 0 ? block : 0)
  if (names.length === 0) {
    const model = lower({})
    return { ...model, graph: tidied(model.graph) }
  }
  const [base, ...others] = samplePoints(names)
  const model = lower(base!)
  const graphs = [model.graph, ...others.map((lengths) => lower(lengths).graph)]
  return { ...model, graph: tidied(unifyGraphs(graphs, [base!, ...others], lengthSources(spec, names, model))) }
}

const tidied = (graph: OnnxGraph) => tidyGraph(fuseBiases(tidyGraph(graph)))

/**
 * Lengths to trace at. No two are alike, so that no sizes of a program agree by accident; they leave different rests, so that nothing that is rounded
 * passes for even growth; they are larger than constants that are stored when small, and the last is so much larger that what changes at some length shows.
 */
const SAMPLES = [
  [263, 346, 420, 2503],
  [269, 358, 444, 2531],
  [271, 362, 450, 2543],
  [277, 382, 462, 2549],
  [281, 386, 474, 2551],
  [283, 394, 486, 2557],
] as const

/** Enough points to tell a polynomial of second degree in the lengths from anything else. */
function samplePoints(names: readonly string[]): Lengths[] {
  if (names.length > SAMPLES.length)
    throw new NagareError('unsupported', `A program may leave ${SAMPLES.length} lengths open, not ${names.length}.`)
  const at = (version: (i: number) => 0 | 1 | 2 | 3): Lengths =>
    Object.fromEntries(names.map((name, i) => [name, SAMPLES[i]![version(i)]]))
  const alone = (version: 1 | 2 | 3) => names.map((_, i) => at((j) => (j === i ? version : 0)))
  const pairs = names.flatMap((_, i) =>
    names.slice(i + 1).map((_, k) => at((j) => (j === i || j === i + 1 + k ? 1 : 0))),
  )
  return [at(() => 0), ...alone(1), ...alone(2), ...alone(3), ...pairs]
}

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
