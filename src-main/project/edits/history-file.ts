import type { EditList } from '@contract'
import { copyFile } from 'node:fs/promises'
import { writeFileAtomic } from '../../lib/atomic-file'
import { readLines } from '../../lib/line-file'
import { HistoryEntry, newHistory, withEntry, type History } from './history'

/** Most bytes of a history: millions of steps. */
const largest = 512 * 1024 * 1024

export interface ReadHistory {
  entries: HistoryEntry[]
  history: History
  /** How many steps could be read, where the rest could not. */
  damagedAfter?: number
}

const parsed = (line: string): HistoryEntry | undefined => {
  try {
    return HistoryEntry.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

/**
 * Reads the history at `path` of a document that was `base` at first: no file, no steps. A line that makes no sense ends it, for those after it count on it;
 * the file is then kept as `<path>.damaged` and replaced by what could be read. Throws what reading throws.
 */
export async function readHistory(path: string, base: EditList): Promise<ReadHistory> {
  const lines = await readLines(path, largest)
  const entries: HistoryEntry[] = []
  let history = newHistory(base)
  for (const line of lines) {
    const entry = parsed(line)
    const next = entry && attempted(history, entry)
    if (!next) break
    entries.push(entry)
    history = next
  }
  if (entries.length === lines.length) return { entries, history }
  await copyFile(path, `${path}.damaged`)
  await writeFileAtomic(
    path,
    lines
      .slice(0, entries.length)
      .map((line) => `${line}\n`)
      .join(''),
  )
  return { entries, history, damagedAfter: entries.length }
}

function attempted(history: History, entry: HistoryEntry): History | undefined {
  try {
    return withEntry(history, entry)
  } catch {
    return undefined
  }
}
