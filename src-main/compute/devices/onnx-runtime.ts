import { availableParallelism } from 'node:os'
import * as ort from 'onnxruntime-node'
import { NagareError } from '../../lib/errors'
import type { NDArray, NDArrays } from '../../lib/ndarray'
import { lowerProgram, type OnnxModel } from '../onnx/lower'
import { checkValues, typedArray, valueTypes, type Device, type ProgramSpec, type Runner } from '../program'
import { throughGate } from '../../lib/run-gate'
import { mapValues, traceProgram } from '../trace/trace'
import { serial } from './serial'

export interface OnnxRuntimeOptions {
  /** Threads for one op; all of the machine's where left out. */
  threads?: number
}

/** ONNX Runtime on the processor: programs are traced, lowered to ONNX and run as one call. */
export function cpuDevice(options: OnnxRuntimeOptions = {}): Device {
  return onnxRuntimeDevice('cpu', 'Processor (ONNX Runtime)', ['cpu'], options)
}

/** A device on the given ONNX Runtime providers, the first choice first. */
export function onnxRuntimeDevice(
  id: string,
  name: string,
  providers: readonly string[],
  { threads }: OnnxRuntimeOptions = {},
): Device {
  const sessionOptions: ort.InferenceSession.SessionOptions = {
    executionProviders: providers,
    intraOpNumThreads: threads ?? availableParallelism(),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    // A waiting thread that spins takes a core from everything else on the machine.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  }
  return {
    id,
    name,
    load: async (spec, values) => {
      const params = checkValues(spec.name, 'params', valueTypes(spec.params), values.params ?? {})
      const state = checkValues(spec.name, 'state', valueTypes(spec.state), values.state ?? {}, spec.zeros)
      const model = lowerProgram(traceProgram(spec), params)
      return sessionRunner(spec, model, await createSession(spec.name, model.bytes, sessionOptions), state)
    },
  }
}

async function createSession(
  program: string,
  bytes: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  try {
    return await throughGate(() => ort.InferenceSession.create(bytes, options))
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    throw new NagareError('internal', `ONNX Runtime refused the graph of program "${program}": ${message}`, {
      cause: thrown,
    })
  }
}

function sessionRunner(spec: ProgramSpec, model: OnnxModel, session: ort.InferenceSession, initial: NDArrays): Runner {
  const inTurn = serial()
  const inputTypes = valueTypes(spec.inputs)
  const stateTypes = valueTypes(spec.state)
  const state = mapValues(initial, (value) => tensorOf({ ...value, data: value.data.slice() }))

  const step = async (inputs: NDArrays): Promise<NDArrays> => {
    const given = checkValues(spec.name, 'inputs', inputTypes, inputs)
    const feeds: Record<string, ort.Tensor> = {}
    for (const name of model.inputs) feeds[`inputs.${name}`] = tensorOf(given[name]!)
    for (const name of model.state) feeds[`state.${name}`] = state[name]!
    const fetched = await throughGate(() => session.run(feeds))
    for (const name of model.nextState) state[name] = fetched[`next.${name}`]!
    return Object.fromEntries(model.outputs.map((name) => [name, arrayOf(fetched[`outputs.${name}`]!)]))
  }

  return {
    run: (inputs) => inTurn(() => step(inputs)),
    state: () => inTurn(async () => mapValues(state, (tensor) => copyOf(arrayOf(tensor)))),
    setState: (values) =>
      inTurn(async () => {
        const known = Object.fromEntries(Object.entries(stateTypes).filter(([name]) => name in values))
        const checked = checkValues(spec.name, 'state', known, values)
        for (const [name, value] of Object.entries(checked)) state[name] = tensorOf(copyOf(value))
      }),
    dispose: () => inTurn(() => throughGate(() => session.release())),
  }
}

const copyOf = (array: NDArray): NDArray => ({ ...array, data: array.data.slice() })

const tensorOf = ({ dtype, data, shape }: NDArray): ort.Tensor =>
  new ort.Tensor(dtype as 'float32', data as Float32Array, shape)

function arrayOf(tensor: ort.Tensor): NDArray {
  const dtype = tensor.type as NDArray['dtype']
  const data = tensor.data as NDArray['data']
  return {
    shape: [...tensor.dims],
    dtype,
    data: dtype === 'bool' && !(data instanceof Uint8Array) ? typedArray('bool', data) : data,
  }
}
