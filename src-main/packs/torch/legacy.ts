import { open } from 'node:fs/promises'
import { pickleContext, type TorchLimits } from './limits'
import { unpickle, type PickleBytes } from './pickle'
import { corrupt, unsupported } from './refusals'
import { persistentIds, storageBytes, type Storages, type TorchContent } from './storages'
import { describe, isDict, isSequence } from './values'

type FileHandle = Awaited<ReturnType<typeof open>>

const magic = 0x1950a86a20f9469cfc6cn
const version = 1001

/**
 * Opens the stream format that PyTorch wrote before 1.6: five pickles (mark, version, machine, value, storage keys), then for each key its count as
 * int64 and its numbers. Only the pickles are held in memory.
 */
export async function openLegacy(path: string, limits: TorchLimits): Promise<TorchContent> {
  const handle = await open(path)
  try {
    const { size } = await handle.stat()
    const bytes = await readAt(handle, path, 0, Math.min(size, limits.pickleBytes))
    const input: PickleBytes = {
      bytes: Buffer.from(bytes.buffer),
      at: 0,
      cut: () =>
        size > bytes.length
          ? unsupported(path, `has pickles of more than ${limits.pickleBytes} bytes`)
          : corrupt(path, `it ends after ${size} bytes, within its pickles`),
    }
    const storages: Storages = new Map()
    const persistent = persistentIds(path, storages, (storage) => {
      if (!(storageBytes(storage) <= size))
        throw corrupt(path, `a storage of ${storage.count} numbers does not fit into its ${size} bytes`)
    })
    const context = pickleContext(path, limits, size, persistent)
    const next = () => unpickle(input, context, limits)

    if (next() !== magic) throw corrupt(path, 'it does not begin with the mark of PyTorch')
    const found = next()
    if (found !== version) throw unsupported(path, `has version ${describe(found)} of PyTorch's format`)
    const machine = next()
    if (!isDict(machine)) throw corrupt(path, 'it does not describe the machine that wrote it')
    if (machine.get('little_endian') !== true) throw unsupported(path, 'was written on a big-endian machine')
    const root = next()
    const keys = next()
    const places = await placesOf(handle, path, input.at, size, keys, storages)
    return {
      root,
      read: (key, from, length) => readAt(handle, path, places.get(key)! + from, length),
      close: () => handle.close(),
    }
  } catch (thrown) {
    await handle.close()
    throw thrown
  }
}

/** Where the numbers of each storage begin, in bytes from the beginning of the file. */
async function placesOf(
  handle: FileHandle,
  path: string,
  start: number,
  size: number,
  keys: unknown,
  storages: Storages,
): Promise<Map<string, number>> {
  if (!isSequence(keys as never)) throw corrupt(path, 'its list of storages is missing')
  const places = new Map<string, number>()
  let at = start
  for (const key of keys as unknown[]) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined
    if (!storage || places.has(storage.key)) throw corrupt(path, 'its list of storages names one that nothing uses')
    if (at + 8 > size) throw cutOff(path, size)
    const count = new BigInt64Array((await readAt(handle, path, at, 8)).buffer)[0]!
    if (count !== BigInt(storage.count))
      throw corrupt(path, `a storage of ${storage.count} numbers turns out to have ${count}`)
    places.set(storage.key, at + 8)
    at += 8 + storageBytes(storage)
    if (at > size) throw cutOff(path, size)
  }
  if (places.size < storages.size) throw corrupt(path, 'its list of storages lacks some that it uses')
  return places
}

const cutOff = (path: string, size: number) => corrupt(path, `it ends after ${size} bytes, within its numbers`)

async function readAt(
  handle: FileHandle,
  path: string,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, 2 ** 30), position + done)
    if (!bytesRead) throw corrupt(path, 'it ends too early')
    done += bytesRead
  }
  return bytes
}
