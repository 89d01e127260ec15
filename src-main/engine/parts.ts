import type { Device, EngineEvent, EngineExit, EventLog } from '@contract'
import type { JobRunner, Queue } from '../jobs'
import type { Log } from '../lib/log'
import type { Lines, Project, RefusedFiles } from '../project'
import type { TaskDefinition } from '../tasks/task'
import type { LiveSessions } from './live/sessions'
import type { PackShelf } from './pack-shelf'
import type { ProjectList } from './project-list'
import type { Recordings } from './recordings'
import type { Watches } from './watches'
import type { SettingsStore } from './settings-store'

/** All that a handler may use. */
export interface EngineParts {
  project: Project
  queue: Queue
  /** Loads what a job will need, where the runner of jobs can. */
  prepare: JobRunner['prepare'] | undefined
  shelf: PackShelf
  settings: SettingsStore
  recordings: Recordings
  live: LiveSessions
  lines: Lines
  refused: RefusedFiles
  watches: Watches
  projects: ProjectList
  /** Has the parent open another project in a new engine; undefined where there is no parent. */
  switchTo: ((folder: string) => void) | undefined
  /** Folder of what comes with Nagare; empty where there is none. */
  resources: string
  tasks: readonly TaskDefinition[]
  events: EventLog
  emit(event: EngineEvent): void
  listDevices(): Promise<Device[]>
  version: string
  startedAt: string
  lastExit: EngineExit | null
  log: Log
}
