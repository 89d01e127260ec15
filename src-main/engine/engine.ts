import { eventLog, serve, type Device, type EngineEvent, type EngineExit, type Handlers, type Wire } from '@contract'
import { openJobLog, openQueue, type JobRunner } from '../jobs'
import { errorRecord } from '../lib/errors'
import { newId } from '../lib/id'
import { silent, type Log } from '../lib/log'
import { measureUnfinished, openLines, openProject, openRefused, type ProjectIo, type Tiles } from '../project'
import type { TaskDefinition } from '../tasks/task'
import { dirname } from 'node:path'
import { handlersOf } from './handlers'
import { jobOutputs } from './job-outputs'
import { liveSessions, type LiveSessions } from './live/sessions'
import type { PackShelf } from './pack-shelf'
import type { EngineParts } from './parts'
import { openProjectList } from './project-list'
import { watchRecordings } from './recordings'
import { queueMany } from './queue-many'
import { openSettings } from './settings-store'
import { noticeUnreadable } from './take-source'
import { openWatches } from './watches'

export interface EngineOptions {
  /** Folder of the project. */
  folder: string
  settingsFile: string
  /** Has the parent open another project in a new engine. */
  switchTo?: (folder: string) => void
  /** Folder of what comes with Nagare, its samples among them. */
  resources?: string
  tasks: readonly TaskDefinition[]
  shelf: PackShelf
  run: JobRunner
  /** Thread of live conversion; see `live/worker.ts`. Without it there is none. */
  liveFile?: URL
  listDevices(): Promise<Device[]>
  version: string
  lastExit?: EngineExit | null
  log?: Log
  io?: ProjectIo
}

export interface Engine {
  readonly handlers: Handlers
  readonly live: LiveSessions
  /** Pictures in tiles. */
  readonly tiles: Tiles
  /** Serves one window. */
  serve(wire: Wire, trusted: boolean, local?: boolean): void
  /** Leaves a running job to the next opening, and frees the project. */
  close(): Promise<void>
}

/** Opens a project and works on its jobs. Throws what `openProject` throws. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const {
    tasks,
    resources = '',
    switchTo,
    shelf,
    run,
    listDevices,
    version,
    lastExit = null,
    log = silent,
    io,
    liveFile,
  } = options
  const events = eventLog(newId('e'))
  const emit = (event: EngineEvent) => events.emit(event)
  const settings = await openSettings(options.settingsFile, log)
  const project = await openProject(options.folder, { log, ...(io ? { io } : {}) })
  try {
    const { paths, assets } = project
    assets.subscribe({
      changed: (asset) => emit({ event: 'asset.changed', data: { asset } }),
      removed: (asset) => emit({ event: 'asset.removed', data: { asset } }),
    })
    const jobLog = await openJobLog(paths.jobLog)
    if (jobLog.skipped > 0) log.warn('job-log-lines-skipped', { count: jobLog.skipped })
    const queue = await openQueue({
      log: jobLog,
      run,
      ...jobOutputs(project, shelf, tasks),
      workOf: paths.workOf,
      listener: {
        changed: (job) => emit({ event: 'job.changed', data: { job } }),
        progress: (job, progress) => emit({ event: 'job.progress', data: { job, progress } }),
        removed: (job) => emit({ event: 'job.removed', data: { job } }),
        reordered: (state) => emit({ event: 'queue.changed', data: { queue: state } }),
      },
      journal: log,
    })
    const startedAt = new Date().toISOString()
    const recordings = watchRecordings({ project, emit })
    const live = liveSessions({ file: liveFile })
    const lines = await openLines(paths.lines, log)
    const refused = await openRefused(paths.refused, log, (all) =>
      emit({ event: 'refused.changed', data: { refused: all } }),
    )
    const watches = await openWatches({
      ...{ project, refused, emit },
      inspect: async (sources, plan) => void (await queueMany(parts, { task: 'inspect', sources, ...plan })),
    })
    const parts: EngineParts = {
      project,
      queue,
      prepare: run.prepare,
      shelf,
      settings,
      recordings,
      live,
      lines,
      refused,
      watches,
      projects: await openProjectList({ home: dirname(options.settingsFile), current: paths.folder, log }),
      switchTo,
      resources,
      tasks,
      events,
      emit,
      listDevices,
      version,
      startedAt,
      lastExit,
      log,
    }
    const handlers = handlersOf(parts)
    await measureUnfinished(project, noticeUnreadable(parts))
    queue.start()
    watches.resume()
    project.inBackground(
      recordings.rescue().catch((thrown: unknown) => log.warn('recordings-not-read', { error: thrown })),
    )
    return {
      handlers,
      live,
      tiles: project.tiles,
      serve: (wire, trusted, local = false) => serve(wire, { handlers, log: events, trusted, local, errorRecord }),
      async close() {
        recordings.close()
        await watches.close()
        await live.close()
        await queue.close()
        await run.close?.()
        await project.close()
      },
    }
  } catch (thrown) {
    await project.close()
    throw thrown
  }
}
