import { join } from 'node:path'
import { throttle } from '../lib/throttle'
import { errorRecord, NagareError } from '../lib/errors'
import type { TaskContext, TaskDefinition, TaskProgress } from '../tasks/task'
import type { TaskJob, WorkerMessage } from './worker-messages'

const extensions = { audio: 'wav', image: 'png' }

/** The context of a task that runs on behalf of `job`; progress goes through `report`. */
function taskContext(
  job: TaskJob,
  accepts: TaskDefinition['accepts'],
  report: TaskContext<unknown>['progress'],
): TaskContext<unknown> {
  const flag = new Int32Array(job.cancelFlag)
  const { source, sourceName, settings, pack, device, seed, work } = job
  return {
    source,
    sourceName,
    settings,
    pack,
    device,
    seed,
    output: (role) => join(work, `${role}.${extensions[accepts]}`),
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
): Promise<void> {
  const report = throttle<TaskProgress>(50, (progress) => post({ type: 'progress', progress }))
  try {
    const task = tasks.find(({ id }) => id === job.task)
    if (!task) throw new NagareError('unsupported', `There is no task named ${job.task}.`)
    const outputs = await task.run(taskContext(job, task.accepts, report))
    report.stop()
    post({ type: 'done', outputs })
  } catch (thrown) {
    report.stop()
    post({ type: 'failed', error: errorRecord(thrown) })
  }
}
