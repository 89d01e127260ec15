import { parentPort, workerData } from 'node:worker_threads'
import { tasks } from '../tasks'
import { runTask } from './run-task'
import type { WorkerJob } from './worker-messages'

await runTask(tasks, workerData as WorkerJob, (message) => parentPort!.postMessage(message))
