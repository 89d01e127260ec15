import type { Asset, Job } from '@contract'
import { randomInt } from 'node:crypto'
import { NagareError } from '../lib/errors'
import { newId } from '../lib/id'
import { choosePack } from '../packs'
import type { TaskDefinition } from '../tasks/task'
import { jobCommand } from './job-command'
import type { EngineParts } from './parts'

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
export function newJob(
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

/** What a run of task `id` works with: its settings checked and completed, its model, the device that is chosen. Throws `unsupported`, `bad-input`, `not-found`. */
export function planOf(
  { tasks, shelf, settings: store }: Pick<EngineParts, 'tasks' | 'shelf' | 'settings'>,
  id: string,
  given: Record<string, unknown>,
  packId: string | undefined,
) {
  const task = findTask(tasks, id)
  const settings = checkSettings(task, given)
  return {
    task,
    settings,
    pack: choosePack(shelf.list(), task.packKinds, packId).record.id,
    device: store.get().device,
  }
}

/** Throws `bad-input` where a task does not work on such a file. */
export function checkKind(task: TaskDefinition, asset: Asset): void {
  if (!task.accepts.includes(asset.kind))
    throw new NagareError(
      'bad-input',
      `${asset.name}: ${task.label} works on ${task.accepts.join(' and ')} files, this is ${asset.kind}.`,
      { file: asset.name },
    )
}

interface Many {
  task: string
  sources: readonly string[]
  settings: Record<string, unknown>
  pack?: string | undefined
  seed?: number | undefined
}

/** Queues one job over many assets. Throws `unsupported`, `bad-input`, `not-found`. */
export async function queueMany(parts: EngineParts, { task: id, sources, seed, ...many }: Many): Promise<Job> {
  const { task, ...plan } = planOf(parts, id, many.settings, many.pack)
  if (!task.runBatch)
    throw new NagareError('unsupported', `${task.label} works on one file at a time.`, { hint: 'Start it on each.' })
  const all = [...new Set(sources)].map((source) => parts.project.assets.get(source))
  for (const asset of all) checkKind(task, asset)
  const own = newJob(task, all[0]!, { ...plan, seed: seed ?? randomInt(2 ** 31) })
  const job = { ...own, sources: all.map(({ id }) => id) }
  await parts.queue.add(job)
  return job
}
