import { parentPort, workerData } from 'node:worker_threads'
import { useRunGate } from '../lib/run-gate'
import { tasks } from '../tasks'
import { prepareTask } from './prepare-task'
import { runTask } from './run-task'
import type { SpareStart, ToSpare, WorkerJob } from './worker-messages'

const start = workerData as WorkerJob | SpareStart
const port = parentPort!
const run = (job: WorkerJob) => runTask(tasks, job, (message) => port.postMessage(message))

useRunGate(start.runGate)
if (!('spare' in start)) await run(start)
else {
  let prepared: Promise<void> = Promise.resolve()
  port.on('message', (message: ToSpare) => {
    if (message.type === 'prepare') prepared = prepareTask(tasks, message.plan)
    else
      void prepared
        .then(() => run(message.job))
        // Without this line the thread would wait for more.
        .then(() => port.close())
  })
}
