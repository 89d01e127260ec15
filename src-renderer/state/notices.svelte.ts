import { CallError, type ErrorRecord } from '@contract'
import { errorWords } from '../text/task-words'

export interface Notice {
  id: number
  kind: 'info' | 'done' | 'warning' | 'error'
  title: string
  text?: string | undefined
  hint?: string | undefined
  action?: { label: string; run(): void } | undefined
  /** Text that "Copy report" puts on the clipboard. */
  report?: string | undefined
}

export const notices = $state({ list: [] as Notice[] })

let nextId = 1
const lifetimes = { info: 6000, done: 6000, warning: 12_000, error: 0 }

/** Shows a notice; errors stay until closed, others leave after `life` milliseconds. */
export function tell(notice: Omit<Notice, 'id'>, life = lifetimes[notice.kind]): number {
  const id = nextId++
  notices.list = [...notices.list.slice(-3), { ...notice, id }]
  if (life > 0) setTimeout(() => dismiss(id), life)
  return id
}

export function dismiss(id: number) {
  notices.list = notices.list.filter((notice) => notice.id !== id)
}

export function recordOf(thrown: unknown): ErrorRecord {
  if (thrown instanceof CallError) return thrown.record
  return { code: 'internal', message: thrown instanceof Error ? thrown.message : String(thrown) }
}

/** The two lines of an error below its title. */
export function linesOf(record: ErrorRecord) {
  const { text, detail, hint } = errorWords(record)
  return { text, hint: [detail, hint].filter(Boolean).join(' ') || undefined }
}

/** Shows what went wrong; `title` says which action failed. A cancelled action is no error. */
export function tellError(title: string, thrown: unknown) {
  const record = recordOf(thrown)
  const { code, message, hint } = record
  const report = `${title}\n${message}\n${hint ?? ''}\n(${code})`
  if (code !== 'cancelled') tell({ kind: 'error', title, ...linesOf(record), report })
}
