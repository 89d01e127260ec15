import type { DeviceInfo } from '../compute'
import type { ErrorRecord } from '../lib/errors'
import type { DeviceUse } from '../tasks/run-on-device'
import type { BatchSource, TaskOutput, TaskProgress } from '../tasks/task'

/** What a task needs to run. */
export interface TaskJob {
  task: string
  source: string
  sourceName: string
  /** What it works on, where that is many; `source` is then the first of them. */
  sources?: BatchSource[]
  /** Parts of the picture that do not count, as a mask. */
  ignore?: string
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

/** What of a job can be known, and loaded, before there is anything to work on. */
export type JobPlan = Pick<TaskJob, 'task' | 'pack' | 'device' | 'settings'>

/** What a worker thread is started with that has no job yet. */
export interface SpareStart {
  spare: true
  runGate: SharedArrayBuffer
}

/** What it is told. */
export type ToSpare = { type: 'prepare'; plan: JobPlan } | { type: 'job'; job: WorkerJob }

/** What a worker says. */
export type WorkerMessage =
  | { type: 'progress'; progress: TaskProgress }
  /** What it computes on from now on, and what it knows of this machine's devices. */
  | { type: 'device'; use: DeviceUse; known: Record<string, DeviceInfo> }
  /** What came of one of many sources. */
  | { type: 'made'; id: string; outputs: TaskOutput[] }
  | { type: 'missed'; id: string; error: ErrorRecord }
  | { type: 'done'; outputs: TaskOutput[] }
  | { type: 'failed'; error: ErrorRecord }
