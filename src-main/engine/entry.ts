import { tasks } from '../tasks'
import { runEngineProcess } from './process'

await runEngineProcess({
  tasks,
  workerFile: new URL('./worker.js', import.meta.url),
  liveFile: new URL('./live.js', import.meta.url),
  listDevices: async () => (await import('../compute')).listDevices(),
})
