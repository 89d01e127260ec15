import * as tf from '@tensorflow/tfjs-core'
import '../gradients'
import { NagareError } from '../../lib/errors'
import { inputTypes, withLengths, type Lengths } from '../lengths'
import { valueTypes, type ProgramSpec, type Tensors, type ValueType } from '../program'
import { recordingBackend, TRACE } from './backend'
import { Graph, sameShape, type Value } from './graph'
import { traceError } from './trace-error'

/** A program as a graph: what `run` computes, by name. */
export interface TracedProgram {
  name: string
  graph: Graph
  params: Record<string, Value>
  state: Record<string, Value>
  inputs: Record<string, Value>
  /** New values of the state that `run` returned. */
  nextState: Record<string, Value>
  outputs: Record<string, Value>
}

/**
 * Records what `spec.run` computes where the named lengths of its inputs have these numbers. Throws `unsupported` naming the op and the program for a tfjs kernel without a lowering, and
 * `bad-input` where the returned state does not fit the declared one.
 */
export function traceProgram(spec: ProgramSpec, lengths: Lengths = {}): TracedProgram {
  const graph = new Graph()
  const backend = recordingBackend()
  const sources = (kind: string, types: Record<string, ValueType>) =>
    mapValues(types, (type, name) => graph.source(`${kind}.${name}`, type))
  const params = sources('params', valueTypes(spec.params))
  const state = sources('state', valueTypes(spec.state))
  const inputs = sources('inputs', withLengths(inputTypes(spec.inputs), lengths))

  const traced = withBackend(TRACE, () => {
    backend.graph = graph
    tf.engine().startScope('trace')
    try {
      const tensors = (values: Record<string, Value>): Tensors =>
        mapValues(values, (value) => tf.engine().makeTensorFromTensorInfo(backend.tensorOf(value)))
      const result = spec.run({ params: tensors(params), state: tensors(state), inputs: tensors(inputs) })
      const traced = (tensors: Tensors = {}) => mapValues(tensors, (tensor) => backend.traced(tensor))
      const values = { nextState: traced(result.state), outputs: traced(result.outputs) }
      tf.dispose([result.state ?? {}, result.outputs ?? {}])
      return values
    } catch (thrown) {
      throw traceError(spec.name, thrown)
    } finally {
      tf.engine().endScope()
      backend.graph = undefined
    }
  })

  for (const [name, next] of Object.entries(traced.nextState)) {
    const declared = state[name]
    if (!declared)
      throw new NagareError('bad-input', `Program "${spec.name}" returns state "${name}", which it does not declare.`)
    if (!sameShape(declared.shape, next.shape) || declared.dtype !== next.dtype) {
      throw new NagareError(
        'bad-input',
        `Program "${spec.name}" declares state "${name}" as ${declared.dtype} [${declared.shape}] but returns ${next.dtype} [${next.shape}].`,
      )
    }
  }
  if (Object.keys({ ...traced.nextState, ...traced.outputs }).length === 0)
    throw new NagareError('bad-input', `Program "${spec.name}" returns neither outputs nor state.`)
  return { name: spec.name, graph, params, state, inputs, ...traced }
}

/** Runs `body` with the tfjs backend `name`, then restores the one before. */
export function withBackend<T>(name: string, body: () => T): T {
  const engine = tf.engine()
  const before = engine.backendName
  void engine.setBackend(name)
  try {
    return body()
  } finally {
    if (before) void engine.setBackend(before)
  }
}

export function mapValues<A, B>(record: Record<string, A>, map: (value: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]))
}
