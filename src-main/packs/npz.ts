import { buffer } from 'node:stream/consumers'
import { NagareError } from '../lib/errors'
import { sizeOf, type NDArray, type NDArrays } from '../lib/ndarray'
import { openGuardedZip } from './guarded-zip'

const maxBytes = 2 ** 30

/** Reads NumPy's `.npz` into arrays: f4, f8 (as float32), i4, i8 (as int32), any order; objects are refused, so nothing is ever executed. */
export async function readNpz(path: string): Promise<NDArrays> {
  const zip = await openGuardedZip(path).catch((cause: unknown) => {
    throw new NagareError('bad-input', `${path} is no .npz file: ${(cause as Error).message}.`, { file: path, cause })
  })
  const arrays: NDArrays = {}
  let total = 0
  try {
    for await (const entry of zip.eachEntry()) {
      total += entry.uncompressedSize
      if (total > maxBytes) throw new NagareError('bad-input', `${path} holds over ${maxBytes} bytes.`, { file: path })
      if (!entry.fileName.endsWith('.npy')) continue
      arrays[entry.fileName.slice(0, -4)] = parseNpy(
        await buffer(await zip.openReadStreamPromise(entry)),
        `${path}: ${entry.fileName}`,
      )
    }
    return arrays
  } catch (thrown) {
    if (thrown instanceof NagareError) throw thrown
    throw new NagareError('corrupt', `${path} is damaged: ${(thrown as Error).message}.`, { file: path, cause: thrown })
  } finally {
    zip.close()
  }
}

/** One `.npy` array (format versions 1–3). Throws `corrupt` or `unsupported`. */
export function parseNpy(bytes: Buffer, file: string): NDArray {
  const bad = (why: string) => new NagareError('corrupt', `${file} is no whole .npy array: ${why}.`, { file })
  if (bytes.length < 12 || bytes.toString('latin1', 0, 6) !== '\x93NUMPY') throw bad('its first bytes are not its mark')
  const wide = bytes[6]! > 1
  const start = wide ? 12 : 10
  const length = wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8)
  if (start + length > bytes.length) throw bad('its header is cut')
  const header = bytes.toString('latin1', start, start + length)
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1]
  const shapeText = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1]
  if (shapeText === undefined) throw bad('its header names no shape')
  const shape = shapeText
    .split(',')
    .map((side) => side.trim())
    .filter(Boolean)
    .map(Number)
  if (shape.some((side) => !Number.isSafeInteger(side) || side < 0)) throw bad('its shape makes no sense')
  const data = numbers(descr ?? 'no number type', bytes.subarray(start + length), sizeOf(shape), file)
  const array: NDArray = { shape, dtype: data instanceof Int32Array ? 'int32' : 'float32', data }
  return /'fortran_order':\s*True/.test(header) ? rowMajor(array) : array
}

function numbers(descr: string, body: Buffer, count: number, file: string): Float32Array | Int32Array {
  const sizes: Record<string, number> = { '<f4': 4, '<f8': 8, '<i4': 4, '<i8': 8 }
  const size = sizes[descr]
  if (!size)
    throw new NagareError('unsupported', `${file} holds ${descr}; float32, float64, int32 and int64 are read.`, {
      file,
    })
  if (body.length < count * size)
    throw new NagareError('corrupt', `${file} holds ${body.length} bytes, its shape needs ${count * size}.`, { file })
  const at = (read: (offset: number) => number) => (_: unknown, i: number) => read(i * size)
  const from = { length: count }
  if (descr === '<f4')
    return Float32Array.from(
      from,
      at((offset) => body.readFloatLE(offset)),
    )
  if (descr === '<f8')
    return Float32Array.from(
      from,
      at((offset) => body.readDoubleLE(offset)),
    )
  if (descr === '<i4')
    return Int32Array.from(
      from,
      at((offset) => body.readInt32LE(offset)),
    )
  return Int32Array.from(
    from,
    at((offset) => Number(body.readBigInt64LE(offset))),
  )
}

/** The same array with its last axis fastest. */
function rowMajor(array: NDArray): NDArray {
  const { shape, data } = array
  const out = data.slice()
  const index = new Array<number>(shape.length).fill(0)
  for (let i = 0; i < out.length; i++) {
    let offset = 0
    for (let axis = shape.length - 1; axis >= 0; axis--) offset = offset * shape[axis]! + index[axis]!
    out[i] = data[offset]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < shape[axis]!) break
      index[axis] = 0
    }
  }
  return { ...array, data: out }
}
