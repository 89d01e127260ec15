import type { Asset, EngineExit, ErrorRecord, Job } from '@contract'
import { text } from '../text/text.svelte'
import { say } from './live.svelte'
import { linesOf, tell } from './notices.svelte'
import { jobOf, project } from './project.svelte'
import { select } from './selection.svelte'
import { errorWords, jobLabel } from '../text/task-words'

let toldExit: string | undefined

/** Says once why the engine before this one ended. */
export function noticeOfExit(exit: EngineExit | null) {
  if (!exit || exit.at === toldExit) return
  toldExit = exit.at
  tell({ kind: 'warning', title: text.engine.restarted, text: exit.reason, hint: text.engine.resumed })
}

const rescuedKey = 'nagare.rescued'
/** So many are remembered to have been told. */
const mostTold = 100

/** Says once, also in pages that are loaded later, that a recording was completed without its window; only of those since `since`, where given. */
export function noticeOfRescue({ id, name, recorded }: Asset, since = '') {
  if (recorded?.recoveredAt == null || recorded.recoveredAt < since) return
  const told = (localStorage.getItem(rescuedKey) ?? '').split(' ')
  if (told.includes(id)) return
  localStorage.setItem(rescuedKey, [...told, id].slice(-mostTold).join(' '))
  const action = { label: text.record.show, run: () => select(id) }
  tell({ kind: 'info', title: text.record.rescued(name), text: text.record.rescuedHint, action }, 0)
}

const toldDamage = new Set<string>()

/** Says once that not all of a recording's history could be read. */
export function noticeOfDamage({ id, name, edit }: Asset) {
  if (edit?.damagedAfter === undefined || toldDamage.has(id)) return
  toldDamage.add(id)
  tell({ kind: 'warning', title: text.editing.damaged(name), text: text.editing.damagedAfter(edit.damagedAfter) }, 0)
}

/** Tells what went wrong in the engine that no call of this window can answer. */
export function noticeOfError(record: ErrorRecord) {
  const { code, message, hint } = record
  const { text: title, detail } = errorWords(record)
  tell({ kind: 'error', title, text: detail, hint, report: `${message}\n${hint ?? ''}\n(${code})` })
}

/** Tells how a job ended; compares with what the window knew before, so call it before the state changes. */
export function noticeOfJob(job: Job) {
  const before = jobOf(job.id)
  if (!before) return
  if (job.fallback && job.fallback !== before.fallback) noticeOfFallback(jobLabel(job), job.fallback)
  if (before.state === job.state) return
  if (job.state === 'done') say(text.job.doneSpoken(jobLabel(job)))
  if (job.state === 'cancelled') say(text.job.cancelledSpoken(jobLabel(job)))
  if (job.state === 'failed') {
    say(text.job.failedSpoken(jobLabel(job)))
    tell({
      kind: 'error',
      title: text.job.failed(jobLabel(job)),
      ...(job.error ? linesOf(job.error) : {}),
      report: jobReport(job),
    })
  }
}

const toldFallbacks = new Set<string>()

/** Says that the processor was taken in place of another device; a reason that was told before is only spoken. */
function noticeOfFallback(label: string, reason: string) {
  if (toldFallbacks.has(reason)) return say(text.job.fallbackSpoken(label))
  toldFallbacks.add(reason)
  tell({ kind: 'warning', title: text.job.fallback, text: reason, hint: text.job.fallbackHint })
}

/** All that helps to understand a failed job, ready to paste. */
export function jobReport(job: Job): string {
  return [
    `${jobLabel(job)} — ${job.state}`,
    job.error && `${job.error.code}: ${job.error.message}`,
    job.error?.hint,
    job.error?.file && `file: ${job.error.file}`,
    `task: ${job.task}, model: ${job.pack}, device: ${deviceOf(job)}, seed: ${job.seed}, attempt: ${job.attempt}`,
    job.fallback && `fallback: ${job.fallback}`,
    `settings: ${JSON.stringify(job.settings)}`,
    `Nagare ${project.version}`,
    `started: ${job.startedAt ?? '—'}, ended: ${job.endedAt ?? '—'}`,
    job.command && `command: ${job.command}`,
  ]
    .filter(Boolean)
    .join('\n')
}

const deviceOf = ({ device, requested }: Job) =>
  requested === null || requested === device ? device : `${device} (asked for: ${requested})`
