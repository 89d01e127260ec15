import { z } from 'zod'
import { RegionOverlap } from './region-overlap'
import { Asset, Id, Job, Label } from './records'

/** Most pictures of one batch. */
export const mostTogether = 2000
/** Most pictures of one call about labels or a report. */
const mostPictures = 50_000

/** A name of a kind of defect: it becomes a folder's name. */
export const Defect = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} _-]*$/u, 'expected letters, digits, spaces, - and _')
  .refine((name) => !/^(good|normal|ok)$/i.test(name), 'expected a defect, this is a name of the good ones')

const rate = z.number().nullable()
const Curve = z.object({ x: z.array(z.number()), y: z.array(z.number()) })
const Histogram = z.object({ low: z.number(), high: z.number(), counts: z.array(z.int()) })

/** How well scores agree with labels; of nothing known null. */
export const Measures = z.object({
  normals: z.int(),
  defects: z.int(),
  threshold: z.number(),
  auroc: rate,
  aupr: rate,
  atThreshold: z.object({
    truePositives: z.int(),
    falsePositives: z.int(),
    trueNegatives: z.int(),
    falseNegatives: z.int(),
    precision: rate,
    recall: rate,
    falseAlarmRate: rate,
    f1: rate,
    accuracy: rate,
  }),
  f1Max: z.object({ f1: z.number(), threshold: z.number() }).nullable(),
  /** F1 of calling every picture a defect: what an F1 has to be compared with. */
  f1OfAll: rate,
  roc: Curve,
  precisionRecall: Curve,
  histograms: z.object({ normal: Histogram, defect: Histogram }),
  byDefect: z.array(z.object({ defect: z.string(), count: z.int(), auroc: rate, found: z.int() })),
})
export type Measures = z.infer<typeof Measures>

/** What is written of pictures: their labels as a table, the labelled ones in MVTec's layout, their results, or a report to read. */
export const GalleryFormat = z.enum(['labels', 'mvtec', 'results', 'report'])
export type GalleryFormat = z.infer<typeof GalleryFormat>

const nothing = z.object({}).strict()
const exported = z.object({ url: z.string(), name: z.string(), bytes: z.int() })

/** Calls about many pictures, and what a person marks in them. */
export const galleryCalls = {
  /** Runs a task over many assets of the project as one job: the model is loaded once, and what cannot be done holds up no other. */
  'task.runMany': {
    args: z.object({
      task: z.string(),
      sources: z.array(Id).min(1).max(mostTogether),
      settings: z.record(z.string(), z.unknown()).default({}),
      pack: z.string().optional(),
      seed: z.int().optional(),
    }),
    result: z.object({ job: Job }),
  },
  /** Labels pictures, or takes their labels away; `null` takes away, what is left out stays. */
  'asset.label': {
    args: z.object({
      labels: z
        .array(z.object({ asset: Id, label: Label.nullable(), defect: Defect.nullable().optional() }))
        .min(1)
        .max(mostPictures),
    }),
    result: nothing,
  },
  'gallery.measure': {
    args: z.object({
      threshold: z.number().min(0).max(1),
      items: z.array(z.object({ score: z.number(), defect: z.string().max(60).nullable() })).max(mostPictures),
    }),
    result: Measures,
  },
  /** Compares maps with the masks of their pictures, null where nothing is wrong in one; what a picture's ignored parts hold does not count. Null without a region. */
  'gallery.overlap': {
    args: z.object({ items: z.array(z.object({ map: Id, mask: Id.nullable() })).max(mostPictures) }),
    result: z.object({ overlap: RegionOverlap.nullable() }),
  },
  /** Writes what `/exports/` serves: a table, a zip, or a page. `takes` names for each picture the job whose result is meant. */
  'gallery.export': {
    args: z.object({
      format: GalleryFormat,
      pictures: z
        .array(z.object({ asset: Id, take: Id.nullable() }))
        .min(1)
        .max(mostPictures),
      threshold: z.number().min(0).max(1).default(0.5),
    }),
    result: exported,
  },
  /** Takes a mask that was sent to `PUT /bits?…` into the project, in place of the one that the picture had; an empty one goes. */
  'mask.save': {
    args: z.object({
      picture: Id,
      role: z.enum(['truth', 'ignore']),
      bits: Id,
      everywhere: z.boolean().default(false),
    }),
    result: z.object({ mask: Asset.nullable() }),
  },
} as const
