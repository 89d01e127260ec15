import type { Pack } from '@contract'
import type { PackShelf } from '../../src-main/engine/pack-shelf'
import type { JobRunner } from '../../src-main/jobs'
import { runTask } from '../../src-main/jobs/run-task'
import type { WorkerMessage } from '../../src-main/jobs/worker-messages'
import { NagareError } from '../../src-main/lib/errors'
import type { TaskDefinition, TaskOutput } from '../../src-main/tasks/task'

export function testPack(id: string, more: Partial<Pack> = {}): Pack {
  return {
    ...{ id, kind: 'test', name: `Model ${id}`, description: '', licence: 'MIT', sampleRate: null },
    ...{ bytes: 1, sha256: 'f'.repeat(64), origin: 'user', metrics: [] },
    ...more,
  }
}

/** Models that exist by name only. */
export function testShelf(...ids: string[]): PackShelf {
  // Any file that is there stands for the pack: the test tasks do not read it.
  const entry = (id: string) => ({ path: import.meta.filename, record: testPack(id) })
  let entries = ids.map(entry)
  return {
    list: () => entries,
    async add(path) {
      if (!path.endsWith('.nagare')) throw new NagareError('corrupt', `${path}: wrong hash`, { file: path })
      const added = entry(path.split(/[/\\]/).at(-1)!.replace('.nagare', ''))
      entries = [...entries, added]
      return added
    },
    async remove(id) {
      if (!entries.some(({ record }) => record.id === id)) throw new NagareError('not-found', `no ${id}`)
      entries = entries.filter(({ record }) => record.id !== id)
    },
  }
}

/** Runs tasks in this very thread. */
export function inlineRunner(tasks: readonly TaskDefinition[], options?: Parameters<typeof runTask>[3]): JobRunner {
  return (job, { progress, device, made, missed }) => {
    const cancelFlag = new SharedArrayBuffer(4)
    let isStopped = false
    const ended = new Promise<TaskOutput[]>((resolve, reject) => {
      let settle = () => {}
      const take = (message: WorkerMessage) => {
        if (message.type === 'progress') progress(message.progress)
        else if (message.type === 'device') device(message.use)
        else if (message.type === 'made') made?.(message.id, message.outputs)
        else if (message.type === 'missed')
          missed?.(message.id, new NagareError(message.error.code, message.error.message))
        else if (message.type === 'done') settle = () => resolve(message.outputs)
        else settle = () => reject(new NagareError(message.error.code, message.error.message))
      }
      void runTask(tasks, { ...job, cancelFlag }, take, options).then(() =>
        isStopped ? reject(new NagareError('cancelled', 'Stopped as asked.')) : settle(),
      )
    })
    ended.catch(() => {})
    return {
      ended,
      stop() {
        isStopped = true
        Atomics.store(new Int32Array(cancelFlag), 0, 1)
      },
    }
  }
}
