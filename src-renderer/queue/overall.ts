import type { Job } from '@contract'

/** How far a group of jobs is. */
export interface Overall {
  count: number
  /** How many are over, however they ended. */
  over: number
  failed: number
  /** Share of the work that is done, 0 to 1, each job weighed by the length of what it works on. */
  share: number
  /** Null while it is unknown how fast the rest goes. */
  secondsLeft: number | null
}

const isOver = ({ state }: Job) => state === 'done' || state === 'failed' || state === 'cancelled'
const shareOf = (job: Job) =>
  isOver(job) ? 1 : job.progress && job.progress.total > 0 ? Math.min(1, job.progress.done / job.progress.total) : 0

/** Seconds of computing per second of material that jobs of one task and model took. */
function speedOf(job: Job, others: readonly Job[], lengthOf: (job: Job) => number): number | null {
  const alike = others.filter(({ task, pack }) => task === job.task && pack === job.pack)
  const running = alike.find(({ state, progress }) => state === 'running' && progress?.rtf)
  if (running) return running.progress!.rtf
  const done = alike.findLast(({ state, startedAt, endedAt }) => state === 'done' && startedAt && endedAt)
  const length = done && lengthOf(done)
  if (!done || !length) return null
  return (Date.parse(done.endedAt!) - Date.parse(done.startedAt!)) / 1000 / length
}

/** How far `jobs` are; `lengthOf` answers the seconds of material of a job's source, 0 where it has none. */
export function overallOf(jobs: readonly Job[], lengthOf: (job: Job) => number): Overall {
  const known = jobs.map(lengthOf).filter((length) => length > 0)
  const usual = known.length ? known.reduce((a, b) => a + b, 0) / known.length : 1
  const weight = (job: Job) => lengthOf(job) || usual
  const total = jobs.reduce((sum, job) => sum + weight(job), 0)
  const done = jobs.reduce((sum, job) => sum + weight(job) * shareOf(job), 0)
  let secondsLeft: number | null = 0
  for (const job of jobs) {
    if (isOver(job) || secondsLeft === null) continue
    const eta = job.state === 'queued' ? undefined : job.progress?.etaSeconds
    const speed = speedOf(job, jobs, lengthOf)
    const left: number | null = eta ?? (speed === null ? null : speed * weight(job) * (1 - shareOf(job)))
    secondsLeft = left === null ? null : secondsLeft + left
  }
  return {
    count: jobs.length,
    over: jobs.filter(isOver).length,
    failed: jobs.filter(({ state }) => state === 'failed').length,
    share: total > 0 ? done / total : 0,
    secondsLeft,
  }
}
