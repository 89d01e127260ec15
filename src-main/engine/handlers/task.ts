import { withPatch, type Handlers, type SettingsPatch } from '@contract'
import { randomInt } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { checkRange } from '../job-sound'
import type { EngineParts } from '../parts'
import { checkKind, newJob, planOf, queueMany } from '../queue-many'
import { takeSource } from '../take-source'

export function taskHandlers(parts: EngineParts): Pick<Handlers, 'task.run' | 'task.runMany' | 'task.prepare'> {
  const { shelf, settings: store, queue, project, emit, log, prepare } = parts

  const remember = async (given: SettingsPatch) => {
    if (isDeepStrictEqual(withPatch(store.get(), given), store.get())) return
    emit({ event: 'settings.changed', data: { settings: await store.change(given) } })
  }
  const ready = (id: string, given: Record<string, unknown>, pack: string | undefined) => planOf(parts, id, given, pack)
  const rememberRun = (id: string, given: Record<string, unknown>, packId: string | undefined) =>
    remember({ tasks: { [id]: given }, models: packId === undefined ? {} : { [id]: packId } }).catch(
      (thrown: unknown) => log.warn('settings-not-saved', { error: thrown }),
    )
  return {
    async 'task.prepare'({ task: id, settings: given, pack: packId }) {
      const { task, settings, pack, device } = ready(id, given, packId)
      const path = shelf.list().find(({ record }) => record.id === pack)?.path
      if (task.prepare && path !== undefined) prepare?.({ task: id, settings, pack: path, device })
      return {}
    },
    async 'task.runMany'(many) {
      const job = await queueMany(parts, many)
      await rememberRun(many.task, many.settings, many.pack)
      return { job }
    },
    async 'task.run'({ task: id, source, range, settings: given, pack: packId, seed = randomInt(2 ** 31) }, context) {
      const { task, ...plan } = ready(id, given, packId)
      const { asset, isNew } = await takeSource(parts, source, context)
      try {
        checkKind(task, asset)
        if (range) checkRange(await project.edits.listOf(asset.id), range)
        const job = newJob(task, asset, { ...plan, seed, ...(range ? { range } : {}) })
        await queue.add(job)
        await rememberRun(id, given, packId)
        return { asset, job }
      } catch (thrown) {
        if (isNew) await project.assets.remove(asset.id).catch(() => undefined)
        throw thrown
      }
    },
  }
}
