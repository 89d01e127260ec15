import {
  Settings,
  withPatch,
  type Asset,
  type EngineEvent,
  type Job,
  type Line,
  type Pack,
  type QueueState,
  type Refused,
  type SettingsPatch,
  type Snapshot,
  type Task,
  type Watch,
} from '@contract'
import { indexOf } from './asset-index'

class ProjectState {
  loaded = $state(false)
  name = $state('')
  folder = $state('')
  version = $state('')
  // Thousands of records, each replaced as a whole: lists that change are new lists.
  assets = $state.raw<Asset[]>([])
  jobs = $state.raw<Job[]>([])
  queue = $state.raw<QueueState>({ isPaused: false, waiting: [] })
  packs = $state<Pack[]>([])
  tasks = $state<Task[]>([])
  settings = $state(Settings.parse({}))
  /** Lines between good and odd that were put by hand, by `lineKey`. */
  lines = $state<Record<string, Line>>({})
  /** Folders whose new pictures are inspected, and files that could not be read as pictures. */
  watches = $state.raw<Watch[]>([])
  refused = $state.raw<Refused[]>([])
}

/** What the engine holds, as this window last heard it. Only events and snapshots change it. */
export const project = new ProjectState()

/** Assets on their way out: hidden here, removed in the engine once undo has run out. */
export const leaving = $state({ ids: [] as string[] })

export function applySnapshot(snapshot: Snapshot) {
  const { project: folder, assets, jobs, packs, tasks, settings, lines = {}, version } = snapshot
  const { watches = [], refused = [] } = snapshot
  const queue = snapshot.queue ?? { isPaused: false, waiting: [] }
  Object.assign(project, { loaded: true, ...folder, version, assets, jobs, queue, packs, tasks, lines })
  Object.assign(project, { watches, refused })
  settingsTold(settings)
}

/** Settings as the engine told of them last, and changes that it has not answered yet, the oldest first. */
let told = Settings.parse({})
let underWay: readonly SettingsPatch[] = []

function settingsTold(settings: Settings) {
  told = settings
  project.settings = underWay.reduce<Settings>((all, patch) => withPatch(all, patch), told)
}

/** Shows a change of settings at once, and in the end what the engine keeps; news of earlier changes does not undo it meanwhile. Throws what `keeping` throws. */
export async function showSettings(change: SettingsPatch, keeping: Promise<Settings>): Promise<void> {
  const own = { ...change }
  underWay = [...underWay, own]
  settingsTold(told)
  let kept: Settings | undefined
  try {
    kept = await keeping
  } finally {
    underWay = underWay.filter((other) => other !== own)
    settingsTold(kept ?? told)
  }
}

export function applyEvent(event: EngineEvent) {
  switch (event.event) {
    case 'asset.changed':
      project.assets = upserted(project.assets, event.data.asset)
      return
    case 'asset.removed':
      project.assets = project.assets.filter(({ id }) => id !== event.data.asset)
      return
    case 'job.changed':
      project.jobs = upserted(project.jobs, event.data.job)
      return
    case 'job.progress': {
      const job = jobOf(event.data.job)
      if (job) project.jobs = upserted(project.jobs, { ...job, progress: event.data.progress })
      return
    }
    case 'job.removed':
      project.jobs = project.jobs.filter(({ id }) => id !== event.data.job)
      return
    case 'queue.changed':
      project.queue = event.data.queue
      return
    case 'pack.changed':
      project.packs = event.data.packs
      return
    case 'watch.changed':
      project.watches = event.data.watches
      return
    case 'refused.changed':
      project.refused = event.data.refused
      return
    case 'lines.changed':
      project.lines = event.data.lines
      return
    case 'settings.changed':
      settingsTold(event.data.settings)
  }
}

export const assetOf = (id: string | null | undefined) =>
  id == null ? undefined : indexOf(project.assets).byId.get(id)
export const jobOf = (id: string | null | undefined) => project.jobs.find((job) => job.id === id)
export const tasksFor = (kind: Asset['kind']) => project.tasks.filter((task) => task.accepts.includes(kind))

/** Whether a job still has work before it. */
export const isActive = (job: Job) => job.state === 'queued' || job.state === 'running' || job.state === 'cancelling'

/** Assets that a person sees in this window. */
export const shownAssets = () =>
  leaving.ids.length ? project.assets.filter(({ id }) => !leaving.ids.includes(id)) : project.assets

/** Whether a job works, or worked, on an asset. */
export const worksOn = ({ source, sources }: Job, id: string) => (sources ? sources.includes(id) : source === id)

/** Keeps a record that a call answered, in case its event comes later. */
export function keepAsset(asset: Asset) {
  if (!assetOf(asset.id)) project.assets = [...project.assets, asset]
}

export function keepJob(job: Job) {
  if (!jobOf(job.id)) project.jobs = [...project.jobs, job]
}

function upserted<T extends { id: string }>(list: readonly T[], record: T): T[] {
  const at = list.findIndex(({ id }) => id === record.id)
  return at < 0 ? [...list, record] : list.with(at, record)
}
