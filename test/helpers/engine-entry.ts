import { runEngineProcess } from '../../src-main/engine/process'
import type { TaskDefinition } from '../../src-main/tasks/task'
import { copyTask } from './copy-task'
import { testShelf } from './engine'

await runEngineProcess({
  tasks: [copyTask as unknown as TaskDefinition],
  workerFile: new URL('worker.mjs', import.meta.url),
  listDevices: async () => [],
  shelf: testShelf('basic'),
})
