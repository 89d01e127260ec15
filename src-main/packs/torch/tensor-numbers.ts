import { sizeOf, type NDArray } from '../../lib/ndarray'
import { arrayType, numberTypes } from './number-types'
import { unsupported } from './refusals'
import type { ReadBytes } from './storages'
import type { TorchTensor } from './values'

/** Reads the numbers of `tensor`, row-major, whatever its strides. Throws `unsupported` for whole numbers beyond 32 bits. */
export async function tensorNumbers(file: string, read: ReadBytes, tensor: TorchTensor): Promise<NDArray> {
  const { storage, dtype, offset, shape, stride } = tensor
  const kind = numberTypes[dtype]
  const count = sizeOf(shape)
  const begin = storage.offset * numberTypes[storage.dtype].bytes + offset * kind.bytes
  const span = count && shape.reduce((sum, side, i) => sum + (side - 1) * stride[i]!, 1)
  const bytes = await read(storage.key, begin, span * kind.bytes)
  let data
  try {
    data = kind.decode(bytes)
  } catch (thrown) {
    throw unsupported(file, `cannot be read: ${(thrown as Error).message}`)
  }
  return { shape, dtype: arrayType(dtype), data: isDense(shape, stride) ? data : gathered(data, shape, stride) }
}

function isDense(shape: readonly number[], stride: readonly number[]): boolean {
  let due = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== due) return sizeOf(shape) === 0
    due *= shape[axis]!
  }
  return true
}

function gathered(from: NDArray['data'], shape: readonly number[], stride: readonly number[]): NDArray['data'] {
  const out = new (from.constructor as new (count: number) => NDArray['data'])(sizeOf(shape))
  const index = new Array<number>(shape.length).fill(0)
  let at = 0
  for (let i = 0; i < out.length; i++) {
    out[i] = from[at]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += stride[axis]!
      if (++index[axis]! < shape[axis]!) break
      at -= index[axis]! * stride[axis]!
      index[axis] = 0
    }
  }
  return out
}
