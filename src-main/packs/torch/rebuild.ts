import { numberTypes } from './number-types'
import { corrupt } from './refusals'
import {
  describe,
  isRecord,
  isSequence,
  type NumberTypeName,
  type PickleContext,
  type TorchTensor,
  type TorchValue,
} from './values'

/** As many sides as PyTorch's own tensors may have. */
const maxSides = 64

/** `_rebuild_tensor(storage, offset, size, stride)`; what version 2 adds (gradient flag, hooks) is left out. */
export function rebuildTensor(args: readonly TorchValue[], context: PickleContext): TorchTensor {
  const [storage, offset, shape, stride] = args
  if (!isRecord(storage, 'storage')) throw corrupt(context.file, `a tensor lies in ${describe(storage)}, no storage`)
  return view(storage, storage.dtype, offset, shape, stride, context)
}

/** `_rebuild_tensor_v3(storage, offset, size, stride, gradient flag, hooks, dtype)`: a tensor over bytes. */
export function rebuildTensorV3(args: readonly TorchValue[], context: PickleContext): TorchTensor {
  const [storage, offset, shape, stride, , , dtype] = args
  if (!isRecord(storage, 'storage') || !isRecord(dtype, 'number-type'))
    throw corrupt(context.file, `a tensor lies in ${describe(storage)} as ${describe(dtype)}`)
  return view(storage, dtype.dtype, offset, shape, stride, context)
}

/** `_rebuild_parameter(tensor, …)`: the tensor. */
export function rebuildParameter([tensor]: readonly TorchValue[], { file }: PickleContext): TorchTensor {
  if (isRecord(tensor, 'tensor')) return tensor
  throw corrupt(file, `a parameter is made of ${describe(tensor)}`)
}

/** A tensor that stays inside its storage and never holds more numbers than it, whatever its strides say. */
function view(
  storage: TorchTensor['storage'],
  dtype: NumberTypeName,
  offset: TorchValue | undefined,
  size: TorchValue | undefined,
  steps: TorchValue | undefined,
  { file, spend }: PickleContext,
): TorchTensor {
  const shape = wholeNumbers(size, 'shape', file)
  const stride = wholeNumbers(steps, 'strides', file)
  if (!isWhole(offset)) throw corrupt(file, `a tensor begins at ${describe(offset)}`)
  if (shape.length !== stride.length || shape.length > maxSides)
    throw corrupt(file, `a tensor has ${shape.length} sides and ${stride.length} strides`)
  const count = shape.reduce((product, side) => product * side, 1)
  const held = Math.floor((storage.count * numberTypes[storage.dtype].bytes) / numberTypes[dtype].bytes)
  const last = offset + shape.reduce((sum, side, i) => sum + (side - 1) * stride[i]!, 0)
  if (count > 0 ? !(count <= held && last < held) : offset > held)
    throw corrupt(
      file,
      `a tensor of shape [${shape.slice(0, 8)}] from number ${offset} needs more than the ${held} numbers of its storage ${JSON.stringify(storage.key.slice(0, 40))}`,
    )
  spend('numbers', count)
  spend('operations', shape.length)
  return Object.freeze({ type: 'tensor', storage, dtype, offset, shape, stride })
}

export const isWhole = (value: TorchValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

/** Copies a list or tuple of whole numbers ≥ 0; throws `corrupt`. */
export function wholeNumbers(value: TorchValue | undefined, what: string, file: string): readonly number[] {
  if (!isSequence(value) || value.length > maxSides || !value.every(isWhole))
    throw corrupt(file, `a ${what} is ${describe(value)}, no list of whole numbers`)
  return Object.freeze([...value])
}
