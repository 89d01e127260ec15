import { isDeepStrictEqual } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../lib/clock'
import { createRunGate, terminateBehindGate } from '../lib/run-gate'
import type { JobPlan, SpareStart, ToSpare } from './worker-messages'

/** Milliseconds that a thread waits for its job; its model takes memory. */
const patience = 120_000

/** A worker's thread and the word that keeps it from being ended inside native code. */
export interface Thread {
  worker: Worker
  runGate: SharedArrayBuffer
}

/** At most one thread that was started ahead of its job, with code and model loaded. */
export interface SpareThread {
  /** Starts one for a job as `plan` has it, in place of one for another; harmless where it is there. */
  prepare(plan: JobPlan): void
  /** Hands over the thread that was started for such a job. */
  take(plan: JobPlan): Thread | undefined
  close(): Promise<void>
}

/** `file` is the worker's, which takes the job as a message where it was started without. */
export function spareThread({ file, clock }: { file: string | URL; clock: Clock }): SpareThread {
  let kept: (Thread & { plan: JobPlan; stopTimer(): void }) | undefined

  const end = async () => {
    const thread = kept
    if (!thread) return
    kept = undefined
    thread.stopTimer()
    await terminateBehindGate(thread.worker, thread.runGate)
  }
  return {
    prepare({ task, pack, device, settings }) {
      const plan = { task, pack, device, settings }
      const over = () => clock.after(patience, () => void end())
      if (kept && isDeepStrictEqual(kept.plan, plan)) {
        kept.stopTimer()
        kept.stopTimer = over()
        return
      }
      void end()
      const runGate = createRunGate()
      const workerData: SpareStart = { spare: true, runGate }
      const worker = new Worker(file, { workerData, name: `for ${task}`, stdin: false })
      const thread = { worker, runGate, plan, stopTimer: over() }
      kept = thread
      // What goes wrong here goes wrong again with the job, and is said then.
      const gone = () => {
        thread.stopTimer()
        if (kept === thread) kept = undefined
      }
      worker.on('error', gone).on('exit', gone)
      worker.postMessage({ type: 'prepare', plan } satisfies ToSpare)
      worker.unref()
    },
    take({ task, pack, device, settings }) {
      if (!kept || !isDeepStrictEqual(kept.plan, { task, pack, device, settings })) return undefined
      const { worker, runGate, stopTimer } = kept
      kept = undefined
      stopTimer()
      worker.removeAllListeners('error').removeAllListeners('exit').ref()
      return { worker, runGate }
    },
    close: end,
  }
}
