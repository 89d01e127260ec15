import { fromHalfBits } from '../../lib/half'
import type { NDArray } from '../../lib/ndarray'
import type { NumberTypeName } from './values'

interface NumberKind {
  /** Bytes of one number in a file. */
  bytes: number
  /** Little-endian bytes that begin at their buffer's start, as numbers; float32 and int32 may go on using the buffer. Throws RangeError for a number that int32 cannot hold. */
  decode(bytes: Uint8Array<ArrayBuffer>): NDArray['data']
}

const over = <T>(Kind: new (buffer: ArrayBuffer) => T, bytes: Uint8Array<ArrayBuffer>) => new Kind(bytes.buffer)

/** How numbers of each type lie in a file: floating-point ones become float32, whole ones int32. */
export const numberTypes: Record<NumberTypeName, NumberKind> = {
  float64: { bytes: 8, decode: (bytes) => Float32Array.from(over(Float64Array, bytes)) },
  float32: { bytes: 4, decode: (bytes) => over(Float32Array, bytes) },
  float16: { bytes: 2, decode: (bytes) => fromHalfBits(over(Uint16Array, bytes)) },
  bfloat16: {
    bytes: 2,
    decode(bytes) {
      const tops = over(Uint16Array, bytes)
      const bits = new Uint32Array(tops.length)
      for (let i = 0; i < bits.length; i++) bits[i] = tops[i]! << 16
      return new Float32Array(bits.buffer)
    },
  },
  int64: {
    bytes: 8,
    decode(bytes) {
      const words = over(Int32Array, bytes)
      const out = new Int32Array(words.length / 2)
      for (let i = 0; i < out.length; i++) {
        out[i] = words[2 * i]!
        if (words[2 * i + 1] !== (out[i]! < 0 ? -1 : 0)) throw new RangeError('a whole number in it needs over 32 bits')
      }
      return out
    },
  },
  int32: { bytes: 4, decode: (bytes) => over(Int32Array, bytes) },
  int16: { bytes: 2, decode: (bytes) => Int32Array.from(over(Int16Array, bytes)) },
  int8: { bytes: 1, decode: (bytes) => Int32Array.from(over(Int8Array, bytes)) },
  uint8: { bytes: 1, decode: (bytes) => Int32Array.from(bytes) },
  bool: { bytes: 1, decode: (bytes) => bytes.map((value) => (value ? 1 : 0)) },
}

/** PyTorch's classes of storages, in `torch` and `torch.cuda`. */
export const storageNames: Record<string, NumberTypeName> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
  UntypedStorage: 'uint8',
  _UntypedStorage: 'uint8',
}

/** PyTorch's names of number types. */
export const dtypeNames: Record<string, NumberTypeName> = {
  ...Object.fromEntries((Object.keys(numberTypes) as NumberTypeName[]).map((name) => [name, name])),
  double: 'float64',
  float: 'float32',
  half: 'float16',
  long: 'int64',
  int: 'int32',
  short: 'int16',
}

/** The type's name as the kind of array that it becomes. */
export const arrayType = (dtype: NumberTypeName): NDArray['dtype'] =>
  dtype === 'bool' ? 'bool' : /int/.test(dtype) ? 'int32' : 'float32'
