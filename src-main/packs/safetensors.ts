import { z } from 'zod'
import { NagareError } from '../lib/errors'
import { fromHalfBits, halfBits, largestHalf } from '../lib/half'
import { sizeOf, type NDArray, type NDArrays } from '../lib/ndarray'

const Header = z.record(
  z.string(),
  z.object({
    dtype: z.string(),
    shape: z.array(z.int().nonnegative()),
    data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
  }),
)

const dtypes = {
  F32: { bytes: 4, dtype: 'float32' },
  F16: { bytes: 2, dtype: 'float32' },
  I32: { bytes: 4, dtype: 'int32' },
  BOOL: { bytes: 1, dtype: 'bool' },
} as const

const maxHeader = 16 * 1024 * 1024

/** How the numbers of float32 arrays are stored: all of them, or rounded to 16 bits in half the space. */
export type Storage = 'float32' | 'float16'

/**
 * Arrays as safetensors bytes: names in order, data aligned to 8 bytes, `metadata` as its string map. Throws `bad-input` for numbers that 16 bits
 * do not hold where they are to.
 */
export function encodeSafetensors(
  arrays: NDArrays,
  metadata?: Record<string, string>,
  storage: Storage = 'float32',
): Uint8Array {
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {}
  const names = Object.keys(arrays).sort()
  let end = 0
  const stored = names.map((name) => storedAs(storage, name, arrays[name]!))
  for (const [i, name] of names.entries()) {
    const { tag, data } = stored[i]!
    header[name] = { dtype: tag, shape: arrays[name]!.shape, data_offsets: [end, end + data.byteLength] }
    end += data.byteLength
  }
  const json = Buffer.from(JSON.stringify(header))
  const padded = Math.ceil(json.length / 8) * 8
  const bytes = Buffer.alloc(8 + padded + end, 0x20)
  bytes.writeBigUInt64LE(BigInt(padded), 0)
  json.copy(bytes, 8)
  let at = 8 + padded
  for (const { data } of stored) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}

function storedAs(storage: Storage, name: string, { dtype, data }: NDArray) {
  if (dtype !== 'float32') return { tag: dtype === 'int32' ? 'I32' : 'BOOL', data }
  if (storage === 'float32') return { tag: 'F32', data }
  const beyond = (data as Float32Array).find((value) => !(Math.abs(value) <= largestHalf))
  if (beyond !== undefined)
    throw new NagareError('bad-input', `${name} holds ${beyond}, which 16 bits do not hold.`, {
      hint: 'Keep this model in 32 bits.',
    })
  return { tag: 'F16', data: halfBits(data as Float32Array) }
}

/** Reads safetensors bytes into arrays, 16-bit floats as float32; throws `corrupt` where header, offsets or sizes do not agree, `unsupported` for other number types. */
export function decodeSafetensors(bytes: Uint8Array, file = 'weights.safetensors'): NDArrays {
  const bad = (why: string) =>
    new NagareError('corrupt', `${file} is not a whole safetensors file: ${why}.`, {
      file,
      hint: 'Get the file again.',
    })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 8) throw bad(`it has ${bytes.length} bytes`)
  const length = Number(view.getBigUint64(0, true))
  if (length > maxHeader || 8 + length > bytes.length) throw bad(`its header claims ${length} bytes`)
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString('utf8'))
  } catch {
    throw bad('its header is no JSON')
  }
  if (typeof parsed === 'object' && parsed !== null) delete (parsed as Record<string, unknown>)['__metadata__']
  const header = Header.safeParse(parsed)
  if (!header.success) throw bad('its header has an unexpected form')
  const data = bytes.subarray(8 + length)
  const arrays: NDArrays = {}
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header.data)) {
    const kind = dtypes[dtype as keyof typeof dtypes]
    if (!kind)
      throw new NagareError('unsupported', `${file}: ${name} holds ${dtype}; F32, F16, I32 and BOOL are read.`, {
        file,
      })
    const [from, to] = data_offsets
    const count = sizeOf(shape)
    if (to > data.length || to - from !== count * kind.bytes) throw bad(`${name} lies outside the file`)
    arrays[name] = { shape, dtype: kind.dtype, data: typed(kind, data.subarray(from, to)) }
  }
  return arrays
}

/** The numbers in `bytes`, over the same memory where it is aligned for them and they are not of 16 bits. */
function typed({ bytes: size, dtype }: (typeof dtypes)[keyof typeof dtypes], bytes: Uint8Array): NDArray['data'] {
  const { buffer, byteOffset, length } = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes)
  if (size === 2) return fromHalfBits(new Uint16Array(buffer, byteOffset, length / size))
  if (dtype === 'float32') return new Float32Array(buffer, byteOffset, length / size)
  if (dtype === 'int32') return new Int32Array(buffer, byteOffset, length / size)
  return new Uint8Array(buffer, byteOffset, length)
}
