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

export function taskHandlers(parts: EngineParts): Pick<Handlers, 'task.run'> {
  const { tasks, shelf, settings: store, queue, project, emit, log } = parts

  const remember = async (given: SettingsPatch) => {
    if (isDeepStrictEqual(withPatch(store.get(), given), store.get())) return
    emit({ event: 'settings.changed', data: { settings: await store.change(given) } })
  }
  return {
    async 'task.run'({ task: id, source, range, settings: given, pack: packId, seed = randomInt(2 ** 31) }, context) {
      const task = findTask(tasks, id)
      const settings = checkSettings(task, given)
      const pack = choosePack(shelf.list(), task.packKinds, packId).record.id
      const { device } = store.get()
      const { asset, isNew } = await takeSource(parts, source, context)
      try {
        if (!task.accepts.includes(asset.kind))
          throw new NagareError(
            'bad-input',
            `${asset.name}: ${task.label} works on ${task.accepts.join(' and ')} files, this is ${asset.kind}.`,
            { file: asset.name },
          )
        if (range) checkRange(await project.edits.listOf(asset.id), range)
        const job = newJob(task, asset, { settings, pack, device, seed, ...(range ? { range } : {}) })
        await queue.add(job)
        const models = packId === undefined ? {} : { [id]: packId }
        await remember({ tasks: { [id]: given }, models }).catch((thrown: unknown) =>
          log.warn('settings-not-saved', { error: thrown }),
        )
        return { asset, job }
      } catch (thrown) {
        if (isNew) await project.assets.remove(asset.id).catch(() => undefined)
        throw thrown
      }
    },
  }
}
