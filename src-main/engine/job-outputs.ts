import type { Job, Origin } from '@contract'
import { access } from 'node:fs/promises'
import { NagareError } from '../lib/errors'
import type { QueueOptions } from '../jobs'
import { adopt, contentFile, ignoredIn, type Project } from '../project'
import type { BatchSource, TaskDefinition } from '../tasks/task'
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
    async prepare(job) {
      const { id, task, source, revision, range, pack, settings, device, seed } = job
      const entry = shelf.list().find(({ record }) => record.id === pack)
      if (!entry || !(await isThere(entry.path)))
        throw new NagareError('not-found', `The model ${pack} is not there any more.`, {
          hint: 'Add it again, or choose another.',
        })
      const { name, sha256 } = entry.record
      packs.set(id, { id: pack, name, sha256 })
      const plan = { task, settings, pack: entry.path, device, seed }
      if (job.sources) return { ...plan, ...(await manySources(project, job)) }
      const sourceName = assets.get(source).name
      const from = { source, ...(revision ? { revision } : {}), ...(range ? { range } : {}) }
      const file = await jobSound(project, from, paths.workOf(id), contextOf(task))
      const ignore = await ignoredIn(project, source)
      return { ...plan, source: file, sourceName, ...(ignore ? { ignore } : {}) }
    },
    async finish(job, outputs, seconds, one) {
      const { id, task, revision, range, settings, device, fallback, seed, command } = job
      const source = one ?? job.source
      const pack = packs.get(id)!
      if (one === undefined) packs.delete(id)
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
    async discard({ id, results }) {
      const kept = new Set(results)
      for (const asset of assets.list())
        if (asset.origin?.job === id && !kept.has(asset.id)) await assets.remove(asset.id)
    },
  }
}

/** The sources of a job over many that nothing came of yet; one that cannot be read is left to the task to say so. Throws `not-found` where none is left. */
async function manySources(project: Project, { sources, results, missed }: Job) {
  const { assets } = project
  const over = new Set(missed?.map(({ source }) => source))
  for (const id of results) if (assets.has(id)) over.add(assets.get(id).origin!.source)
  const left = (sources ?? []).filter((id) => assets.has(id) && !over.has(id))
  const all: BatchSource[] = []
  for (const id of left) {
    const ignore = await ignoredIn(project, id)
    all.push({
      id,
      source: await contentFile(project, id),
      sourceName: assets.get(id).name,
      ...(ignore ? { ignore } : {}),
    })
  }
  const first = all[0]
  if (!first)
    throw new NagareError('not-found', 'There is nothing left to work on.', { hint: 'Add the pictures again.' })
  return { source: first.source, sourceName: first.sourceName, sources: all }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
