import { Worker } from 'node:worker_threads'
import { keepDevices } from '../compute/devices/known-devices'
import { createRunGate, terminateBehindGate } from '../lib/run-gate'
import { systemClock, type Clock } from '../lib/clock'
import { NagareError, type ErrorRecord } from '../lib/errors'
import type { DeviceUse } from '../tasks/run-on-device'
import type { TaskOutput, TaskProgress } from '../tasks/task'
import { spareThread, type Thread } from './spare-thread'
import type { JobPlan, TaskJob, ToSpare, WorkerJob, WorkerMessage } from './worker-messages'

/** A running job. */
export interface Run {
  /** The outputs when it is through; rejects with `cancelled` when it was stopped, else with what went wrong. Settles only when its thread is gone. */
  readonly ended: Promise<TaskOutput[]>
  /** Asks the task to stop; what does not listen is ended by force. */
  stop(): void
}

/** What is told of a job while it runs. */
export interface RunListener {
  progress(progress: TaskProgress): void
  /** What it computes on from now on; told again where it starts anew on another device. */
  device(use: DeviceUse): void
  /** What came of one of many sources. */
  made?(id: string, outputs: TaskOutput[]): void
  missed?(id: string, error: NagareError): void
}

export interface JobRunner {
  (job: Omit<TaskJob, 'cancelFlag'>, listener: RunListener): Run
  /** Loads code and model for a job that is about to be asked for. */
  prepare?(plan: JobPlan): void
  /** Frees what was prepared. */
  close?(): Promise<void>
}

export interface RunOptions {
  /** The worker's file. */
  file: string | URL
  /** Native code holds the thread even after it was ended by force: only the end of the process frees it. */
  onStuck(): void
  clock?: Clock
  /** Milliseconds from asking to ending by force, and from there to `onStuck`. */
  patience?: { flag: number; force: number }
}

/** Runs each job in a worker thread of its own; one that was prepared for, in the thread that is ready. */
export function workerRunner({
  file,
  onStuck,
  clock = systemClock,
  patience = { flag: 2000, force: 3000 },
}: RunOptions): JobRunner {
  const spare = spareThread({ file, clock })
  const begin = (job: TaskJob): Thread => {
    const ready = spare.take(job)
    if (ready) {
      ready.worker.postMessage({ type: 'job', job: { ...job, runGate: ready.runGate } } satisfies ToSpare)
      return ready
    }
    const runGate = createRunGate()
    const workerData: WorkerJob = { ...job, runGate }
    return { worker: new Worker(file, { workerData, name: `job ${job.task}`, stdin: false }), runGate }
  }
  const run = (job: Omit<TaskJob, 'cancelFlag'>, listener: RunListener): Run => {
    const cancelFlag = new SharedArrayBuffer(4)
    const { worker, runGate } = begin({ ...job, cancelFlag })
    let outcome: { outputs: TaskOutput[] } | { error: NagareError } | undefined
    let isStopping = false
    let cancelTimer = () => {}

    const ended = new Promise<TaskOutput[]>((resolve, reject) => {
      worker.on('message', (message: WorkerMessage) => {
        if (message.type === 'progress') listener.progress(message.progress)
        else if (message.type === 'device') {
          keepDevices(message.known)
          listener.device(message.use)
        } else if (message.type === 'made') listener.made?.(message.id, message.outputs)
        else if (message.type === 'missed') listener.missed?.(message.id, errorOf(message.error))
        else if (message.type === 'done') outcome = { outputs: message.outputs }
        else outcome = { error: errorOf(message.error) }
      })
      worker.on('error', (thrown: Error & { code?: string }) => {
        outcome ??= {
          error:
            thrown.code === 'ERR_WORKER_OUT_OF_MEMORY'
              ? new NagareError('unavailable', 'The job needed more memory than there is.', {
                  hint: 'Close other programs, or use a shorter recording.',
                  cause: thrown,
                })
              : new NagareError('internal', `The job broke off: ${thrown.message}`, { cause: thrown }),
        }
      })
      worker.on('exit', (code) => {
        cancelTimer()
        if (isStopping) reject(new NagareError('cancelled', 'Stopped as asked.'))
        else if (!outcome)
          reject(new NagareError('internal', `The job's thread ended (code ${code}) before the job was done.`))
        else if ('error' in outcome) reject(outcome.error)
        else resolve(outcome.outputs)
      })
    })
    ended.catch(() => {})
    return {
      ended,
      stop() {
        if (isStopping) return
        isStopping = true
        Atomics.store(new Int32Array(cancelFlag), 0, 1)
        cancelTimer = clock.after(patience.flag, () => {
          cancelTimer = clock.after(patience.force, onStuck)
          void terminateBehindGate(worker, runGate)
        })
      },
    }
  }
  return Object.assign(run, { prepare: spare.prepare, close: spare.close })
}

const errorOf = ({ code, message, hint, file }: ErrorRecord) =>
  new NagareError(code, message, { ...(hint ? { hint } : {}), ...(file ? { file } : {}) })
