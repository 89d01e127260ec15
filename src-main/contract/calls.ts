import { z } from 'zod'
import {
  Asset,
  AssetFormat,
  Device,
  ErrorRecord,
  ExportFormat,
  Id,
  Job,
  LiveSession,
  Marker,
  Pack,
  Progress,
  QueueState,
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
  'asset.add': { args: z.object({ source: Source }), result: z.object({ asset: Asset }) },
  'asset.rename': { args: z.object({ asset: Id, name: z.string().min(1).max(200) }), result: nothing },
  /** Replaces all markers of a sound. */
  'asset.mark': { args: z.object({ asset: Id, markers: z.array(Marker).max(1000) }), result: nothing },
  'asset.remove': { args: z.object({ asset: Id }), result: nothing },
  'asset.export': {
    args: z.object({ asset: Id, format: AssetFormat }),
    result: z.object({ url: z.string(), name: z.string(), bytes: z.int() }),
  },
  /** Writes several sounds, named by a pattern of {name}, {task}, {model}, {n} and {date}, into one zip. */
  'asset.exportMany': {
    args: z.object({ assets: z.array(Id).min(1).max(500), format: ExportFormat, pattern: z.string().min(1).max(200) }),
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
  /** Puts a waiting job before another waiting one, or to the end. */
  'job.move': { args: z.object({ job: Id, before: Id.nullable() }), result: nothing },
  /** Starts no further job, or goes on. */
  'queue.pause': { args: z.object({ paused: z.boolean() }), result: nothing },
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
  'queue.changed': z.object({ queue: QueueState }),
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
