import {
  Settings,
  type Asset,
  type EngineEvent,
  type Job,
  type Pack,
  type QueueState,
  type Snapshot,
  type Task,
} from '@contract'

/** What the engine holds, as this window last heard it. Only events and snapshots change it. */
export const project = $state({
  loaded: false,
  name: '',
  folder: '',
  version: '',
  assets: [] as Asset[],
  jobs: [] as Job[],
  queue: { isPaused: false, waiting: [] } as QueueState,
  packs: [] as Pack[],
  tasks: [] as Task[],
  settings: Settings.parse({}),
})

/** Assets on their way out: hidden here, removed in the engine once undo has run out. */
export const leaving = $state({ ids: [] as string[] })

export function applySnapshot(snapshot: Snapshot) {
  const { project: folder, assets, jobs, packs, tasks, settings, version } = snapshot
  const queue = snapshot.queue ?? { isPaused: false, waiting: [] }
  Object.assign(project, { loaded: true, ...folder, version, assets, jobs, queue, packs, tasks, settings })
}

export function applyEvent(event: EngineEvent) {
  switch (event.event) {
    case 'asset.changed':
      return upsert(project.assets, event.data.asset)
    case 'asset.removed':
      return drop(project.assets, event.data.asset)
    case 'job.changed':
      return upsert(project.jobs, event.data.job)
    case 'job.progress': {
      const job = project.jobs.find(({ id }) => id === event.data.job)
      if (job) job.progress = event.data.progress
      return
    }
    case 'job.removed':
      return drop(project.jobs, event.data.job)
    case 'queue.changed':
      project.queue = event.data.queue
      return
    case 'pack.changed':
      project.packs = event.data.packs
      return
    case 'settings.changed':
      project.settings = event.data.settings
  }
}

export const assetOf = (id: string | null | undefined) => project.assets.find((asset) => asset.id === id)
export const jobOf = (id: string | null | undefined) => project.jobs.find((job) => job.id === id)
export const tasksFor = (kind: Asset['kind']) => project.tasks.filter((task) => task.accepts.includes(kind))

/** Whether a job still has work before it. */
export const isActive = (job: Job) => job.state === 'queued' || job.state === 'running' || job.state === 'cancelling'

/** Assets that a person sees in this window. */
export const shownAssets = () => project.assets.filter(({ id }) => !leaving.ids.includes(id))

/** Keeps a record that a call answered, in case its event comes later. */
export function keepAsset(asset: Asset) {
  if (!assetOf(asset.id)) project.assets.push(asset)
}

export function keepJob(job: Job) {
  if (!jobOf(job.id)) project.jobs.push(job)
}

function upsert<T extends { id: string }>(list: T[], record: T) {
  const at = list.findIndex(({ id }) => id === record.id)
  if (at < 0) list.push(record)
  else list[at] = record
}

function drop(list: { id: string }[], gone: string) {
  const at = list.findIndex(({ id }) => id === gone)
  if (at >= 0) list.splice(at, 1)
}
