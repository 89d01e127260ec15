import { numberTypes } from './number-types'
import { isWhole } from './rebuild'
import { corrupt, unsupported } from './refusals'
import { describe, isRecord, isSequence, type TorchStorage, type TorchValue } from './values'

/** Where the bytes of a file's storages come from; the buffer is the caller's. */
export type ReadBytes = (key: string, from: number, length: number) => Promise<Uint8Array<ArrayBuffer>>

/** What either format gives: the unpickled value, and the bytes of its storages. */
export interface TorchContent {
  root: TorchValue
  read: ReadBytes
  close(): Promise<void>
}

/** Storages by key, as the pickle declares them. */
export type Storages = Map<string, TorchStorage>

/** Bytes that a storage takes. */
export const storageBytes = ({ count, dtype }: TorchStorage): number => count * numberTypes[dtype].bytes

/**
 * Answers what a persistent id stands for: `('storage', class, key, place, count[, view])`, or `('module', class, source file, source)` whose source is
 * not looked at. `check` is told of each new storage and throws where the file cannot hold it.
 */
export function persistentIds(
  file: string,
  storages: Storages,
  check: (storage: TorchStorage) => void,
): (id: TorchValue) => TorchValue {
  return (id) => {
    if (!isSequence(id)) throw unsupported(file, `refers to ${describe(id)} outside of itself`)
    const [kind, made, key, , count, view = null] = id
    if (kind === 'module' && isRecord(made, 'class')) return made
    if (kind !== 'storage') throw unsupported(file, `refers to ${describe(kind)} with ${describe(made)}`)
    if (!isRecord(made, 'number-type') || !made.isStorage || typeof key !== 'string' || !isWhole(count))
      throw corrupt(file, `a storage is declared as ${describe(made)} ${describe(key)} of ${describe(count)}`)
    const known = storages.get(key)
    const storage: TorchStorage = known ?? { type: 'storage', key, dtype: made.dtype, offset: 0, count }
    if (!known) {
      check(storage)
      storages.set(key, storage)
    }
    if (storage.count !== count || storage.dtype !== made.dtype)
      throw corrupt(file, `storage ${JSON.stringify(key.slice(0, 40))} is declared twice, in different ways`)
    return view === null ? storage : part(file, storage, view)
  }
}

/** Part of a storage, `(key of the part, offset, count)`, as the oldest files share storages. */
function part(file: string, storage: TorchStorage, view: TorchValue): TorchStorage {
  const [key, offset, count] = isSequence(view) ? view : []
  if (typeof key !== 'string' || !isWhole(offset) || !isWhole(count) || offset + count > storage.count)
    throw corrupt(file, `part of a storage of ${storage.count} numbers is declared as ${describe(view)}`)
  return { ...storage, offset, count }
}
