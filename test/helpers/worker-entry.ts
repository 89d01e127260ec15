import { parentPort, workerData } from 'node:worker_threads'
import { runTask } from '../../src-main/jobs/run-task'
import type { TaskJob } from '../../src-main/jobs/worker-messages'
import type { TaskDefinition } from '../../src-main/tasks/task'
import { copyTask } from './copy-task'

await runTask([copyTask as unknown as TaskDefinition], workerData as TaskJob, (message) =>
  parentPort!.postMessage(message),
)
