import { openDevice } from '../compute'
import { NagareError } from '../lib/errors'
import type { TaskContext, TaskOutput } from './task'

/** The device that a task computes on. */
export interface DeviceUse {
  device: string
  /** Why it is not the one asked for; null where it is. */
  fallback: string | null
}

export interface RunOnDeviceOptions {
  /** Told once when the device is opened, and again where the task has to start anew on the processor. */
  used(use: DeviceUse): void
  /** `openDevice`; tests put devices that fail here. */
  open?: (id: string, options: { fallback(reason: string): void }) => Promise<{ id: string }>
}

/**
 * Runs `task` on the device that `context` asks for, `auto` included: what the task finds in `context.device` is one that was tested here. Where the
 * device cannot be used the processor is taken; where it fails on the way the task starts once more there; both are told to `used`. Throws what the
 * task throws where no device is at fault.
 */
export async function runOnDevice<Settings>(
  task: { run(context: TaskContext<Settings>): Promise<TaskOutput[]> },
  context: TaskContext<Settings>,
  { used, open = openDevice }: RunOnDeviceOptions,
): Promise<TaskOutput[]> {
  let reason: string | null = null
  context.progress({ phase: 'Preparing the device', done: 0, total: 1 })
  const { id } = await open(context.device, { fallback: (said) => (reason = said) })
  context.checkCancelled()
  used({ device: id, fallback: reason })
  const fallback = (said: string) => used({ device: 'cpu', fallback: said })
  try {
    return await task.run({ ...context, device: id, fallback })
  } catch (thrown) {
    if (!(thrown instanceof NagareError) || thrown.device === undefined || id === 'cpu') throw thrown
    context.checkCancelled()
    fallback(`${thrown.message.replace(/[.\s]*$/, '.')} Started anew on the processor.`)
    return task.run({ ...context, device: 'cpu' })
  }
}
