import { stat } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import type { Entry, ZipFile } from 'yauzl'
import { NagareError } from '../../lib/errors'
import { openGuardedZip } from '../guarded-zip'
import { pickleContext, type TorchLimits } from './limits'
import { unpickle, type PickleBytes } from './pickle'
import { corrupt, unsupported } from './refusals'
import { persistentIds, storageBytes, type ReadBytes, type Storages, type TorchContent } from './storages'

/** Opens the zip format of PyTorch 1.6 and later: `NAME/data.pkl` beside `NAME/data/KEY` for each storage, which is read when asked for. */
export async function openTorchZip(path: string, limits: TorchLimits): Promise<TorchContent> {
  const zip = await openGuardedZip(path).catch((cause: unknown) => {
    throw corrupt(path, `its zip is damaged (${(cause as Error).message})`, cause)
  })
  try {
    const entries = await entriesOf(zip, path, limits)
    const folder = folderOf(path, [...entries.keys()])
    const read = (name: string) => readEntry(zip, path, entries.get(name)!)
    const order = entries.get(`${folder}/byteorder`)
    if (order && order.uncompressedSize < 20 && text(await read(order.fileName)) !== 'little')
      throw unsupported(path, 'was written on a big-endian machine')

    const pickle = entries.get(`${folder}/data.pkl`)!
    if (pickle.uncompressedSize > limits.pickleBytes)
      throw unsupported(
        path,
        `has a pickle of ${pickle.uncompressedSize} bytes; at most ${limits.pickleBytes} are read`,
      )
    const storages: Storages = new Map()
    const persistent = persistentIds(path, storages, (storage) => {
      const entry = entries.get(`${folder}/data/${storage.key}`)
      if (entry?.uncompressedSize !== storageBytes(storage))
        throw corrupt(
          path,
          `storage ${JSON.stringify(storage.key.slice(0, 40))} of ${storage.count} numbers has ${entry ? `${entry.uncompressedSize} bytes` : 'no file'} in the zip`,
        )
    })
    const bytes = Buffer.from((await read(pickle.fileName)).buffer)
    const input: PickleBytes = { bytes, at: 0, cut: () => corrupt(path, 'its pickle ends too early') }
    const held = [...entries.values()].reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0)
    const root = unpickle(input, pickleContext(path, limits, held, persistent), limits)
    return {
      root,
      read: keepLast((key) => read(`${folder}/data/${key}`)),
      close: async () => zip.close(),
    }
  } catch (thrown) {
    zip.close()
    throw thrown
  }
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1').trim()

async function entriesOf(zip: ZipFile, path: string, limits: TorchLimits): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>()
  let packed = 0
  try {
    for await (const entry of zip.eachEntry()) {
      const { fileName, compressedSize, uncompressedSize } = entry
      if (entries.size >= limits.entries) throw unsupported(path, `holds over ${limits.entries} files`)
      if (entries.has(fileName))
        throw corrupt(path, `it holds two files named ${JSON.stringify(fileName.slice(0, 80))}`)
      if (uncompressedSize > 1e6 && uncompressedSize > limits.growth * compressedSize)
        throw unsupported(path, `holds a file that would grow over ${limits.growth} times when unpacked`)
      packed += compressedSize
      entries.set(fileName, entry)
    }
    if (packed > (await stat(path)).size) throw corrupt(path, 'files in its zip lie upon each other')
  } catch (thrown) {
    if (thrown instanceof NagareError) throw thrown
    throw corrupt(path, `its zip is damaged (${(thrown as Error).message})`, thrown)
  }
  return entries
}

/** The one folder that holds everything. */
function folderOf(path: string, names: readonly string[]): string {
  const found = names.map((name) => /^([^/]+)\/data\.pkl$/.exec(name)?.[1]).filter((name) => name !== undefined)
  if (found.length !== 1)
    throw new NagareError('bad-input', `${path} is a zip, but no PyTorch file: it holds ${found.length} data.pkl.`, {
      file: path,
      hint: 'Choose a .pt or .pth checkpoint.',
    })
  const [folder] = found as [string]
  if (names.some((name) => name === `${folder}/constants.pkl` || name.startsWith(`${folder}/code/`)))
    throw unsupported(path, 'is a TorchScript program, no checkpoint')
  return folder
}

async function readEntry(zip: ZipFile, path: string, entry: Entry): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(entry.uncompressedSize)
  try {
    let done = 0
    for await (const chunk of await zip.openReadStreamPromise(entry)) {
      bytes.set(chunk as Buffer, done)
      done += (chunk as Buffer).length
    }
    if (done !== bytes.length) throw new Error(`it ends after ${done} bytes`)
    if (crc32(bytes) !== entry.crc32) throw new Error('its checksum differs')
    return bytes
  } catch (cause) {
    throw corrupt(
      path,
      `${JSON.stringify(entry.fileName.slice(0, 80))} cannot be read: ${(cause as Error).message}`,
      cause,
    )
  }
}

/** Parts of whole storages, of which the last one read is kept: tensors that share one are mostly asked for in a row. */
function keepLast(read: (key: string) => Promise<Uint8Array<ArrayBuffer>>): ReadBytes {
  let last: { key: string; bytes: Uint8Array<ArrayBuffer> } | undefined
  return async (key, from, length) => {
    if (last?.key !== key) {
      last = undefined
      last = { key, bytes: await read(key) }
    }
    return last.bytes.slice(from, from + length)
  }
}
