import { z } from 'zod'
import { EditState, Stretch } from './edits'
import { Id } from './ids'

export { Id }
import { heatColours } from './heat-scale'

/** Finite numbers only: JSON has no NaN or Infinity, so what may diverge is null. */
const finite = z.number()
const seconds = finite.nonnegative()
const time = z.iso.datetime()

export const ErrorRecord = z.object({
  code: z.enum([
    'bad-input',
    'not-found',
    'unsupported',
    'cancelled',
    'disk-full',
    'no-permission',
    'conflict',
    'corrupt',
    'unavailable',
    'internal',
  ]),
  message: z.string(),
  hint: z.string().optional(),
  file: z.string().optional(),
})
export type ErrorRecord = z.infer<typeof ErrorRecord>

export const PcmEncoding = z.enum(['u8', 's16', 's24', 's32', 'f32', 'f64'])
export type PcmEncoding = z.infer<typeof PcmEncoding>

/** What is known of a sound: the file as it came, its level, and where its samples start in `/media/<id>`. */
export const AudioFacts = z.object({
  sampleRate: finite.positive(),
  channels: z.int().positive(),
  frames: z.int().nonnegative(),
  container: z.string(),
  encoding: z.string(),
  /** Integrated loudness in LUFS (ITU-R BS.1770); null for silence. */
  loudness: finite.nullable(),
  /** Largest magnitude, 1 = full scale. */
  peak: finite,
  /** Largest magnitude between the samples too (ITU-R BS.1770-4, annex 2); left out where it was not measured. */
  truePeak: finite.optional(),
  pcm: z.object({ offset: z.int().nonnegative(), encoding: PcmEncoding }),
})
export type AudioFacts = z.infer<typeof AudioFacts>

/** What is known of a log-mel spectrogram, whose numbers `/media/<id>/mel` holds: float32, little-endian, [frames, mels], natural logarithm. */
export const MelFacts = z.object({ mels: z.int().positive(), frames: z.int().positive() })
export type MelFacts = z.infer<typeof MelFacts>

/**
 * What is known of a picture, upright and in sRGB, as it is read. `/media/<id>/preview` shows it as a PNG with at most 2048 pixels on its longer side,
 * `/media/<id>/thumb` with 96.
 */
export const ImageFacts = z.object({
  width: z.int().positive(),
  height: z.int().positive(),
  /** 1 for grey, 3 for colour. */
  channels: z.union([z.literal(1), z.literal(3)]),
  depth: z.union([z.literal(8), z.literal(16)]),
  format: z.string(),
  /** What was changed or left out on reading it, each a sentence. */
  notes: z.array(z.string()),
  /** Whether any browser shows the file itself, `/media/<id>`, as it is read. */
  plain: z.boolean(),
})
export type ImageFacts = z.infer<typeof ImageFacts>

/** How a result came to be: enough to run it again. */
export const Origin = z.object({
  job: Id,
  task: z.string(),
  /** Which of the task's outputs it is, e.g. `clean` or `noise`. */
  role: z.string(),
  source: Id,
  /** The stretch of the source that was worked on, in its samples, where it was not all of it; what lies around it is the source's own. */
  range: Stretch.optional(),
  pack: z.object({ id: z.string(), name: z.string(), sha256: z.string() }),
  settings: z.record(z.string(), z.unknown()),
  seed: z.int(),
  /** The device that computed it. */
  device: z.string(),
  /** Why it was not the device asked for; null where it was. */
  fallback: z.string().nullable().default(null),
  seconds,
  /** What the task found on the way, e.g. `clippedSource`, the share of the source's samples at full scale. */
  facts: z.record(z.string(), z.unknown()).optional(),
  /** The command line that does the same. */
  command: z.string().optional(),
})
export type Origin = z.infer<typeof Origin>

/** How a recording was made here, rather than brought in. */
export const RecordedBy = z.object({
  /** Which recording it was; none becomes two assets. */
  id: Id,
  /** The microphone's name. */
  device: z.string(),
  startedAt: time,
  /** When it was completed without the window that made it; null where that did it. */
  recoveredAt: time.nullable(),
})
export type RecordedBy = z.infer<typeof RecordedBy>

/** A place in a sound that a person has named, in seconds from its start. */
export const Marker = z.object({ id: Id, time: seconds, name: z.string().max(200) })
export type Marker = z.infer<typeof Marker>
/** What a person says of a picture. */
export const Label = z.enum(['good', 'bad', 'unsure'])
export type Label = z.infer<typeof Label>

/** What a mask marks in the picture `of`: what is wrong with it (`truth`), or what inspection leaves out (`ignore`). */
export const Marks = z.object({
  of: Id,
  role: z.enum(['truth', 'ignore']),
  /** Whether an `ignore` mask holds for every picture of the same size that has none of its own. */
  everywhere: z.boolean().default(false),
})
export type Marks = z.infer<typeof Marks>

export const Asset = z.object({
  id: Id,
  name: z.string(),
  kind: z.enum(['audio', 'mel', 'image']),
  bytes: z.int().nonnegative(),
  createdAt: time,
  sha256: z.string(),
  audio: AudioFacts.optional(),
  mel: MelFacts.optional(),
  image: ImageFacts.optional(),
  origin: Origin.optional(),
  recorded: RecordedBy.optional(),
  /** What editing made of it, where it was edited: `audio` and the samples served then are those of the edited sound. */
  edit: EditState.optional(),
  /** In the order of their times. */
  markers: z.array(Marker).max(1000).optional(),
  label: Label.optional(),
  /** What is wrong with a picture that was labelled `bad`. */
  defect: z.string().max(60).optional(),
  marks: Marks.optional(),
})
export type Asset = z.infer<typeof Asset>

export const Progress = z.object({
  phase: z.string(),
  done: finite,
  total: finite,
  etaSeconds: seconds.nullable(),
  /** Processing seconds per second of material; null until measured. */
  rtf: finite.nullable(),
})
export type Progress = z.infer<typeof Progress>

export const JobState = z.enum(['queued', 'running', 'cancelling', 'done', 'failed', 'cancelled'])
export type JobState = z.infer<typeof JobState>

export const Job = z.object({
  id: Id,
  task: z.string(),
  label: z.string(),
  source: Id,
  /** How many steps the source had been edited when the job was queued; left out where it had not been. */
  revision: z.int().min(0).optional(),
  /** The stretch of the source to work on, in its samples; left out for all of it. */
  range: Stretch.optional(),
  /** All that it works on, `source` the first, where one job works on many. */
  sources: z.array(Id).optional(),
  /** Those of them that it could not do, and why. */
  missed: z.array(z.object({ source: Id, error: ErrorRecord })).optional(),
  state: JobState,
  settings: z.record(z.string(), z.unknown()),
  pack: z.string(),
  /** The device asked for until one is opened, then the one that computes. */
  device: z.string(),
  /** The device asked for, `auto` where Nagare chooses; null in records that do not tell. */
  requested: z.string().nullable().default(null),
  /** Why `device` is not the one asked for; null where it is. */
  fallback: z.string().nullable().default(null),
  seed: z.int(),
  /** How often it was started; over 1 after a crash or a retry. */
  attempt: z.int().nonnegative(),
  createdAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  progress: Progress.nullable(),
  results: z.array(Id),
  error: ErrorRecord.nullable(),
  /** The command line that does the same; empty where none does, since the source was edited or is a stretch. */
  command: z.string(),
})
export type Job = z.infer<typeof Job>

export const Device = z.object({
  id: z.string(),
  name: z.string(),
  available: z.boolean(),
  reason: z.string().optional(),
  gflops: finite.optional(),
  /** A graphics driver that computes with the processor, and slower than it. */
  software: z.boolean().optional(),
})
export type Device = z.infer<typeof Device>

export const Pack = z.object({
  id: z.string(),
  kind: z.string(),
  name: z.string(),
  description: z.string(),
  licence: z.string(),
  sampleRate: finite.nullable(),
  /** The mel spectrogram that it works on: its bands, the samples from frame to frame, and its edges in Hz. */
  mel: z
    .object({ mels: z.int().positive(), hop: z.int().positive(), fmin: finite.nonnegative(), fmax: finite.positive() })
    .optional(),
  /** The voices that it knows, the seconds each was trained on, and whether `/packs/<id>/voices/<n>` (from 0) plays it. */
  voices: z.array(z.object({ name: z.string(), seconds, sample: z.boolean() })).optional(),
  bytes: z.int(),
  sha256: z.string(),
  origin: z.enum(['starter', 'user']),
  metrics: z.array(z.object({ name: z.string(), value: finite, unit: z.string(), protocol: z.string() })),
})
export type Pack = z.infer<typeof Pack>

/** A job a person can ask for; `settings` is a JSON Schema with defaults, titles and bounds that the window draws its controls from. */
export const Task = z.object({
  id: z.string(),
  label: z.string(),
  description: z.string(),
  /** Kinds of asset that it works on. */
  accepts: z.array(z.enum(['audio', 'mel', 'image'])),
  /** Kinds of pack that it runs on, the usual one first. */
  packKinds: z.array(z.string()).min(1),
  settings: z.record(z.string(), z.unknown()),
})
export type Task = z.infer<typeof Task>

export const ExportFormat = z.enum(['wav-s16', 'wav-s24', 'wav-f32', 'flac-16', 'flac-24'])
export type ExportFormat = z.infer<typeof ExportFormat>

/** How an asset is written: sound in a format, or anything `as-is`, the file that the project holds. */
export const AssetFormat = z.enum([...ExportFormat.options, 'as-is'])
export type AssetFormat = z.infer<typeof AssetFormat>

/** A project that can be opened. */
export const KnownProject = z.object({
  folder: z.string(),
  name: z.string(),
  openedAt: time.nullable(),
  /** Whether it is the one that is open. */
  current: z.boolean(),
})
export type KnownProject = z.infer<typeof KnownProject>

/** What comes with Nagare to try it with: a noisy recording of speech, and a picture of a surface with a defect. */
export const SampleId = z.enum(['speech', 'surface'])
export type SampleId = z.infer<typeof SampleId>

const settings = {
  device: z.string(),
  theme: z.enum(['system', 'light', 'dark']),
  /** The window's language; `system` is the first of the system's that it speaks. */
  language: z.enum(['system', 'en', 'ja']),
  exportFormat: ExportFormat,
  /** Colours that maps are drawn in; the first where left out. */
  heatColours: z.enum(heatColours).optional(),
  /** The microphone last used, by its id and, since browsers give another id to each address, its name. */
  microphone: z.object({ id: z.string(), label: z.string(), channels: z.int().min(1).max(2) }).optional(),
  /** Model and voices with which one last heard oneself live; they may be gone since. */
  live: z.object({ pack: z.string(), from: z.string(), to: z.string() }).optional(),
  /** Last used settings of each task. */
  tasks: z.record(z.string(), z.record(z.string(), z.unknown())),
  /** Id of the model last chosen for each task; it may be gone since. */
  models: z.record(z.string(), z.string()),
}
export const Settings = z.object({
  device: settings.device.default('auto'),
  theme: settings.theme.default('system'),
  language: settings.language.default('system'),
  exportFormat: settings.exportFormat.default('wav-s16'),
  heatColours: settings.heatColours,
  microphone: settings.microphone,
  live: settings.live,
  tasks: settings.tasks.default({}),
  models: settings.models.default({}),
})
export type Settings = z.infer<typeof Settings>

/** Some settings to change; what is left out stays as it is (so no defaults here). */
export const SettingsPatch = z.object(settings).partial()
export type SettingsPatch = z.infer<typeof SettingsPatch>

/** The settings with what `patch` names changed; settings and models of tasks are merged task by task. */
export function withPatch(settings: Settings, patch: SettingsPatch): Settings {
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined))
  const tasks = { ...settings.tasks, ...patch.tasks }
  const models = { ...settings.models, ...patch.models }
  return { ...settings, ...given, tasks, models }
}

/** A converter of live sound. */
export const LiveSession = z.object({
  session: Id,
  url: z.string(),
  /** Hz at which the model hears, and samples that it takes at once: nothing comes back sooner. */
  sampleRate: finite.positive(),
  frame: z.int().positive(),
  device: z.string(),
  /** Why it is not the device asked for; null where it is. */
  fallback: z.string().nullable(),
})
export type LiveSession = z.infer<typeof LiveSession>

/** Why the engine before this one ended; null when it was asked to. */
export const EngineExit = z.object({
  reason: z.string(),
  code: z.int().nullable(),
  signal: z.string().nullable(),
  at: time,
})
export type EngineExit = z.infer<typeof EngineExit>

/** Where a person put the line between good and odd of a model, in place of the model's own (0.5), and from how many pixels on a region counts. */
export const Line = z.object({ threshold: finite.min(0).max(1), minArea: z.int().min(1).max(1_000_000) })
export type Line = z.infer<typeof Line>

/** A region of a map, see `regions.ts`. */
export const RegionRecord = z.object({
  area: z.int(),
  peak: finite,
  peakAt: z.object({ x: z.int(), y: z.int() }),
  mean: finite,
  box: z.object({ x: z.int(), y: z.int(), width: z.int(), height: z.int() }),
})
/** Whether further jobs are held back, and the jobs that wait in the order in which they will be worked on. */
export const QueueState = z.object({ isPaused: z.boolean(), waiting: z.array(Id) })
export type QueueState = z.infer<typeof QueueState>

export const SnapshotRecord = z.object({
  epoch: z.string(),
  seq: z.int(),
  version: z.string(),
  project: z.object({ name: z.string(), folder: z.string() }),
  assets: z.array(Asset),
  jobs: z.array(Job),
  queue: QueueState.optional(),
  packs: z.array(Pack),
  tasks: z.array(Task),
  settings: Settings,
  /** Lines put by hand, by `lineKey`. */
  lines: z.record(z.string(), Line).optional(),
  engine: z.object({ startedAt: time, lastExit: EngineExit.nullable() }),
})
