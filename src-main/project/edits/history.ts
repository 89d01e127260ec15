import { Edit, EditKind, EditList } from '@contract'
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { applyEdit } from '../../dsp'
import { NagareError } from '../../lib/errors'

const at = z.iso.datetime()

/** One line of `history/<asset>.jsonl`. */
export const HistoryEntry = z.discriminatedUnion('type', [
  /** What the document was before its first edit, where that is not the asset's own sound. */
  z.object({ at, type: z.literal('base'), list: EditList }),
  z.object({ at, type: z.literal('edit'), kind: EditKind, edit: Edit }),
  z.object({ at, type: z.literal('undo') }),
  z.object({ at, type: z.literal('redo') }),
])
export type HistoryEntry = z.infer<typeof HistoryEntry>

interface Step {
  kind: EditKind
  edit: Edit
}

/** A document and all that was done to it. */
export interface History {
  /** Number of entries that led here. */
  revision: number
  base: EditList
  /** What holds, oldest first, and what was undone, the last first. */
  done: readonly Step[]
  undone: readonly Step[]
  /** What the document is now. */
  list: EditList
}

export const newHistory = (base: EditList): History => ({ revision: 0, base, done: [], undone: [], list: base })

const replayed = (base: EditList, steps: readonly Step[]) =>
  steps.reduce((list, { edit }) => applyEdit(list, edit), base)

/** The history with one entry more. Throws `bad-input` for an edit that cannot be made, `conflict` where there is nothing to undo or redo. */
export function withEntry(history: History, entry: HistoryEntry): History {
  const { base, done, undone, list } = history
  const next = { ...history, revision: history.revision + 1 }
  switch (entry.type) {
    case 'base':
      return { ...newHistory(entry.list), revision: next.revision }
    case 'edit': {
      const step = { kind: entry.kind, edit: entry.edit }
      return { ...next, done: [...done, step], undone: [], list: applyEdit(list, entry.edit) }
    }
    case 'undo': {
      const step = done.at(-1)
      if (!step) throw new NagareError('conflict', 'There is nothing to undo.')
      const rest = done.slice(0, -1)
      return { ...next, done: rest, undone: [...undone, step], list: replayed(base, rest) }
    }
    case 'redo': {
      const step = undone.at(-1)
      if (!step) throw new NagareError('conflict', 'There is nothing to redo.')
      return { ...next, done: [...done, step], undone: undone.slice(0, -1), list: applyEdit(list, step.edit) }
    }
  }
}

/** Names a list by what it holds. */
export const versionOf = (list: EditList): string =>
  createHash('sha256').update(JSON.stringify(list)).digest('hex').slice(0, 16)

/** The assets that a history, of its present and all its past, is made of. */
export function assetsIn(entries: readonly HistoryEntry[]): Set<string> {
  const found = new Set<string>()
  for (const entry of entries) {
    const segments =
      entry.type === 'base'
        ? entry.list.segments
        : entry.type === 'edit' && entry.edit.do === 'splice'
          ? entry.edit.segments
          : []
    for (const { asset } of segments) if (asset !== null) found.add(asset)
  }
  return found
}
