import { z } from 'zod'
import { Id } from './ids'

const frames = z
  .int()
  .min(0)
  .max(2 ** 48)
const decibels = z.number().min(-200).max(200)
const rate = z.int().min(1000).max(768_000)

/** A stretch of sound: samples `from` (kept) to `to` (not kept). */
export const Stretch = z.object({ from: frames, to: frames }).refine(({ from, to }) => from < to, {
  message: 'expected a stretch that ends after it starts',
})
export type Stretch = z.infer<typeof Stretch>

/** A gain that runs in a line from `low` at source sample `from` to `high` at `to`, and stays there on either side. */
export const Ramp = z.object({
  from: z.number(),
  to: z.number(),
  low: z.number().min(0).max(1),
  high: z.number().min(0).max(1),
})
export type Ramp = z.infer<typeof Ramp>

/** A run of samples of an asset, counted at the list's rate, or of silence. */
export const Segment = z.object({
  /** Null for silence. */
  asset: Id.nullable(),
  from: frames,
  to: frames,
  /** Gain in dB; 0 where it is left out. */
  db: decibels.optional(),
  ramps: z.array(Ramp).max(64).optional(),
  /** Its channels are mixed to one before they go to those of the list. */
  mono: z.literal(true).optional(),
  /** Samples over which it is cross-faded with what comes before it, where that is not the usual length. */
  join: z.int().min(0).max(1_000_000).optional(),
})
export type Segment = z.infer<typeof Segment>

/** A sound put together from stretches of immutable ones; nothing is copied. */
export const EditList = z.object({
  /** Hz. */
  sampleRate: rate,
  channels: z.int().min(1).max(32),
  segments: z.array(Segment).min(1).max(200_000),
})
export type EditList = z.infer<typeof EditList>

/** Where a clip was copied: a stretch of an asset as it was after `revision` steps. */
export const Clip = z.object({ asset: Id, revision: z.int().min(0), from: frames, to: frames })
export type Clip = z.infer<typeof Clip>

const stretch = { from: frames, to: frames }

/** One change to an edit list, with all that it needs to be made again. Positions are samples of the list. */
export const Edit = z.discriminatedUnion('do', [
  z.object({ do: z.literal('delete'), ...stretch }),
  z.object({ do: z.literal('trim'), ...stretch }),
  z.object({ do: z.literal('silence'), ...stretch }),
  z.object({ do: z.literal('gain'), ...stretch, db: decibels }),
  z.object({ do: z.literal('fade'), ...stretch, way: z.enum(['in', 'out']) }),
  /** Puts `segments` in the place of a stretch, which may be empty; `join` is the length of its cross-fades in samples. */
  z.object({
    do: z.literal('splice'),
    ...stretch,
    segments: z.array(Segment).min(1).max(200_000),
    join: z.int().min(0).max(1_000_000).optional(),
  }),
  z.object({ do: z.literal('resample'), sampleRate: rate }),
  z.object({ do: z.literal('channels'), channels: z.union([z.literal(1), z.literal(2)]) }),
])
export type Edit = z.infer<typeof Edit>

/** What a person can ask for. Positions are samples of the document as it is. */
export const EditRequest = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('cut'), ...stretch }),
  z.object({ kind: z.literal('delete'), ...stretch }),
  z.object({ kind: z.literal('trim'), ...stretch }),
  z.object({ kind: z.literal('silence'), ...stretch }),
  z.object({ kind: z.literal('gain'), ...stretch, db: z.number().min(-96).max(96) }),
  z.object({ kind: z.literal('fadeIn'), ...stretch }),
  z.object({ kind: z.literal('fadeOut'), ...stretch }),
  /** Gain that brings the largest sample to `target` dBFS, or the loudness to `target` LUFS. */
  z.object({
    kind: z.literal('normalise'),
    ...stretch,
    measure: z.enum(['peak', 'loudness']),
    target: z.number().min(-96).max(12),
  }),
  z.object({ kind: z.literal('paste'), ...stretch, clip: Clip }),
  /** Puts the same stretch of `result`, an asset that runs in step with the document, in its place. */
  z.object({ kind: z.literal('insertResult'), ...stretch, result: Id }),
  z.object({ kind: z.literal('resample'), sampleRate: rate }),
  z.object({ kind: z.literal('channels'), channels: z.union([z.literal(1), z.literal(2)]) }),
])
export type EditRequest = z.infer<typeof EditRequest>

/** What a step of a document's history was. */
export const EditKind = z.enum([
  'cut',
  'delete',
  'trim',
  'silence',
  'gain',
  'fadeIn',
  'fadeOut',
  'normalise',
  'paste',
  'insertResult',
  'resample',
  'channels',
] satisfies EditRequest['kind'][])
export type EditKind = z.infer<typeof EditKind>

/** How far a document has been edited. */
export const EditState = z.object({
  /** Steps so far, those of undoing and redoing among them. */
  revision: z.int().min(0),
  /** Names what the document holds now: `/media/<id>?v=<version>` and `/media/<id>/peaks?v=<version>`. */
  version: z.string().regex(/^[0-9a-f]{16}$/),
  /** What undo would take back and redo do again; null where there is nothing. */
  undo: EditKind.nullable(),
  redo: EditKind.nullable(),
  /** How many steps of its history could be read, where the rest could not. */
  damagedAfter: z.int().min(0).optional(),
})
export type EditState = z.infer<typeof EditState>
