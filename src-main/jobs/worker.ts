import { parentPort, workerData } from 'node:worker_threads'
import { useRunGate } from '../lib/run-gate'
import { tasks } from '../tasks'
import { runTask } from './run-task'
import type { WorkerJob } from './worker-messages'

const job = workerData as WorkerJob
useRunGate(job.runGate)
await runTask(tasks, job, (message) => parentPort!.postMessage(message))
