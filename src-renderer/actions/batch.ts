import type { Asset, Job, Task } from '@contract'
import { takesStretch } from '../enhance/schema'
import { activeInOrder, askToNotify, offerBatch } from '../state/batch.svelte'
import { draft } from '../state/draft.svelte'
import { say } from '../state/live.svelte'
import { tellError } from '../state/notices.svelte'
import { panels } from '../state/panels.svelte'
import { keepJob, project } from '../state/project.svelte'
import { selectedSource, sources } from '../state/selection.svelte'
import { text } from '../text/text.svelte'
import { call } from '../transport/engine'
import type { Action } from './action'
import { currentPack, currentSettings, currentTask } from './work'

/** The sources that a task works on, in the order in which they came. */
export const fittingSources = (task: Task): Asset[] =>
  sources()
    .filter(({ kind }) => task.accepts.includes(kind))
    .reverse()

/** Queues a task for each source, with the model and settings of the panel; a stretch is of one source and left out. Answers how many were queued. */
export async function runOnAll(task: Task, assets: readonly Asset[]): Promise<number> {
  const pack = currentPack(task)
  if (!pack) return 0
  askToNotify()
  const all = currentSettings(task)
  const settings = takesStretch(task.settings) ? { ...all, start: null, end: null } : all
  const seed = draft.seed === null ? {} : { seed: draft.seed }
  let count = 0
  for (const { id, name } of assets)
    try {
      const { job } = await call('task.run', { task: task.id, source: { asset: id }, settings, pack: pack.id, ...seed })
      keepJob(job)
      count++
    } catch (error) {
      tellError(text.batch.notQueued(name), error)
    }
  if (count) panels.side = 'queue'
  say(text.batch.queued(count))
  return count
}

const attempt = (what: Promise<unknown>) =>
  what.then(
    () => undefined,
    (error: unknown) => tellError(text.queue.failed, error),
  )

export const pauseQueue = (paused: boolean) => attempt(call('queue.pause', { paused }))

const waiting = () => activeInOrder().filter(({ state }) => state === 'queued')

/** Puts a waiting job `by` places further down. */
export function moveJob(job: Job, by: -1 | 1) {
  const list = waiting()
  const at = list.findIndex(({ id }) => id === job.id)
  const to = at + by
  if (at < 0 || to < 0 || to >= list.length) return
  const before = by < 0 ? list[to]!.id : (list[to + 1]?.id ?? null)
  return attempt(call('job.move', { job: job.id, before })).then(() => say(text.batch.moved(to + 1, list.length)))
}

/** Puts a waiting job in another's place. */
export function placeJob(job: string, onto: string) {
  const list = waiting()
  const [from, to] = [job, onto].map((id) => list.findIndex((each) => each.id === id)) as [number, number]
  if (from < 0 || to < 0 || from === to) return
  const before = from < to ? (list[to + 1]?.id ?? null) : onto
  return attempt(call('job.move', { job, before }))
}

/** What is done with many files and many jobs. */
export const batchActions = {
  runOnMany: {
    id: 'runOnMany',
    label: () => text.batch.actions.runOnMany,
    group: 'work',
    keys: ['Mod+Enter'],
    when: () => {
      const task = currentTask()
      return task !== undefined && currentPack(task) !== undefined && fittingSources(task).length > 0
    },
    run: () => offerBatch(fittingSources(currentTask()!).map(({ id }) => id)),
  },
  pauseQueue: {
    id: 'pauseQueue',
    label: () => text.batch.actions.pauseQueue,
    group: 'work',
    keys: ['Shift+Q'],
    when: () => project.loaded && (selectedSource() !== undefined || project.jobs.length > 0),
    run: () => pauseQueue(!project.queue.isPaused),
  },
} satisfies Record<string, Action>
