import type { Job } from '@contract'
import { overallOf, type Overall } from '../queue/overall'
import { text } from '../text/text.svelte'
import { secondsOf } from './mel'
import { tell } from './notices.svelte'
import { openDialog } from './panels.svelte'
import { assetOf, isActive, project } from './project.svelte'

/** The jobs since the queue was last empty, how far they are together, and the sources that a batch is offered for. */
export const batch = $state({ jobs: [] as string[], shown: null as Overall | null, sources: [] as string[] })

const lengthOf = (job: Job) => {
  const source = assetOf(job.source)
  return source ? secondsOf(source) : 0
}

let isRunning = false

/** Follows the jobs; called again at every change of them. The share shown never goes back while no job is added. */
export function followBatch(jobs: readonly Job[]) {
  const active = jobs.filter(isActive)
  if (active.length && !isRunning) Object.assign(batch, { jobs: [], shown: null })
  if (!active.length) {
    if (isRunning) tellEnd(jobs.filter(({ id }) => batch.jobs.includes(id)))
    isRunning = false
    batch.shown = null
    return
  }
  isRunning = true
  const fresh = active.filter(({ id }) => !batch.jobs.includes(id))
  if (fresh.length) batch.jobs = [...batch.jobs, ...fresh.map(({ id }) => id)]
  const now = overallOf(
    jobs.filter(({ id }) => batch.jobs.includes(id)),
    lengthOf,
  )
  const before = batch.shown
  batch.shown = before && before.count === now.count ? { ...now, share: Math.max(before.share, now.share) } : now
}

/** Says that all is done: by the system where the window is out of sight, else in the window. */
function tellEnd(jobs: readonly Job[]) {
  if (!jobs.length || jobs.every(({ state }) => state === 'cancelled')) return
  const done = jobs.filter(({ state }) => state === 'done').length
  const failed = jobs.filter(({ state }) => state === 'failed').length
  const title = text.batch.over
  const told = text.batch.overText(done, failed)
  const isHidden = document.visibilityState === 'hidden'
  if (isHidden && 'Notification' in window && Notification.permission === 'granted') {
    const notice = new Notification(title, { body: told, tag: 'nagare.queue' })
    notice.onclick = () => window.focus()
  }
  // One job says so itself.
  if (jobs.length > 1) tell({ kind: failed ? 'warning' : 'done', title, text: told }, isHidden ? 0 : undefined)
}

/** Asks, where that was never answered, to be allowed to say when the queue is through; at a press only. */
export function askToNotify() {
  if ('Notification' in window && Notification.permission === 'default')
    void Notification.requestPermission().catch(() => undefined)
}

/** Offers to run the chosen task on sources. */
export function offerBatch(sources: readonly string[]) {
  batch.sources = [...sources]
  openDialog('batch')
}

/** Jobs that run or wait, in the order in which they are worked on. */
export function activeInOrder(jobs: readonly Job[] = project.jobs): Job[] {
  const place = (job: Job) => {
    if (job.state !== 'queued') return -1
    const at = project.queue.waiting.indexOf(job.id)
    return at < 0 ? Infinity : at
  }
  return jobs
    .filter(isActive)
    .sort((a, b) => (place(a) === place(b) ? a.createdAt.localeCompare(b.createdAt) : place(a) - place(b)))
}
