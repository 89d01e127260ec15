import type { Handlers, Task } from '@contract'
import { z } from 'zod'
import type { TaskDefinition } from '../../tasks/task'
import type { EngineParts } from '../parts'

/** What the window needs to know of a task; its settings as JSON Schema. */
function taskRecord({ id, label, description, accepts, packKinds, settings }: TaskDefinition): Task {
  const schema = { ...z.toJSONSchema(settings, { io: 'input' }) }
  return { id, label, description, accepts: [...accepts], packKinds: [...packKinds], settings: schema }
}

/** Answers at once (no promise), so that the snapshot and its `seq` are one moment. */
export function stateHandlers(parts: EngineParts): Pick<Handlers, 'state.get'> {
  const { project, queue, shelf, settings, lines, refused, watches, events, version, startedAt, lastExit } = parts
  const tasks = parts.tasks.map(taskRecord)
  return {
    'state.get': () => ({
      epoch: events.epoch,
      seq: events.seq,
      version,
      project: { name: project.manifest.name, folder: project.paths.folder },
      assets: project.assets.list(),
      jobs: queue.list(),
      queue: queue.state(),
      packs: shelf.list().map(({ record }) => record),
      tasks,
      settings: settings.get(),
      lines: lines.get(),
      refused: refused.list(),
      watches: watches.list(),
      engine: { startedAt, lastExit },
    }),
  }
}
