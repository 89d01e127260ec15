import '@tensorflow/tfjs-backend-cpu/dist/index.js'
import * as tf from '@tensorflow/tfjs-core'
import '../gradients'
import { NagareError } from '../../lib/errors'
import type { NDArray, NDArrays } from '../../lib/ndarray'
import { checkInputs, inputTypes } from '../lengths'
import {
  checkValues,
  typedArray,
  valueTypes,
  type Device,
  type Precision,
  type ProgramSpec,
  type Runner,
  type Tensors,
} from '../program'
import { registerConvolutionOn } from '../ops/eager-convolution'
import { mapValues, withBackend } from '../trace/trace'
import { deviceError } from './guard'
import { serial } from './serial'

/** A device that computes each op at once on the tfjs backend `backend`, which must be registered. */
export function eagerDevice(id: string, name: string, backend: string): Device {
  registerConvolutionOn(backend)
  const device: Device = {
    id,
    name,
    load: async (spec, values, { precision = 'float32' } = {}) => {
      if (precision !== 'float32') throw onlyFloat32(name, precision)
      const params = checkValues(spec.name, 'params', valueTypes(spec.params), values.params ?? {})
      const state = checkValues(spec.name, 'state', valueTypes(spec.state), values.state ?? {}, spec.zeros)
      return withBackend(backend, () =>
        eagerRunner(device, spec, backend, mapValues(params, keptTensor), mapValues(state, keptTensor)),
      )
    },
  }
  return device
}

/** The error of a device that knows no other precision. */
export const onlyFloat32 = (device: string, precision: Precision) =>
  new NagareError('unsupported', `${device} computes in float32 only; ${precision} was asked for.`, {
    hint: 'Choose another device or precision.',
  })

/** The slow, plain device that every other one is compared with. */
export const referenceDevice = (): Device => eagerDevice('reference', 'Reference (tfjs, one thread)', 'cpu')

function eagerRunner(
  device: Pick<Device, 'id' | 'name'>,
  spec: ProgramSpec,
  backend: string,
  params: Tensors,
  state: Tensors,
): Runner {
  const inTurn = serial()
  const types = inputTypes(spec.inputs)
  const stateTypes = valueTypes(spec.state)

  const step = (inputs: NDArrays): NDArrays => {
    const given = checkInputs(spec.name, types, inputs)
    const outputs = tf.tidy(() => {
      const result = spec.run({ params, state: { ...state }, inputs: mapValues(given, tensorOf) })
      const read = mapValues(result.outputs ?? {}, arrayOf)
      const held = new Set([...Object.values(params), ...Object.values(state)])
      const replaced: tf.Tensor[] = []
      for (const [name, next] of Object.entries(result.state ?? {})) {
        replaced.push(state[name]!)
        state[name] = tf.keep(held.has(next) ? next.clone() : next)
        held.add(state[name])
      }
      tf.dispose(replaced)
      // `tidy` does not free what a program kept on purpose, such as metrics from inside a gradient.
      for (const tensor of Object.values(result.outputs ?? {})) if (!held.has(tensor)) tensor.dispose()
      return read as unknown as tf.TensorContainer
    })
    return outputs as unknown as NDArrays
  }

  return {
    run: (inputs) =>
      inTurn(async () => {
        try {
          return withBackend(backend, () => step(inputs))
        } catch (thrown) {
          throw device.id === 'reference' ? thrown : deviceError(device, spec, thrown)
        }
      }),
    state: () => inTurn(async () => withBackend(backend, () => mapValues(state, arrayOf))),
    setState: (values) =>
      inTurn(async () => {
        const known = Object.fromEntries(Object.entries(stateTypes).filter(([name]) => name in values))
        const checked = checkValues(spec.name, 'state', known, values)
        withBackend(backend, () => {
          for (const [name, value] of Object.entries(checked)) {
            state[name]?.dispose()
            state[name] = keptTensor(value)
          }
        })
      }),
    dispose: () => inTurn(async () => withBackend(backend, () => tf.dispose([params, state] as tf.TensorContainer))),
  }
}

const tensorOf = ({ data, shape, dtype }: NDArray): tf.Tensor => tf.tensor(data.slice(), [...shape], dtype)
const keptTensor = (array: NDArray): tf.Tensor => tf.keep(tensorOf(array))

function arrayOf(tensor: tf.Tensor): NDArray {
  const dtype = tensor.dtype as NDArray['dtype']
  return { shape: [...tensor.shape], dtype, data: typedArray(dtype, tensor.dataSync()) }
}
