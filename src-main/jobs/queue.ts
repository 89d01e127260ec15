import type { Job, Progress } from '@contract'
import { mkdir, rm } from 'node:fs/promises'
import { systemClock, type Clock } from '../lib/clock'
import { errorRecord, NagareError } from '../lib/errors'
import { silent, type Log } from '../lib/log'
import { throttle } from '../lib/throttle'
import type { DeviceUse } from '../tasks/run-on-device'
import type { TaskOutput } from '../tasks/task'
import { takeEntry, type JobLog, type LoggedJob, type OwnEntry } from './job-log'
import { progressMeter } from './progress-meter'
import type { JobRunner, Run } from './run-in-worker'
import type { TaskJob } from './worker-messages'

const mostCrashes = 3
/** Milliseconds between two progress events of a job. */
const progressEvery = 100

export interface QueueListener {
  changed(job: Job): void
  progress(job: string, progress: Progress): void
  removed(job: string): void
  /** The order of what waits, or whether it is held, has changed. */
  reordered?(state: QueueState): void
}

/** Whether further jobs are held back, and the jobs that wait in the order in which they will be worked on. */
export interface QueueState {
  isPaused: boolean
  waiting: string[]
}

export interface QueueOptions {
  log: JobLog
  run: JobRunner
  /** Finds what the job needs to run: its input, its model. What it throws fails the job. */
  prepare(job: Job): Promise<Omit<TaskJob, 'cancelFlag' | 'work'>>
  /** Puts the outputs in their place and answers the ids of the assets they became; `seconds` is how long the task ran, `source` whose they are where a job has many. */
  finish(job: Job, outputs: TaskOutput[], seconds: number, source?: string): Promise<string[]>
  /** Undoes what `finish` did for a job whose end was never written down. */
  discard(job: Job): Promise<void>
  workOf(job: string): string
  listener: QueueListener
  clock?: Clock
  journal?: Log
}

/** The jobs of a project: first come, first served, one at a time; every step is on disk before it is told. */
export interface Queue {
  /** In the order in which they were queued. */
  list(): Job[]
  /** Throws `not-found`. */
  get(id: string): Job
  add(job: Job): Promise<Job>
  /** Stops a waiting or running job for good; resolves when that is on disk. Harmless for one that has ended. */
  cancel(id: string): Promise<void>
  /** Queues a failed or cancelled job again. Throws `conflict` for others. */
  retry(id: string): Promise<Job>
  /** Forgets an ended job; its results stay. Throws `conflict` for one that waits or runs. */
  remove(id: string): Promise<void>
  /** Puts a waiting job before another waiting one, or to the end. Throws `conflict` for others. */
  move(id: string, before: string | null): Promise<void>
  /** Starts no further job, also after a restart, until it is asked to go on; what runs is finished. */
  pause(paused: boolean): Promise<void>
  state(): QueueState
  /** Starts working; before that, jobs only wait. */
  start(): void
  /** Stops the running job, to be resumed at the next opening, and works no more. */
  close(): Promise<void>
}

/** The job that is worked on. */
interface Active {
  id: string
  isCancelled: boolean
  run?: Run
  ended: Promise<void>
}

/** Takes up the jobs that `log` tells of: what a crash interrupted waits again, or has failed after three times. */
export async function openQueue(options: QueueOptions): Promise<Queue> {
  const { log, run, prepare, finish, discard, workOf, listener, clock = systemClock, journal = silent } = options
  const jobs = new Map<string, LoggedJob>(log.jobs.map((logged) => [logged.job.id, logged]))
  let active: Active | undefined
  let isStarted = false
  let isClosing = false
  let { isPaused } = log

  const state = (): QueueState => ({
    isPaused,
    waiting: [...jobs.values()].flatMap(({ job }) => (job.state === 'queued' ? [job.id] : [])),
  })
  const tellOrder = () => listener.reordered?.(state())
  const waits = (id: string) => {
    const { state: found, label } = known(id).job
    if (found !== 'queued')
      throw new NagareError(
        'conflict',
        `${label}: only jobs that wait can be put in another place; this one is ${found}.`,
      )
  }

  const known = (id: string): LoggedJob => {
    const found = jobs.get(id)
    if (!found) throw new NagareError('not-found', `There is no job ${id}.`, { hint: 'It may have been removed.' })
    return found
  }
  /** The state of a job that may have been removed as soon as it ended. */
  const stateOf = (id: string) => jobs.get(id)?.job.state
  const show = (id: string, change: Partial<Job>) => {
    const logged = known(id)
    const job = { ...logged.job, ...change }
    jobs.set(id, { ...logged, job })
    listener.changed(job)
    return job
  }
  type Change = OwnEntry extends infer E ? (E extends OwnEntry ? Omit<E, 'at' | 'job'> : never) : never
  const record = async (id: string, change: Change, { quietly = false } = {}) => {
    const entry = { at: new Date().toISOString(), job: id, ...change } as OwnEntry
    await log.append(entry)
    takeEntry(jobs, entry)
    if (quietly) return
    const after = jobs.get(id)
    if (after) listener.changed(after.job)
    else listener.removed(id)
  }
  const wipe = (id: string) => rm(workOf(id), { recursive: true, force: true })

  /** Writes down that a job failed; when even that cannot be written, it still shows. */
  const fail = async (id: string, thrown: unknown) => {
    const error = errorRecord(thrown)
    journal.warn('job-failed', { job: id, error })
    await record(id, { type: 'failed', error }).catch(() =>
      show(id, { state: 'failed', error, endedAt: new Date().toISOString(), progress: null }),
    )
  }

  /** Writes down what a job computes on; when that cannot be written, it still shows. */
  const noteDevice = async (id: string, { device, fallback }: DeviceUse) => {
    const { job } = known(id)
    if (job.device === device && (fallback === null || fallback === job.fallback)) return
    if (fallback !== null) journal.warn('device-fallback', { job: id, from: job.device, to: device, reason: fallback })
    await record(id, { type: 'device', device, fallback }).catch(() => show(id, { device, fallback, progress: null }))
  }

  /** Takes in what comes of the sources of a job over many, one after the other, each noted down before the next. */
  const collector = (self: Active, seconds: () => number) => {
    const { id } = self
    let last = Promise.resolve()
    let since = 0
    let failure: unknown
    const then = (step: () => Promise<void>) => {
      last = last.then(async () => {
        if (self.isCancelled || failure !== undefined) return
        await step().catch((thrown: unknown) => {
          failure = thrown
          self.run?.stop()
        })
      })
    }
    return {
      made: (source: string, outputs: TaskOutput[]) =>
        then(async () => {
          const [from, to] = [since, (since = seconds())]
          const results = await finish(known(id).job, outputs, Math.max(0, to - from), source)
          await record(id, { type: 'made', results }, { quietly: true })
        }),
      missed: (source: string, error: NagareError) =>
        then(() => record(id, { type: 'missed', source, error: errorRecord(error) })),
      /** Resolves when all that was told is noted down. Throws what kept it from that. */
      async settled() {
        await last
        if (failure !== undefined) throw failure
      },
    }
  }

  const work = async (self: Active) => {
    const { id } = self
    const isStopped = () => self.isCancelled || isClosing
    try {
      const work = workOf(id)
      await mkdir(work, { recursive: true })
      const input = await prepare(known(id).job)
      if (isStopped()) return
      await record(id, { type: 'started' })
      if (isStopped()) return
      const startedAt = clock.now()
      const newMeter = () => progressMeter(() => clock.now())
      let meter = newMeter()
      const seconds = () => (clock.now() - startedAt) / 1000
      const many = collector(self, seconds)
      let deviceNoted: Promise<void> | undefined
      const tell = throttle<Progress>(progressEvery, (progress) => listener.progress(id, progress), clock)
      self.run = run(
        { ...input, work },
        {
          progress(report) {
            const progress = meter(report)
            const logged = known(id)
            jobs.set(id, { ...logged, job: { ...logged.job, progress } })
            if (!isStopped()) tell(progress)
          },
          device(use) {
            if (isStopped()) return
            meter = newMeter()
            deviceNoted = noteDevice(id, use)
          },
          made: many.made,
          missed: many.missed,
        },
      )
      const outputs = await self.run.ended.finally(async () => {
        tell.stop()
        await many.settled()
      })
      await deviceNoted
      if (self.isCancelled) return
      const { job } = known(id)
      if (job.sources && job.missed?.length && job.results.length === 0) throw noneOf(job.missed)
      const results = [...job.results, ...(await finish(job, outputs, seconds()))]
      if (!self.isCancelled) await record(id, { type: 'done', results })
    } catch (thrown) {
      if (isStopped()) return
      await discard(known(id).job)
      await fail(id, thrown)
    } finally {
      if (self.isCancelled) {
        await discard(known(id).job)
        const { sources, results } = known(id).job
        show(id, {
          ...{ state: 'cancelled', endedAt: new Date().toISOString(), progress: null },
          results: sources ? results : [],
        })
      } else if (isClosing && stateOf(id) === 'running') await record(id, { type: 'requeued', reason: 'quit' })
      await wipe(id)
    }
  }

  const next = () => {
    if (active || !isStarted || isClosing || isPaused) return
    const waiting = [...jobs.values()].find(({ job }) => job.state === 'queued')
    if (!waiting) return
    const { id } = waiting.job
    const self: Active = { id, isCancelled: false, ended: Promise.resolve() }
    active = self
    self.ended = work(self)
      .catch((thrown: unknown) => journal.error('job-bookkeeping', { job: id, error: thrown }))
      .then(() => {
        active = undefined
        next()
      })
  }

  for (const { job, crashes } of [...jobs.values()]) {
    if (job.state === 'done') continue
    await discard(job)
    if (job.state !== 'running') continue
    if (crashes + 1 < mostCrashes) {
      await record(job.id, { type: 'requeued', reason: 'crash' })
      // The last try is made where no graphics driver can end the engine.
      if (crashes + 2 === mostCrashes && !['auto', 'cpu', 'reference'].includes(job.device))
        await noteDevice(job.id, {
          device: 'cpu',
          fallback: `The engine ended ${crashes + 1} times while it worked on this, the last time on the device ${job.device}. Computing on the processor instead.`,
        })
    } else
      await fail(
        job.id,
        new NagareError(
          'internal',
          `The engine ended ${mostCrashes} times while it worked on this; it is not tried again by itself.`,
          {
            hint: 'Try other settings or a shorter recording, or send the log to the authors.',
          },
        ),
      )
  }

  return {
    list: () => [...jobs.values()].map(({ job }) => job),
    get: (id) => known(id).job,
    async add(job) {
      await record(job.id, { type: 'queued', record: job })
      next()
      return job
    },
    async cancel(id) {
      const { state } = known(id).job
      if (state !== 'running' && state !== 'queued') return
      if (active?.id !== id) return record(id, { type: 'cancelled' })
      const self = active
      self.isCancelled = true
      show(id, { state: 'cancelling' })
      try {
        await log.append({ at: new Date().toISOString(), job: id, type: 'cancelled' })
      } finally {
        self.run?.stop()
      }
    },
    async retry(id) {
      const { state } = known(id).job
      if (state !== 'failed' && state !== 'cancelled')
        throw new NagareError(
          'conflict',
          `Only a job that failed or was cancelled can be tried again; this one is ${state}.`,
        )
      await record(id, { type: 'requeued', reason: 'retry' })
      tellOrder()
      next()
      return known(id).job
    },
    async remove(id) {
      const { state } = known(id).job
      if (state === 'queued' || state === 'running' || state === 'cancelling')
        throw new NagareError('conflict', 'This job is not over yet.', { hint: 'Cancel it first.' })
      await record(id, { type: 'removed' })
    },
    async move(id, before) {
      waits(id)
      if (before !== null) waits(before)
      await record(id, { type: 'moved', before })
      tellOrder()
    },
    async pause(paused) {
      if (paused === isPaused) return
      await log.append({ at: new Date().toISOString(), type: paused ? 'paused' : 'resumed' })
      isPaused = paused
      tellOrder()
      next()
    },
    state,
    start() {
      isStarted = true
      next()
    },
    async close() {
      isClosing = true
      const self = active
      if (self && stateOf(self.id) === 'running' && !self.isCancelled)
        // First on disk, so that a task that has to be killed is not taken for a crash.
        await record(self.id, { type: 'requeued', reason: 'quit' }).catch((thrown: unknown) =>
          journal.error('job-bookkeeping', { job: self.id, error: thrown }),
        )
      self?.run?.stop()
      await self?.ended
      await log.close()
    },
  }
}

/** Why a job over many sources made nothing. */
function noneOf(missed: NonNullable<Job['missed']>): NagareError {
  const { code, message, hint } = missed[0]!.error
  const more = missed.length > 1 ? ` None of ${missed.length} could be done; the first failed so.` : ''
  return new NagareError(code, `${message}${more}`, hint ? { hint } : {})
}
