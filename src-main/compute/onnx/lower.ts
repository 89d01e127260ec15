import { NagareError } from '../../lib/errors'
import type { NDArrays } from '../../lib/ndarray'
import { kernels } from '../kernels/index'
import { liveNodes, type Value } from '../trace/graph'
import type { TracedProgram } from '../trace/trace'
import { BlockedLayout } from './blocked-layout'
import { OnnxBuilder, uniformConstant } from './builder'
import type { OnnxGraph } from './graph'

/** A program as an ONNX graph with the names by which to feed and fetch it. */
export interface OnnxModel {
  graph: OnnxGraph
  /** Graph inputs `inputs.x` that the program really reads. */
  inputs: string[]
  /** Graph inputs `state.x` that the program really reads. */
  state: string[]
  /** State names that the graph returns as `next.x`. */
  nextState: string[]
  outputs: string[]
}

/** Lowers a traced program to ONNX with `params` as external constants; `block` as the builder has it. Dead nodes are left out. */
export function lowerProgram(program: TracedProgram, params: NDArrays, block = 0): OnnxModel {
  const onnx = new OnnxBuilder(program.name, '', block)
  const names = new Map<Value, string>()
  const read = { inputs: new Set<string>(), state: new Set<string>() }
  const results = [...Object.values(program.nextState), ...Object.values(program.outputs)]

  const nameOf = (value: Value): string => {
    let name = names.get(value)
    if (name === undefined) names.set(value, (name = materialise(value)))
    return name
  }
  const materialise = (value: Value): string => {
    const laidOut = layout?.plain(value)
    if (laidOut !== undefined) return laidOut
    if (value.uniform !== undefined) return uniformConstant(onnx, value.uniform, value)
    if (value.constant) return onnx.initializer(`constant.${value.id}`, { ...value, data: value.constant })
    if (value.source === undefined)
      throw new NagareError('internal', `Program "${program.name}": a value was used before it was computed.`)
    const [kind, name] = [
      value.source.slice(0, value.source.indexOf('.')),
      value.source.slice(value.source.indexOf('.') + 1),
    ]
    if (kind === 'params') return onnx.initializer(value.source, params[name]!, true)
    read[kind as 'inputs' | 'state'].add(name)
    return onnx.input(value.source, value)
  }

  const nodes = liveNodes(program.graph, results)
  const isStateless = Object.keys(program.nextState).length === 0
  const layout = block > 0 && isStateless ? new BlockedLayout(onnx, nodes, results, nameOf) : undefined
  for (const node of nodes) {
    const laidOut = layout?.lower(node)
    if (typeof laidOut === 'string') names.set(node.outputs[0]!, laidOut)
    if (laidOut !== undefined) continue
    const lowered = kernels.get(node.kernel)!.lower(onnx, node.inputs.map(nameOf), node)
    node.outputs.forEach((output, i) => names.set(output, lowered[i]!))
  }
  for (const [name, value] of Object.entries(program.nextState)) onnx.output(`next.${name}`, nameOf(value), value)
  for (const [name, value] of Object.entries(program.outputs)) onnx.output(`outputs.${name}`, nameOf(value), value)
  const ranks = new Map([...names].map(([value, name]) => [name, value.shape.length]))
  return {
    graph: { ...onnx.graph, ranks },
    inputs: [...read.inputs],
    state: [...read.state],
    nextState: Object.keys(program.nextState),
    outputs: Object.keys(program.outputs),
  }
}
