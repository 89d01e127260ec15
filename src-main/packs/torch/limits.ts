import { unsupported } from './refusals'
import type { PickleContext, SpentKind } from './values'

/** What reading one file may use up; a full-size WaveGlow with its optimiser takes about an eighth of each. */
export const torchLimits = {
  /** Bytes of one pickle. */
  pickleBytes: 32 * 1024 * 1024,
  /** Pickle operations, and items copied by them. */
  operations: 1_000_000,
  /** Lists, tuples, dicts, sets and objects. */
  containers: 200_000,
  memo: 250_000,
  /** Bytes of strings turned into byte strings. */
  copiedBytes: 64 * 1024 * 1024,
  /** Marks open at once: how deep a pickle may nest. */
  depth: 500,
  /** Files in a zip. */
  entries: 20_000,
  /** Times that a packed file in a zip may grow. */
  growth: 20,
  /** Numbers of all tensors together, for each byte of storage in the file: shared storages count each time. */
  numbersPerByte: 2,
}
export type TorchLimits = typeof torchLimits

const words: Record<SpentKind, string> = {
  operations: 'pickle operations',
  containers: 'lists, dicts and objects',
  memo: 'remembered values',
  copiedBytes: 'bytes of text turned into byte strings',
  numbers: 'numbers in its tensors, for its size',
}

/** Keeps count of what the file at `path` uses up; `storageBytes` is what its storages can hold at most. */
export function pickleContext(
  file: string,
  limits: TorchLimits,
  storageBytes: number,
  persistent: PickleContext['persistent'],
): PickleContext {
  const left: Record<SpentKind, number> = { ...limits, numbers: limits.numbersPerByte * storageBytes }
  return {
    file,
    persistent,
    spend(kind, amount) {
      left[kind] -= amount
      if (!(left[kind] >= 0)) throw unsupported(file, `has too many ${words[kind]}`)
    },
  }
}
