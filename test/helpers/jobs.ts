import type { Job } from '@contract'
import { NagareError } from '../../src-main/lib/errors'
import type { JobRunner, RunListener } from '../../src-main/jobs'
import type { TaskOutput } from '../../src-main/tasks/task'

/** A waiting job. */
export function testJob(id: string, more: Partial<Job> = {}): Job {
  return {
    ...{
      id,
      task: 'test',
      label: 'Test',
      source: 'a-1',
      state: 'queued',
      settings: {},
      pack: 'p',
      device: 'cpu',
      requested: 'cpu',
      fallback: null,
      seed: 1,
    },
    ...{ attempt: 0, createdAt: '2026-01-01T00:00:00.000Z', startedAt: null, endedAt: null, progress: null },
    ...{ results: [], error: null, command: 'nagare test' },
    ...more,
  }
}

export interface HandRun extends RunListener {
  task: string
  work: string
  /** The device asked for. */
  wanted: string
  stopped: boolean
  succeed(outputs?: TaskOutput[]): void
  fail(error: Error): void
}

/** A runner whose runs end by hand; a stop ends them as cancelled unless they are `deaf`. */
export function handRunner({ deaf = false } = {}): { runs: HandRun[]; run: JobRunner } {
  const runs: HandRun[] = []
  const run: JobRunner = (job, listener) => {
    const { promise, resolve, reject } = withResolvers<TaskOutput[]>()
    const mine: HandRun = {
      task: job.task,
      work: job.work,
      wanted: job.device,
      stopped: false,
      ...listener,
      succeed: (outputs = []) => resolve(outputs),
      fail: reject,
    }
    runs.push(mine)
    const stop = () => {
      mine.stopped = true
      if (!deaf) reject(new NagareError('cancelled', 'Stopped as asked.'))
    }
    return { ended: promise, stop }
  }
  return { runs, run }
}

function withResolvers<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((yes, no) => ([resolve, reject] = [yes, no]))
  return { promise, resolve, reject }
}
