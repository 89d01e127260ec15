import { buffer } from 'node:stream/consumers'
import yazl from 'yazl'

/** Bytes of a pickle: text stands for its Latin-1 bytes, a number for one byte. */
export type Part = string | number | Uint8Array

export const bytesOf = (...parts: Part[]): Buffer =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === 'string' ? Buffer.from(part, 'latin1') : typeof part === 'number' ? Buffer.of(part) : part,
    ),
  )

/** A pickle of protocol 2 around `parts`. */
export const pickle = (...parts: Part[]): Buffer => bytesOf('\x80\x02', ...parts, '.')

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** Operations as PyTorch writes them: text, whole number, class by its name, storage by its id. */
export const text = (value: string): Buffer => bytesOf('X', uint32(Buffer.byteLength(value)), Buffer.from(value))
export const whole = (value: number): Buffer => bytesOf('J', uint32(value >>> 0))
export const named = (module: string, name: string): Buffer => bytesOf(`c${module}\n${name}\n`)
export const storage = (key: string, count: number, kind = 'FloatStorage', legacy = false): Buffer =>
  bytesOf('(', text('storage'), named('torch', kind), text(key), text('cpu'), whole(count), legacy ? 'N' : '', 'tQ')

/** A tensor over `from`, as `_rebuild_tensor_v2` is called. */
export const tensor = (from: Part, offset: number, shape: readonly number[], stride: readonly number[]): Buffer =>
  bytesOf(
    ...[named('torch._utils', '_rebuild_tensor_v2'), '(', from, whole(offset)],
    ...['(', ...shape.map(whole), 't(', ...stride.map(whole), 't\x89', named('collections', 'OrderedDict'), ')RtR'],
  )

/** A file of the zip format: `root` as its pickle, storages by key. */
export async function torchZip(
  root: Uint8Array,
  storages: Record<string, Uint8Array> = {},
  { compress = false, more = {} }: { compress?: boolean; more?: Record<string, Uint8Array> } = {},
): Promise<Buffer> {
  const zip = new yazl.ZipFile()
  const add = (name: string, bytes: Uint8Array) =>
    zip.addBuffer(Buffer.from(bytes), `archive/${name}`, { compress, mtime: new Date(0) })
  add('data.pkl', root)
  for (const [key, bytes] of Object.entries(storages)) add(`data/${key}`, bytes)
  for (const [name, bytes] of Object.entries(more)) add(name, bytes)
  zip.end()
  return buffer(zip.outputStream)
}

/** A file of the stream format. */
export function torchStream(
  root: Uint8Array,
  storages: Record<string, { count: number; bytes: Uint8Array }> = {},
  { littleEndian = true } = {},
): Buffer {
  const keys = Object.keys(storages)
  return bytesOf(
    pickle('\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19'),
    pickle('M\xe9\x03'),
    pickle('}(', text('protocol_version'), 'M\xe9\x03', text('little_endian'), littleEndian ? 0x88 : 0x89, 'u'),
    root,
    pickle('](', ...keys.map(text), 'e'),
    ...keys.flatMap((key) => {
      const { count, bytes } = storages[key]!
      return [uint32(count), uint32(0), bytes]
    }),
  )
}

export const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)
