import { float32, sizeOf, type NDArray } from '../../lib/ndarray'
import { numberTypes } from './number-types'
import { isWhole, wholeNumbers } from './rebuild'
import { corrupt, unsupported } from './refusals'
import {
  describe,
  isRecord,
  isSequence,
  type NumberTypeName,
  type NumpyArray,
  type NumpyType,
  type PickleContext,
  type TorchFunction,
  type TorchValue,
} from './values'

/** NumPy's number types that are read, by their code. */
const codes: Record<string, NumberTypeName> = {
  ...{ f2: 'float16', f4: 'float32', f8: 'float64', b1: 'bool' },
  ...{ i1: 'int8', i2: 'int16', i4: 'int32', i8: 'int64', u1: 'uint8' },
}

/** NumPy's builders: an empty array, a number type, and a single number. */
export const numpyFunctions = {
  _reconstruct: ([made]: readonly TorchValue[], { file }: PickleContext): NumpyArray => {
    if (made !== ndarray) throw corrupt(file, `a NumPy array is made of ${describe(made)}`)
    return { type: 'numpy-array', dtype: undefined, shape: [], fortran: false, bytes: new Uint8Array() }
  },
  dtype: ([code]: readonly TorchValue[], { file }: PickleContext): NumpyType => {
    if (typeof code !== 'string') throw corrupt(file, `a NumPy number type is ${describe(code)}`)
    if (!(code in codes)) throw unsupported(file, `holds NumPy numbers of type ${JSON.stringify(code.slice(0, 10))}`)
    return { type: 'numpy-type', code, order: '' }
  },
  scalar: ([dtype, bytes]: readonly TorchValue[], { file }: PickleContext): number => {
    if (!isRecord(dtype, 'numpy-type') || !(bytes instanceof Uint8Array))
      throw corrupt(file, `a NumPy number is made of ${describe(dtype)} and ${describe(bytes)}`)
    return decode({ type: 'numpy-array', dtype, shape: [], fortran: false, bytes }, file).data[0]!
  },
} satisfies Record<string, TorchFunction['call']>

/** The class of NumPy's arrays, which only `_reconstruct` takes. */
export const ndarray: TorchValue = Object.freeze({ type: 'class', module: 'numpy', name: 'ndarray' })

/** Takes over the state of a NumPy array or number type. Throws `corrupt` where bytes and shape do not agree. */
export function buildNumpy(target: NumpyArray | NumpyType, state: TorchValue | undefined, file: string): void {
  if (!isSequence(state)) throw corrupt(file, `a NumPy array is filled with ${describe(state)}`)
  if (target.type === 'numpy-type') {
    const order = state[1]
    if (order === '>') throw unsupported(file, 'holds big-endian NumPy numbers')
    if (order !== '<' && order !== '|' && order !== '=')
      throw corrupt(file, `the byte order of NumPy numbers is ${describe(order)}`)
    target.order = order
    return
  }
  const [version, shape, dtype, fortran, bytes] = state
  if (!isWhole(version) || !isRecord(dtype, 'numpy-type') || !(bytes instanceof Uint8Array))
    throw corrupt(file, 'the state of a NumPy array makes no sense')
  target.shape = wholeNumbers(shape, 'NumPy shape', file)
  target.dtype = dtype
  target.fortran = fortran === true
  target.bytes = bytes
  if (sizeOf(target.shape) * width(dtype) !== bytes.length)
    throw corrupt(file, `a NumPy array of shape [${target.shape.slice(0, 8)}] has ${bytes.length} bytes`)
}

const width = ({ code }: NumpyType) => numberTypes[codes[code]!].bytes

/** The numbers of a NumPy array, row-major; throws `unsupported` for arrays of several sides stored by columns. */
export function numpyNumbers(array: NumpyArray, file: string): NDArray {
  if (array.fortran && array.shape.filter((side) => side > 1).length > 1)
    throw unsupported(file, 'holds a NumPy array stored by columns')
  return decode(array, file)
}

function decode({ dtype, shape, bytes }: NumpyArray, file: string): NDArray {
  if (!dtype) return float32([0])
  if (sizeOf(shape) * width(dtype) !== bytes.length) throw corrupt(file, `a NumPy number has ${bytes.length} bytes`)
  try {
    const data = numberTypes[codes[dtype.code]!].decode(new Uint8Array(bytes))
    if (data instanceof Float32Array) return float32(shape, data)
    return { shape, dtype: data instanceof Int32Array ? 'int32' : 'bool', data }
  } catch (thrown) {
    throw unsupported(file, `cannot be read: ${(thrown as Error).message}`)
  }
}
