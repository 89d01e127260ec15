import type * as ort from 'onnxruntime-node'
import type { NDArray } from '../../lib/ndarray'
import { typedArray } from '../program'
import { runtime } from './ort'

/** An ONNX Runtime tensor over `array`'s own memory. */
export const tensorOf = ({ dtype, data, shape }: NDArray): ort.Tensor =>
  new runtime.Tensor(dtype as 'float32', data as Float32Array, shape)

/** The array behind a tensor on the processor, not copied. */
export function arrayOf(tensor: ort.Tensor): NDArray {
  const dtype = tensor.type as NDArray['dtype']
  const data = tensor.data as NDArray['data']
  return {
    shape: [...tensor.dims],
    dtype,
    data: dtype === 'bool' && !(data instanceof Uint8Array) ? typedArray('bool', data) : data,
  }
}

export const copyOf = (array: NDArray): NDArray => ({ ...array, data: array.data.slice() })
