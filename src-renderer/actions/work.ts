import type { Job } from '@contract'
import { fieldsOf, settingsFrom } from '../enhance/schema'
import { draft } from '../state/draft.svelte'
import { dismiss, tell, tellError } from '../state/notices.svelte'
import { isActive, keepJob, project, taskFor } from '../state/project.svelte'
import { selectedSource, selectedTake } from '../state/selection.svelte'
import { call } from '../transport/engine'
import { en } from '../text/en'

/** The newest unfinished job over the selected source. */
export const activeJob = () => {
  const source = selectedSource()
  return source && project.jobs.findLast((job) => job.source === source.id && isActive(job))
}

/** The task that fits the selected source. */
export const currentTask = () => {
  const source = selectedSource()
  return source && taskFor(source.kind)
}

export const packsFor = (kind: string) => project.packs.filter((pack) => pack.kind === kind)

/** The model that a run would use: the chosen one where it still exists, else the first of its kind. */
export function currentPack() {
  const task = currentTask()
  if (!task) return undefined
  const fitting = packsFor(task.packKind)
  return fitting.find(({ id }) => id === draft.pack) ?? fitting[0]
}

/** The settings that a run would use. */
export function currentSettings(): Record<string, unknown> {
  const task = currentTask()
  return task
    ? settingsFrom(fieldsOf(task.settings), { ...project.settings.tasks[task.id], ...draft.values[task.id] })
    : {}
}

export const canEnhance = () =>
  Boolean(selectedSource()?.audio && currentTask() && currentPack() && !activeJob() && !draft.starting)

/** Starts the selected source's task with the settings shown, and remembers them. */
export async function enhance(seed?: number) {
  const source = selectedSource()
  const task = currentTask()
  const pack = currentPack()
  if (!source || !task || !pack) return
  const settings = currentSettings()
  draft.starting = true
  try {
    const tasks = { ...project.settings.tasks, [task.id]: settings }
    void call('settings.set', { tasks }).catch(() => undefined)
    const { job } = await call('task.run', {
      task: task.id,
      source: { asset: source.id },
      settings,
      pack: pack.id,
      ...(seed === undefined ? {} : { seed }),
    })
    keepJob(job)
    draft.follow = job.id
  } catch (error) {
    tellError(en.enhance.failed, error)
  } finally {
    draft.starting = false
  }
}

/** Runs what made the shown result once more, with its own settings and model. */
export async function runAgain() {
  const source = selectedSource()
  const origin = selectedTake()?.result.origin
  if (!source || !origin) return
  try {
    const { task, settings, pack } = origin
    const { job } = await call('task.run', { task, source: { asset: source.id }, settings, pack: pack.id })
    keepJob(job)
    draft.follow = job.id
  } catch (error) {
    tellError(en.enhance.failed, error)
  }
}

const attempt = (what: Promise<unknown>) =>
  what.then(
    () => undefined,
    (error: unknown) => tellError(en.queue.failed, error),
  )

export const cancelJob = (job: Job) => attempt(call('job.cancel', { job: job.id }))
export const removeJob = (job: Job) => attempt(call('job.remove', { job: job.id }))
export const retryJob = (job: Job) =>
  attempt(
    call('job.retry', { job: job.id }).then(({ job: again }) => {
      keepJob(again)
      draft.follow = again.id
    }),
  )

const escapeMilliseconds = 3000
let escape: { job: string; notice: number; at: number } | undefined

/** Stops the running job at the second call within three seconds; the first only says so. */
export function cancelWithCare() {
  const job = activeJob()
  if (!job || job.state === 'cancelling') return
  if (escape?.job === job.id && Date.now() - escape.at < escapeMilliseconds) {
    dismiss(escape.notice)
    escape = undefined
    void cancelJob(job)
    return
  }
  escape = {
    job: job.id,
    at: Date.now(),
    notice: tell({ kind: 'info', title: en.enhance.pressEscape }, escapeMilliseconds),
  }
}

/** Puts text on the clipboard and says so. */
export async function copyText(text: string) {
  try {
    await navigator.clipboard.writeText(text)
    tell({ kind: 'done', title: en.enhance.copied }, 2500)
  } catch {
    tell({ kind: 'warning', title: en.enhance.copyFailed, text: en.enhance.copyFailedHint })
  }
}
