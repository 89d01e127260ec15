import type { z } from 'zod'

/** One file that a task made, complete and in place. */
export interface TaskOutput {
  /** Which output it is, e.g. `clean` or `noise`. */
  role: string
  file: string
  /** Name for people, e.g. `interview (clean).wav`. */
  name: string
  /** The settings that it was made with, where the task chose some that were left to it. */
  settings?: Record<string, unknown>
  /** What the task found on the way that belongs to the result's record; JSON. */
  facts?: Record<string, unknown>
}

export interface TaskProgress {
  phase: string
  done: number
  total: number
  /** Seconds of material finished so far, where the task works through time. */
  materialSeconds?: number
}

/** One of many things that a task works on. */
export interface BatchSource {
  /** By what the task says what came of it. */
  id: string
  source: string
  sourceName: string
  /** Parts of a picture that do not count: a mask of its size, white there. */
  ignore?: string
}

/** All that a running task may touch. The same whether a worker, the command line or a test runs it. */
export interface TaskContext<Settings> {
  /** The input file. */
  source: string
  /** The input's name for people. */
  sourceName: string
  settings: Settings
  /** Folder or file of the model pack to use. */
  pack: string
  /** The device to open; one that was tested where `runOnDevice` runs the task. */
  device: string
  /** For `openDevice`: called with the reason where the processor is taken in place of `device`; without it such a device is an error. */
  fallback?: (reason: string) => void
  seed: number
  /** Parts of a picture that do not count: a mask of its size, white there. */
  ignore?: string
  /** Where the output of this role must be written; the task writes aside and renames. */
  output(role: string): string
  progress(progress: TaskProgress): void
  /** Throws `cancelled` once the person asked to stop; call it at least every 200 ms of work. */
  checkCancelled(): void
}

/** What a task may touch that works on many sources with one loading of its model. */
export interface BatchContext<Settings> extends Omit<
  TaskContext<Settings>,
  'source' | 'sourceName' | 'output' | 'ignore'
> {
  sources: readonly BatchSource[]
  /** Where the output of this role and source must be written. */
  output(id: string, role: string): string
  /** Says what came of a source, as soon as that is complete. */
  made(id: string, outputs: TaskOutput[]): void
  /** Says why nothing came of a source; the rest goes on. */
  missed(id: string, thrown: unknown): void
}

/** Ending of the files that a task makes where nobody names them: pictures from pictures, sound from all else. */
export const outputExtension = ({ accepts }: Pick<TaskDefinition, 'accepts'>): 'wav' | 'png' =>
  accepts.includes('image') ? 'png' : 'wav'

/** A job a person can ask for: one folder in `tasks/`, one line in the registry. */
export interface TaskDefinition<Schema extends z.ZodType = z.ZodType> {
  id: string
  label: string
  description: string
  /** Kinds of asset that it works on. */
  accepts: readonly ('audio' | 'mel' | 'image')[]
  /** The kinds of pack that it runs on, e.g. `vae-nmf`, the usual one first. */
  packKinds: readonly string[]
  settings: Schema
  /** Seconds on either side of a stretch that it hears too, where a stretch of a sound is all it is to work on. */
  context?: number
  /** The command line's words for these settings, without program name, input and output. */
  commandOptions(settings: z.output<Schema>): string[]
  /** Loads what `run` and `runBatch` need for this model and these settings, in the thread that will run them; left out where that takes no time. */
  prepare?(plan: Pick<TaskContext<z.output<Schema>>, 'settings' | 'pack' | 'device'>): Promise<void>
  /** Runs to the end, or throws; leaves no half file either way. */
  run(context: TaskContext<z.output<Schema>>): Promise<TaskOutput[]>
  /** Runs over many sources; left out where that is no better than one after the other. */
  runBatch?(context: BatchContext<z.output<Schema>>): Promise<void>
}
