import { availableParallelism } from 'node:os'
import type * as ort from 'onnxruntime-node'
import { NagareError } from '../../lib/errors'
import { blocking } from '../../lib/blocking'
import type { NDArrays } from '../../lib/ndarray'
import { throughGate } from '../../lib/run-gate'
import { compileProgram, encodeProgram, type CompiledProgram } from '../compile'
import { checkInputs, inputTypes, lengthNames } from '../lengths'
import { fuseTransposes } from '../onnx/fuse-transposes'
import { tidyGraph } from '../onnx/graph'
import { withPrecision } from '../onnx/precision'
import type { OnnxModel } from '../onnx/lower'
import { substituted } from '../onnx/substitutes'
import {
  checkValues,
  valueTypes,
  type Device,
  type LoadOptions,
  type LoadValues,
  type Precision,
  type ProgramSpec,
  type Runner,
} from '../program'
import { channelBlock } from './channel-block'
import { compiledFrom, defaultGraphCache, type GraphCache } from './graph-cache'
import { deviceError, finiteCheck } from './guard'
import { arrayOf, tensorOf } from './ort-tensors'
import { cpuProvider, type Provider } from './providers'
import { serial } from './serial'
import { sessionPool, type SharedSession } from './session'
import { free, stateStore, type StateStore } from './state-store'

export interface OnnxRuntimeOptions {
  /** Threads for one op; all of the machine's where left out. */
  threads?: number | undefined
  /** Where compiled programs are kept between starts. */
  cache?: GraphCache | undefined
  /** How exactly programs with parameters compute, that is all but training; `float32` where left out. */
  precision?: Precision | undefined
}

/**
 * Graphs with more operators are run as they are. What ONNX Runtime's own optimiser does for them takes minutes (55 s for the 22 000 operators of a WaveGlow
 * training step, of which creating the session without it takes 4) and gains at most three per cent, since compiling tidies graphs already.
 */
const LARGE_GRAPH = 8000
/** Runs of this many milliseconds are told of as blocking the thread: ONNX Runtime computes in the thread that calls it. */
const LONG_RUN = 1000

/** ONNX Runtime on the processor: programs are traced, lowered to ONNX and run as one call. */
export function cpuDevice(options: OnnxRuntimeOptions = {}): Device {
  return onnxRuntimeDevice('cpu', cpuProvider.name, cpuProvider, options)
}

/** A device on the execution provider `id` of ONNX Runtime; what it cannot compute runs on the processor. */
export function onnxRuntimeDevice(
  id: string,
  name: string,
  provider: Provider,
  { threads, cache = defaultGraphCache(), precision: usual = 'float32' }: OnnxRuntimeOptions = {},
): Device {
  const sessionOptions: ort.InferenceSession.SessionOptions = {
    executionProviders: [{ name: id, ...provider.options }],
    intraOpNumThreads: threads ?? availableParallelism(),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
    // A waiting thread that spins takes a core from everything else on the machine.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    ...provider.session,
  }
  const open = sessionPool((compiled, spec) => ({
    ...sessionOptions,
    graphOptimizationLevel: compiled.nodes > LARGE_GRAPH ? 'disabled' : 'all',
    // A plan of memory is made for each length a program meets, and held beside what the first run took.
    enableMemPattern: lengthNames(inputTypes(spec.inputs)).length === 0,
    ...(provider.keepsState ? { preferredOutputLocation: locations(compiled) } : {}),
  }))
  const device = {
    id,
    name,
    precision: usual,
    load: async (spec: ProgramSpec, values: LoadValues, options: LoadOptions = {}) => {
      const precision = options.precision ?? (spec.params ? usual : 'float32')
      const params = checkValues(spec.name, 'params', valueTypes(spec.params), values.params ?? {})
      const state = checkValues(spec.name, 'state', valueTypes(spec.state), values.state ?? {}, spec.zeros)
      const block = provider.blocksChannels ? await channelBlock() : 0
      const compile = () => encodeProgram(compileFor(provider, spec, params, { precision, block }))
      const kept = cache && { ...cache, stamp: `${cache.stamp} ${id} ${block}` }
      const compiled = await blocking(() => (precision === 'float32' ? compiledFrom(kept, spec, compile) : compile()))
      const check = id === 'cpu' ? undefined : finiteCheck(device, () => cpuDevice({ threads }), spec, params)
      const store = stateStore(state, sessionOptions)
      const session = await blocking(() => open(spec, compiled, params)).catch((thrown: unknown) => {
        throw deviceError(device, spec, thrown)
      })
      return sessionRunner(spec, compiled, session, store, { device, check, pinned: provider.keepsState === true })
    },
  }
  return device
}

/** The graph of a program in the operators that `provider` is given, computed as exactly as `precision` says; `block` as `channelBlock` answers. */
export function compileFor(
  { substitutes, multipliesTransposed }: Provider,
  spec: ProgramSpec,
  params: NDArrays,
  { precision = 'float32', block = 0 }: { precision?: Precision; block?: number } = {},
): OnnxModel {
  const model = compileProgram(spec, params, precision === 'float32' ? block : 0)
  const graph = substitutes ? tidyGraph(substituted(model.graph, substitutes)) : model.graph
  const exact = withPrecision(graph, precision)
  return { ...model, graph: multipliesTransposed ? tidyGraph(fuseTransposes(exact)) : exact }
}

/** Where a provider that keeps state leaves each output. */
const locations = ({ nextState, outputs }: CompiledProgram) => ({
  ...Object.fromEntries(nextState.map((name) => [`next.${name}`, 'gpu-buffer' as const])),
  ...Object.fromEntries(outputs.map((name) => [`outputs.${name}`, 'cpu' as const])),
})

function sessionRunner(
  spec: ProgramSpec,
  model: CompiledProgram,
  { session, release }: SharedSession,
  state: StateStore,
  { device, check, pinned }: { device: Device; check: ReturnType<typeof finiteCheck> | undefined; pinned: boolean },
): Runner {
  const inTurn = serial()
  const types = inputTypes(spec.inputs)
  const stateTypes = valueTypes(spec.state)
  const fixed = pinned ? model.state.filter((name) => !model.nextState.includes(name)) : []
  const guarded = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (thrown) {
      throw deviceError(device, spec, thrown)
    }
  }

  /** How long the last run kept the thread, milliseconds; nothing is known of the first. */
  let took = Infinity
  const step = async (inputs: NDArrays): Promise<NDArrays> => {
    const given = checkInputs(spec.name, types, inputs)
    await state.pin(fixed)
    const feeds: Record<string, ort.Tensor> = {}
    for (const name of model.inputs) feeds[`inputs.${name}`] = tensorOf(given[name]!)
    for (const name of model.state) feeds[`state.${name}`] = state.feed(name)
    const call = () => throughGate(() => session.run(feeds))
    const startedAt = performance.now()
    const fetched = await (took > LONG_RUN ? blocking(call) : call())
    took = performance.now() - startedAt
    const next = Object.fromEntries(model.nextState.map((name) => [name, fetched[`next.${name}`]!]))
    const outputs = Object.fromEntries(model.outputs.map((name) => [name, arrayOf(fetched[`outputs.${name}`]!)]))
    try {
      await check?.({ inputs: given, outputs, state: () => state.read() })
    } catch (thrown) {
      for (const tensor of Object.values(next)) free(tensor)
      throw thrown
    }
    state.replace(next)
    return outputs
  }

  let disposed = false
  const whileAlive = <T>(call: () => Promise<T>): Promise<T> =>
    inTurn(() => {
      if (disposed) throw new NagareError('internal', `Program "${spec.name}" was used after it was disposed of.`)
      return call()
    })

  return {
    run: (inputs) => whileAlive(() => guarded(() => step(inputs))),
    state: () => whileAlive(() => guarded(() => state.read())),
    setState: (values) =>
      whileAlive(async () => {
        const known = Object.fromEntries(Object.entries(stateTypes).filter(([name]) => name in values))
        state.write(checkValues(spec.name, 'state', known, values))
      }),
    dispose: () =>
      inTurn(async () => {
        if (disposed) return
        disposed = true
        await guarded(async () => {
          await state.dispose()
          await release()
        })
      }),
  }
}
