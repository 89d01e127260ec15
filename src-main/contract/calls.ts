import { z } from 'zod'
import {
  Asset,
  AssetFormat,
  Device,
  ErrorRecord,
  Id,
  Job,
  KnownProject,
  LiveSession,
  Pack,
  Progress,
  SampleId,
  Settings,
  SettingsPatch,
  Snapshot,
} from './records'

/** Where a file comes from: a path (desktop only), a finished upload (browser), or what the project already holds. */
export const Source = z.union([
  z.object({ path: z.string().min(1).max(4096) }).strict(),
  z.object({ upload: Id, name: z.string().min(1).max(255) }).strict(),
  z.object({ asset: Id }).strict(),
])
export type Source = z.infer<typeof Source>

const nothing = z.object({}).strict()

/** Every call the window can make: what goes in, what comes out. */
export const calls = {
  'state.get': { args: nothing, result: Snapshot },
  /** The projects opened lately and those in Nagare's own folder, which is `folder`. */
  'project.list': { args: nothing, result: z.object({ projects: z.array(KnownProject), folder: z.string() }) },
  /** Opens another project in place of this one: the engine ends, and the next one answers with a state of its own. */
  'project.open': { args: z.object({ folder: z.string().min(1).max(4096) }), result: nothing },
  'project.create': { args: z.object({ name: z.string().trim().min(1).max(100) }), result: nothing },
  'asset.add': { args: z.object({ source: Source }), result: z.object({ asset: Asset }) },
  /** Adds a sample that comes with Nagare to the project, as an asset like any other. */
  'sample.add': { args: z.object({ sample: SampleId }), result: z.object({ asset: Asset }) },
  'asset.rename': { args: z.object({ asset: Id, name: z.string().min(1).max(200) }), result: nothing },
  'asset.remove': { args: z.object({ asset: Id }), result: nothing },
  'asset.export': {
    args: z.object({ asset: Id, format: AssetFormat }),
    result: z.object({ url: z.string(), name: z.string(), bytes: z.int() }),
  },
  'task.run': {
    args: z.object({
      task: z.string(),
      source: Source,
      settings: z.record(z.string(), z.unknown()).default({}),
      pack: z.string().optional(),
      seed: z.int().optional(),
    }),
    result: z.object({ asset: Asset, job: Job }),
  },
  'job.cancel': { args: z.object({ job: Id }), result: nothing },
  'job.retry': { args: z.object({ job: Id }), result: z.object({ job: Job }) },
  'job.remove': { args: z.object({ job: Id }), result: nothing },
  /** Opens a recording; its samples follow by `POST url?at=<byte>` as 32-bit floats, at least once in 5 s even when there are none. */
  'record.start': {
    args: z.object({
      name: z.string().min(1).max(200),
      device: z.string().max(300),
      sampleRate: z.int().min(1000).max(768_000),
      channels: z.int().min(1).max(2),
    }),
    result: z.object({ recording: Id, url: z.string() }),
  },
  'record.finish': { args: z.object({ recording: Id }), result: z.object({ asset: Asset }) },
  'record.discard': { args: z.object({ recording: Id }), result: nothing },
  /** Opens a voice converter for sound as it is spoken, at the window's rate; it follows by `POST url?part=<n>` and comes back in the answer. */
  'live.open': {
    args: z.object({
      pack: z.string(),
      from: z.string().max(200),
      to: z.string().max(200),
      sampleRate: z.int().min(1000).max(768_000),
    }),
    result: LiveSession,
  },
  'live.voices': {
    args: z.object({ session: Id, from: z.string().max(200), to: z.string().max(200) }),
    result: nothing,
  },
  'live.close': { args: z.object({ session: Id }), result: nothing },
  'device.list': { args: nothing, result: z.object({ devices: z.array(Device) }) },
  'pack.add': { args: z.object({ source: Source }), result: z.object({ pack: Pack }) },
  'pack.remove': { args: z.object({ pack: z.string() }), result: nothing },
  'settings.set': { args: SettingsPatch, result: Settings },
} as const

/** Every event the engine pushes. Each changes one record (a `notice` none); a window that misses one asks for the whole state again. */
export const events = {
  'asset.changed': z.object({ asset: Asset }),
  'asset.removed': z.object({ asset: Id }),
  'job.changed': z.object({ job: Job }),
  'job.progress': z.object({ job: Id, progress: Progress }),
  'job.removed': z.object({ job: Id }),
  'pack.changed': z.object({ packs: z.array(Pack) }),
  'settings.changed': z.object({ settings: Settings }),
  /** Something went wrong that no pending call can answer, e.g. a long recording that proves unreadable after it was added. */
  notice: z.object({ error: ErrorRecord }),
} as const

export type CallName = keyof typeof calls
export type CallArgs<K extends CallName> = z.input<(typeof calls)[K]['args']>
export type CallInput<K extends CallName> = z.output<(typeof calls)[K]['args']>
export type CallResult<K extends CallName> = z.output<(typeof calls)[K]['result']>
export type EventName = keyof typeof events
export type EventData<K extends EventName> = z.output<(typeof events)[K]>
export type EngineEvent = { [K in EventName]: { event: K; data: EventData<K> } }[EventName]
