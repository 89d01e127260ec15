import { z } from 'zod'
import { EditRequest, Stretch } from './edits'
import { heatColours } from './heat-scale'
import {
  Asset,
  AssetFormat,
  Device,
  ErrorRecord,
  ExportFormat,
  Id,
  Job,
  Line,
  KnownProject,
  LiveSession,
  Marker,
  Pack,
  Progress,
  QueueState,
  RegionRecord,
  SampleId,
  Settings,
  SettingsPatch,
  SnapshotRecord,
} from './records'
import { galleryCalls } from './gallery'
import { Refused, Watch, watchCalls, watchEvents } from './watch'

/** All that a window shows, at one moment. */
export const Snapshot = SnapshotRecord.extend({
  watches: z.array(Watch).optional(),
  refused: z.array(Refused).optional(),
})
export type Snapshot = z.infer<typeof Snapshot>

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
  /** Replaces all markers of a sound. */
  'asset.mark': { args: z.object({ asset: Id, markers: z.array(Marker).max(1000) }), result: nothing },
  'asset.remove': { args: z.object({ asset: Id }), result: nothing },
  'asset.export': {
    args: z.object({ asset: Id, format: AssetFormat, range: Stretch.optional() }),
    result: z.object({ url: z.string(), name: z.string(), bytes: z.int() }),
  },
  /** Writes several sounds, named by a pattern of {name}, {task}, {model}, {n} and {date}, into one zip. */
  'asset.exportMany': {
    args: z.object({ assets: z.array(Id).min(1).max(500), format: ExportFormat, pattern: z.string().min(1).max(200) }),
    result: z.object({ url: z.string(), name: z.string(), bytes: z.int() }),
  },
  /** Edits a sound; undo and redo take back and do again, without end, also what was done before the engine started. */
  'edit.apply': { args: z.object({ asset: Id, edit: EditRequest }), result: z.object({ asset: Asset }) },
  'edit.undo': { args: z.object({ asset: Id }), result: z.object({ asset: Asset }) },
  'edit.redo': { args: z.object({ asset: Id }), result: z.object({ asset: Asset }) },
  'task.run': {
    args: z.object({
      task: z.string(),
      source: Source,
      /** A stretch of a sound to work on; the result is the whole sound with that stretch replaced. */
      range: Stretch.optional(),
      settings: z.record(z.string(), z.unknown()).default({}),
      pack: z.string().optional(),
      seed: z.int().optional(),
    }),
    result: z.object({ asset: Asset, job: Job }),
  },
  /** Loads code and model of a task that is about to be asked for with these settings; says nothing of what cannot be loaded. */
  'task.prepare': {
    args: z.object({
      task: z.string(),
      settings: z.record(z.string(), z.unknown()).default({}),
      pack: z.string().optional(),
    }),
    result: nothing,
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
  /** The integers of one pixel of pictures of one size, null for one that has none there. */
  'picture.pixel': {
    args: z.object({ assets: z.array(Id).min(1).max(8), x: z.int().nonnegative(), y: z.int().nonnegative() }),
    result: z.object({ values: z.array(z.array(z.int()).nullable()) }),
  },
  /** The regions of a map, found as its inspection finds them; `specks` are the runs of regions left out (`regionFinder`) as base64 of uint32, null where they are too many. */
  'picture.regions': {
    args: z.object({ map: Id, ...Line.shape }),
    result: z.object({
      regions: z.array(RegionRecord),
      count: z.int(),
      share: z.number(),
      specks: z.string().nullable(),
    }),
  },
  /** Draws what is to be seen of an inspected picture, and writes it to `exports/` as a PNG. */
  'picture.draw': {
    args: z.object({
      map: Id,
      what: z.enum(['heatmap', 'mask', 'overlay', 'difference']),
      line: Line,
      colours: z.enum(heatColours),
      low: z.number(),
      high: z.number(),
      opacity: z.number().min(0).max(1),
    }),
    result: z.object({ url: z.string(), name: z.string(), bytes: z.int() }),
  },
  /** What held-out normal pictures score with the model that made a result, as it was used there, ascending on the scale whose 0.5 is the model's line. */
  'inspect.held': { args: z.object({ result: Id }), result: z.object({ scores: z.array(z.number()) }) },
  /** Puts the line of a model, or gives it back to the model. */
  'inspect.line': { args: z.object({ model: z.string().min(1).max(300), line: Line.nullable() }), result: nothing },
  'device.list': { args: nothing, result: z.object({ devices: z.array(Device) }) },
  'pack.add': { args: z.object({ source: Source }), result: z.object({ pack: Pack }) },
  'pack.remove': { args: z.object({ pack: z.string() }), result: nothing },
  'settings.set': { args: SettingsPatch, result: Settings },
  ...galleryCalls,
  ...watchCalls,
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
  'lines.changed': z.object({ lines: z.record(z.string(), Line) }),
  'settings.changed': z.object({ settings: Settings }),
  ...watchEvents,
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
