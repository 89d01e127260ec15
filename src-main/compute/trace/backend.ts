import * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../../lib/errors'
import { sizeOf, type DType } from '../../lib/ndarray'
import { kernels, type Kernel } from '../kernels/index'
import { typedArray, type ValueType } from '../program'
import { broadcastShape, sameShape, type Attrs, type Graph, type Value } from './graph'
import { refuseRandomNumbers } from './trace-error'

/** Name under which the recording backend is registered with tfjs. */
export const TRACE = 'nagare-trace'

/** A tfjs backend that computes nothing: each kernel appends a node to the graph and answers with a shape. */
class RecordingBackend extends tf.KernelBackend {
  graph: Graph | undefined
  readonly #values = new tf.DataStorage<Value>(this, tf.engine())

  get recording(): Graph {
    if (!this.graph) throw new NagareError('internal', 'The recording backend was used outside a trace.')
    return this.graph
  }

  traced(tensor: tf.TensorInfo): Value {
    return this.#values.get(tensor.dataId)
  }

  tensorOf(value: Value): tf.TensorInfo {
    const dataId = {}
    this.#values.set(dataId, value)
    return { dataId, shape: [...value.shape], dtype: value.dtype }
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    refuseRandomNumbers()
    return this.tensorOf(this.recording.constant(values as ArrayLike<number>, { shape, dtype: dtype as DType })).dataId
  }
  override move(dataId: tf.DataId, values: tf.BackendValues, shape: number[], dtype: tf.DataType): void {
    this.#values.set(dataId, this.recording.constant(values as ArrayLike<number>, { shape, dtype: dtype as DType }))
  }
  override readSync(dataId: tf.DataId): tf.BackendValues {
    const { constant, uniform, shape, dtype } = this.#values.get(dataId)
    if (constant) return constant
    if (uniform !== undefined) return typedArray(dtype, sizeOf(shape)).fill(uniform)
    throw new NagareError(
      'unsupported',
      'A traced program cannot read the numbers of a tensor (dataSync, arraySync, data, print).',
      {
        hint: 'Return the tensor as an output, or decide by shape instead of by value.',
      },
    )
  }
  override async read(dataId: tf.DataId): Promise<tf.BackendValues> {
    return this.readSync(dataId)
  }
  override disposeData(): boolean {
    return true
  }
  override incRef(): void {}
  override refCount(): number {
    return 1
  }
  override numDataIds(): number {
    return this.#values.numDataIds()
  }
  override memory() {
    return { unreliable: true }
  }
  override floatPrecision(): 16 | 32 {
    return 32
  }
  override dispose(): void {}
}

let backend: RecordingBackend | undefined

/** The recording backend, registered with all kernels at the first call. */
export function recordingBackend(): RecordingBackend {
  if (backend) return backend
  const created = new RecordingBackend()
  tf.registerBackend(TRACE, () => created, 0)
  for (const [kernelName, kernel] of kernels) {
    tf.registerKernel({
      kernelName,
      backendName: TRACE,
      kernelFunc: ({ inputs, attrs }) => {
        if (kernel.compose) {
          const composed = kernel.compose(inputs as tf.NamedTensorMap, (attrs ?? {}) as Attrs)
          // A result that is an input would make a loop of the gradient's path.
          return Object.values(inputs).includes(composed) ? created.tensorOf(created.traced(composed)) : composed
        }
        const values = inputValues(created, kernelName, kernel, inputs)
        const outputs = record(created.recording, kernelName, kernel, values, (attrs ?? {}) as Attrs).map((value) =>
          created.tensorOf(value),
        )
        return kernel.many ? outputs : outputs[0]!
      },
    })
  }
  backend = created
  return created
}

function inputValues(on: RecordingBackend, name: string, kernel: Kernel, inputs: tf.NamedTensorInfoMap): Value[] {
  if (kernel.inputs === 'list') return Object.values(inputs).map((tensor) => on.traced(tensor!))
  for (const key of Object.keys(inputs)) {
    if (inputs[key] && !kernel.inputs.includes(key))
      throw new NagareError('unsupported', `${name} with an input "${key}" has no lowering to ONNX.`)
  }
  return kernel.inputs.filter((key) => inputs[key]).map((key) => on.traced(inputs[key]!))
}

function record(graph: Graph, name: string, kernel: Kernel, given: readonly Value[], attrs: Attrs): readonly Value[] {
  const types = kernel.infer(given, attrs)
  if (kernel.broadcasts) {
    const small = given.map((value) => unrepeated(graph, value))
    const shape = broadcastShape(small.map((value) => value.shape))
    if (shape && sizeOf(shape) < sizeOf(types[0]!.shape)) {
      const [result] = record(graph, name, kernel, small, attrs)
      return [repeated(graph, result!, types[0]!)]
    }
  }
  const inputs = kernel.broadcasts ? withoutRepeats(graph, given, types[0]!.shape) : given
  const folded = kernel.fold?.({ graph, inputs, attrs, type: types[0]! })
  if (folded) return [folded]
  const outputs = graph.call(name, inputs, attrs, types)
  if (kernel.repeats) markRepeat(outputs[0]!, inputs[0]!)
  return outputs
}

/** The smaller value that a value repeats, or the value itself. */
const unrepeated = (graph: Graph, value: Value): Value =>
  value.uniform !== undefined
    ? graph.uniform(value.uniform, { shape: [], dtype: value.dtype })
    : (value.broadcastOf ?? value)

/** `value` repeated to `type`: a node that is left out where all that read it can repeat for themselves. */
function repeated(graph: Graph, value: Value, type: ValueType): Value {
  if (value.uniform !== undefined) return graph.uniform(value.uniform, type)
  const rank = type.shape.length
  const shape = [...new Array<number>(rank - value.shape.length).fill(1), ...value.shape]
  const [whole] = sameShape(shape, value.shape)
    ? [value]
    : graph.call('Reshape', [value], { shape }, [{ shape, dtype: type.dtype }])
  const reps = type.shape.map((side, axis) => (shape[axis] === side ? 1 : side))
  const [output] = graph.call('Tile', [whole!], { reps }, [type])
  output!.broadcastOf = value
  return output!
}

/** Replaces inputs that only repeat a smaller value by that value where the op's own broadcasting gives the same shape. */
function withoutRepeats(graph: Graph, inputs: readonly Value[], shape: readonly number[]): readonly Value[] {
  let result = [...inputs]
  for (let i = 0; i < result.length; i++) {
    const value = result[i]!
    const smaller = unrepeated(graph, value)
    if (smaller === value) continue
    const attempt = result.map((input, j) => (j === i ? smaller : input))
    const found = broadcastShape(attempt.map((input) => input.shape))
    if (found && sameShape(found, shape)) result = attempt
  }
  return result
}

function markRepeat(output: Value, input: Value): void {
  const found: ValueType['shape'] | undefined = broadcastShape([input.shape, output.shape])
  if (found && sameShape(found, output.shape)) output.broadcastOf = input.broadcastOf ?? input
}
