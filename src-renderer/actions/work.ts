import type { Job, Task } from '@contract'
import { convertTask, withVoices } from '../convert/voices'
import { settingsFrom, takesStretch } from '../enhance/schema'
import { draft } from '../state/draft.svelte'
import { gallery } from '../state/gallery.svelte'
import { listening, setRegion } from '../state/listening.svelte'
import { dismiss, tell, tellError } from '../state/notices.svelte'
import { isActive, jobOf, keepJob, project, tasksFor, worksOn } from '../state/project.svelte'
import { selectedSource, selectedTake } from '../state/selection.svelte'
import { call } from '../transport/engine'
import { say } from '../state/live.svelte'
import { text } from '../text/text.svelte'
import { taskFields, taskWords } from '../text/task-words'
import { selectedSamples } from './edit'
import { changeSettings } from './settings'

/** The newest unfinished job over the selected source. */
export const activeJob = () => {
  if (gallery.open) return project.jobs.findLast((job) => job.sources && isActive(job))
  const source = selectedSource()
  return source && project.jobs.findLast((job) => worksOn(job, source.id) && isActive(job))
}

/** The tasks that fit the selected source. */
export const currentTasks = (): Task[] => {
  if (gallery.open) return tasksFor('image')
  const source = selectedSource()
  return source ? tasksFor(source.kind) : []
}

/** Of the tasks that fit the selected source the chosen one, else the one that made the shown result, else the first. */
export const currentTask = (): Task | undefined => {
  const fitting = currentTasks()
  const find = (task: string | null | undefined) => fitting.find(({ id }) => id === task)
  return find(draft.task) ?? find(selectedTake()?.result.origin?.task) ?? fitting[0]
}

/** Chooses the task after the current one, the first after the last. */
export function chooseNextTask() {
  const fitting = currentTasks()
  const next = fitting[(fitting.findIndex(({ id }) => id === currentTask()?.id) + 1) % fitting.length]
  if (!next) return
  draft.task = next.id
  say(taskWords(next.id, next.label).verb)
}

export const packsFor = (kinds: readonly string[]) =>
  kinds.flatMap((kind) => project.packs.filter((pack) => pack.kind === kind))

/** The model that a run would use: the chosen one where it still exists, else the first of its kind. */
export function currentPack(task = currentTask()) {
  if (!task) return undefined
  const fitting = packsFor(task.packKinds)
  return fitting.find(({ id }) => id === project.settings.models[task.id]) ?? fitting[0]
}

/** Chooses the model of a task, for this run and those to come. */
export const choosePack = (task: Task, pack: string) => changeSettings({ models: { [task.id]: pack } })

/** The settings that a run would use. */
export function currentSettings(task = currentTask()): Record<string, unknown> {
  if (!task) return {}
  const remembered = { ...project.settings.tasks[task.id], ...draft.values[task.id] }
  const settings = settingsFrom(taskFields(task), remembered)
  const spoken = task.id === convertTask ? withVoices(settings, currentPack(task)?.voices ?? []) : settings
  return takesStretch(task.settings) ? { ...spoken, ...currentStretch() } : spoken
}

const milliseconds = (seconds: number) => Math.round(1000 * seconds) / 1000

/** Seconds at which the stretch to work on starts and ends; null for the source's own ends. */
function currentStretch(): { start: number | null; end: number | null } {
  const { region, duration } = listening
  if (!region || draft.stretch === 'whole') return { start: null, end: null }
  const end = milliseconds(region.to)
  return { start: region.from > 0 ? milliseconds(region.from) : null, end: end < duration ? end : null }
}

const taskOf = (id: string | undefined) => (id === undefined ? currentTask() : currentTasks().find((t) => t.id === id))

/** Whether a task, the chosen one if left out, can be started on the selected source. */
export function canRun(id?: string): boolean {
  const task = taskOf(id)
  const pack = currentPack(task)
  const isReady = task?.id !== convertTask || pack?.voices !== undefined
  return Boolean(task && pack && isReady && !activeJob() && !draft.starting)
}

/** Starts a task, the chosen one if left out, on the selected source with the model and settings that its panel shows; the engine remembers them. */
export async function runTask(id?: string) {
  const source = selectedSource()
  const task = taskOf(id)
  const pack = currentPack(task)
  if (!source || !task || !pack) return
  const settings = currentSettings(task)
  draft.task = task.id
  draft.starting = true
  try {
    const seed = draft.seed === null ? {} : { seed: draft.seed }
    const range = takesStretch(task.settings) || draft.stretch === 'whole' ? undefined : selectedSamples()
    const { job } = await call('task.run', {
      ...{ task: task.id, source: { asset: source.id }, settings, pack: pack.id },
      ...seed,
      ...(range ? { range } : {}),
    })
    keepJob(job)
    draft.follow = job.id
  } catch (error) {
    tellError(text.enhance.failed, error)
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
    const { task, settings, pack, range } = origin
    const { job } = await call('task.run', {
      ...{ task, source: { asset: source.id }, settings, pack: pack.id },
      ...(range ? { range: { ...range } } : {}),
    })
    keepJob(job)
    draft.follow = job.id
  } catch (error) {
    tellError(text.enhance.failed, error)
  }
}

/** Fills the panel with what made the shown result: task, model, settings, stretch and seed, to be changed before the next run. */
export async function useAgain() {
  const origin = selectedTake()?.result.origin
  if (!origin) return
  const { task: id, settings, seed } = origin
  draft.task = id
  draft.seed = seed
  const asked = jobOf(origin.job)?.settings ?? settings
  draft.values[id] = { ...asked }
  if (typeof asked.start === 'number' || typeof asked.end === 'number') {
    setRegion({ from: Number(asked.start ?? 0), to: Number(asked.end ?? listening.duration) })
    draft.stretch = 'selection'
  } else draft.stretch = 'whole'
  const task = project.tasks.find((each) => each.id === id)
  const pack = task && packsFor(task.packKinds).find((each) => each.sha256 === origin.pack.sha256)
  if (task && pack) await choosePack(task, pack.id)
  else tell({ kind: 'warning', title: text.result.modelGone(origin.pack.name), text: text.result.modelGoneHint })
  say(text.result.filled)
}

const attempt = (what: Promise<unknown>) =>
  what.then(
    () => undefined,
    (error: unknown) => tellError(text.queue.failed, error),
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
    notice: tell({ kind: 'info', title: text.enhance.pressEscape }, escapeMilliseconds),
  }
}

/** Puts text on the clipboard and says so. */
export async function copyText(copied: string) {
  try {
    await navigator.clipboard.writeText(copied)
    tell({ kind: 'done', title: text.enhance.copied }, 2500)
  } catch {
    tell({ kind: 'warning', title: text.enhance.copyFailed, text: text.enhance.copyFailedHint })
  }
}
