import { join } from 'node:path'
import { throttle } from '../lib/throttle'
import { errorRecord, NagareError } from '../lib/errors'
import { knownDevices } from '../compute/devices/known-devices'
import { runOnDevice, type RunOnDeviceOptions } from '../tasks/run-on-device'
import { outputExtension, type TaskContext, type TaskDefinition, type TaskProgress } from '../tasks/task'
import type { TaskJob, WorkerMessage } from './worker-messages'

/** The context of a task that runs on behalf of `job`; progress goes through `report`. */
function taskContext(job: TaskJob, extension: string, report: TaskContext<unknown>['progress']): TaskContext<unknown> {
  const flag = new Int32Array(job.cancelFlag)
  const { source, sourceName, settings, pack, device, seed, work } = job
  return {
    source,
    sourceName,
    settings,
    pack,
    device,
    seed,
    ...(job.ignore === undefined ? {} : { ignore: job.ignore }),
    output: (role) => join(work, `${role}.${extension}`),
    progress: report,
    checkCancelled() {
      if (Atomics.load(flag, 0) !== 0) throw new NagareError('cancelled', 'Stopped as asked.')
    },
  }
}

/** Runs the task that `job` names to its end and says through `post` what comes of it; never throws. */
export async function runTask(
  tasks: readonly TaskDefinition[],
  job: TaskJob,
  post: (message: WorkerMessage) => void,
  { open }: Pick<RunOnDeviceOptions, 'open'> = {},
): Promise<void> {
  const reporter = () => throttle<TaskProgress>(50, (progress) => post({ type: 'progress', progress }))
  let report = reporter()
  try {
    const task = tasks.find(({ id }) => id === job.task)
    if (!task) throw new NagareError('unsupported', `There is no task named ${job.task}.`)
    const { runBatch } = task
    const { sources } = job
    const single = task
    const done = new Set<string>()
    const batch = runBatch && {
      /** Over all sources that nothing came of yet, also where it starts anew on another device. */
      async run(context: TaskContext<unknown>) {
        await runBatch({
          ...context,
          sources: sources!.filter(({ id }) => !done.has(id)),
          output: (id, role) => join(job.work, `${id}-${role}.${outputExtension(single)}`),
          made(id, outputs) {
            done.add(id)
            post({ type: 'made', id, outputs })
          },
          missed(id, thrown) {
            done.add(id)
            post({ type: 'missed', id, error: errorRecord(thrown) })
          },
        })
        return []
      },
    }
    if (sources && !batch)
      throw new NagareError('unsupported', `${task.label} works on one file at a time.`, { hint: 'Start it on each.' })
    const outputs = await runOnDevice(
      (sources && batch) || task,
      taskContext(job, outputExtension(task), (progress) => report(progress)),
      {
        used(use) {
          // What was done so far is not of this device.
          report.stop()
          report = reporter()
          post({ type: 'device', use, known: knownDevices() })
        },
        ...(open ? { open } : {}),
      },
    )
    report.stop()
    post({ type: 'done', outputs })
  } catch (thrown) {
    report.stop()
    post({ type: 'failed', error: errorRecord(thrown) })
  }
}
