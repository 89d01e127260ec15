import type { Origin } from '@contract'
import { access } from 'node:fs/promises'
import { NagareError } from '../lib/errors'
import type { QueueOptions } from '../jobs'
import { adopt, type Project } from '../project'
import type { TaskDefinition } from '../tasks/task'
import { jobSound, stretchResult } from './job-sound'
import type { PackShelf } from './pack-shelf'

/** What a job takes from the project and brings back to it. */
export function jobOutputs(
  project: Project,
  shelf: PackShelf,
  tasks: readonly TaskDefinition[] = [],
): Pick<QueueOptions, 'prepare' | 'finish' | 'discard'> {
  const { assets, paths } = project
  const contextOf = (task: string) => tasks.find(({ id }) => id === task)?.context
  const packs = new Map<string, Origin['pack']>()
  return {
    async prepare({ id, task, source, revision, range, pack, settings, device, seed }) {
      const entry = shelf.list().find(({ record }) => record.id === pack)
      if (!entry || !(await isThere(entry.path)))
        throw new NagareError('not-found', `The model ${pack} is not there any more.`, {
          hint: 'Add it again, or choose another.',
        })
      const { name, sha256 } = entry.record
      packs.set(id, { id: pack, name, sha256 })
      const sourceName = assets.get(source).name
      const from = { source, ...(revision ? { revision } : {}), ...(range ? { range } : {}) }
      const file = await jobSound(project, from, paths.workOf(id), contextOf(task))
      return { task, source: file, sourceName, settings, pack: entry.path, device, seed }
    },
    async finish({ id, task, source, revision, range, settings, device, fallback, seed, command }, outputs, seconds) {
      const pack = packs.get(id)!
      packs.delete(id)
      const results: string[] = []
      for (const { role, file, name, settings: used, facts } of outputs) {
        const made = {
          settings: used ?? settings,
          seed,
          device,
          fallback,
          seconds,
          ...(facts ? { facts } : {}),
          command,
        }
        const origin: Origin = { job: id, task, role, source, ...(range ? { range } : {}), pack, ...made }
        const { id: result } = await adopt(project, { file, name, move: true }, { origin, thorough: true })
        if (range) {
          const of = { source, range, ...(revision ? { revision } : {}) }
          const how = { context: contextOf(task), isResidual: role === 'noise' }
          await project.edits.begin(result, await stretchResult(project.edits, of, result, how))
        }
        results.push(result)
      }
      return results
    },
    async discard({ id }) {
      for (const asset of assets.list()) if (asset.origin?.job === id) await assets.remove(asset.id)
    },
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
