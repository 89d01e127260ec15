import { withPatch, type Asset, type Handlers, type Job, type SettingsPatch } from '@contract'
import { randomInt } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { NagareError } from '../../lib/errors'
import { newId } from '../../lib/id'
import { choosePack } from '../../packs'
import type { TaskDefinition } from '../../tasks/task'
import { jobCommand } from '../job-command'
import { checkRange } from '../job-sound'
import type { EngineParts } from '../parts'
import { takeSource } from '../take-source'

/** The task named `id`; throws `unsupported`. */
function findTask(tasks: readonly TaskDefinition[], id: string): TaskDefinition {
  const task = tasks.find((task) => task.id === id)
  if (task) return task
  throw new NagareError(
    'unsupported',
    `There is no task ${id}; there is: ${tasks.map(({ id }) => id).join(', ') || 'none'}.`,
  )
}

/** The settings, checked and completed; throws `bad-input` naming the first that is wrong. */
function checkSettings(task: TaskDefinition, given: Record<string, unknown>): Record<string, unknown> {
  const parsed = task.settings.safeParse(given)
  if (parsed.success) return parsed.data as Record<string, unknown>
  const { path, message } = parsed.error.issues[0]!
  throw new NagareError('bad-input', `${task.id}: ${path.length ? `${path.join('.')}: ` : ''}${message}.`)
}

/** A job that waits for its turn. */
function newJob(
  task: TaskDefinition,
  source: Asset,
  plan: Pick<Job, 'settings' | 'pack' | 'device' | 'seed' | 'range'>,
): Job {
  return {
    ...plan,
    id: newId('j'),
    requested: plan.device,
    fallback: null,
    task: task.id,
    label: task.label,
    source: source.id,
    ...(source.edit ? { revision: source.edit.revision } : {}),
    state: 'queued',
    attempt: 0,
    createdAt: new Date().toISOString(),
    startedAt: null,
    endedAt: null,
    progress: null,
    results: [],
    error: null,
    // No file has what was edited, or a stretch.
    command: source.edit || plan.range ? '' : jobCommand(task, plan.settings, { ...plan, sourceName: source.name }),
  }
}

export function taskHandlers(parts: EngineParts): Pick<Handlers, 'task.run' | 'task.runMany' | 'task.prepare'> {
  const { tasks, shelf, settings: store, queue, project, emit, log, prepare } = parts

  const remember = async (given: SettingsPatch) => {
    if (isDeepStrictEqual(withPatch(store.get(), given), store.get())) return
    emit({ event: 'settings.changed', data: { settings: await store.change(given) } })
  }
  const ready = (id: string, given: Record<string, unknown>, packId: string | undefined) => {
    const task = findTask(tasks, id)
    const settings = checkSettings(task, given)
    return {
      task,
      settings,
      pack: choosePack(shelf.list(), task.packKinds, packId).record.id,
      device: store.get().device,
    }
  }
  const check = (task: TaskDefinition, asset: Asset) => {
    if (!task.accepts.includes(asset.kind))
      throw new NagareError(
        'bad-input',
        `${asset.name}: ${task.label} works on ${task.accepts.join(' and ')} files, this is ${asset.kind}.`,
        { file: asset.name },
      )
  }
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
    async 'task.runMany'({ task: id, sources, settings: given, pack: packId, seed = randomInt(2 ** 31) }) {
      const { task, ...plan } = ready(id, given, packId)
      if (!task.runBatch)
        throw new NagareError('unsupported', `${task.label} works on one file at a time.`, {
          hint: 'Start it on each.',
        })
      const all = [...new Set(sources)].map((source) => project.assets.get(source))
      for (const asset of all) check(task, asset)
      const job = { ...newJob(task, all[0]!, { ...plan, seed }), sources: all.map(({ id }) => id) }
      await queue.add(job)
      await rememberRun(id, given, packId)
      return { job }
    },
    async 'task.run'({ task: id, source, range, settings: given, pack: packId, seed = randomInt(2 ** 31) }, context) {
      const { task, ...plan } = ready(id, given, packId)
      const { asset, isNew } = await takeSource(parts, source, context)
      try {
        check(task, asset)
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
