import type { DeviceInfo } from '../compute'
import type { ErrorRecord } from '../lib/errors'
import type { DeviceUse } from '../tasks/run-on-device'
import type { TaskOutput, TaskProgress } from '../tasks/task'

/** What a task needs to run. */
export interface TaskJob {
  task: string
  source: string
  sourceName: string
  settings: Record<string, unknown>
  pack: string
  device: string
  seed: number
  /** Folder of the job's part outputs; made and wiped by the engine. */
  work: string
  /** One 32-bit word; not 0 asks the task to stop. */
  cancelFlag: SharedArrayBuffer
}

/** What a worker thread is started with. */
export interface WorkerJob extends TaskJob {
  /** Keeps the thread from being ended while native code computes in it. */
  runGate: SharedArrayBuffer
}

/** What a worker says. */
export type WorkerMessage =
  | { type: 'progress'; progress: TaskProgress }
  /** What it computes on from now on, and what it knows of this machine's devices. */
  | { type: 'device'; use: DeviceUse; known: Record<string, DeviceInfo> }
  | { type: 'done'; outputs: TaskOutput[] }
  | { type: 'failed'; error: ErrorRecord }
