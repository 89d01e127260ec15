import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { openDevice } from '../../compute'
import {
  imageMetrics,
  pixelMetrics,
  type ImageMetrics,
  type Mask,
  type PixelMetrics,
  type ScoredMap,
} from '../../image'
import { NagareError } from '../../lib/errors'
import { scoped, type Keep } from '../../lib/scoped'
import { openPack } from '../../packs'
import type { EvaluateContext, Evaluation } from '../family'
import { readSettings } from '../recipe'
import {
  findMaterial,
  inMemory,
  openSample,
  paintSamples,
  withOpened,
  type Material,
  type Opened,
  type Sample,
} from './material'
import { openPackInspector, detectorModel } from './pack-model'
import { pictureSettings } from './picture-recipe'
import { drained, type Bands } from './scanner'
import type { DetectorSpec } from './spec'

const Settings = z.object({
  normal: pictureSettings.normal,
  /** A way to score, weight of the features, and share of false alarms, in place of the pack's. */
  method: z.string().optional(),
  kappa: z.coerce.number().min(0).max(100).optional(),
  falseAlarms: z.coerce.number().min(0).max(1).optional(),
  /** Most test pictures, 0 for all. */
  pictures: z.coerce.number().int().min(0).default(0),
})

/** What the model said of a test picture, and how large that is. */
interface Judged {
  name: string
  defect: string | null
  score: number
  width: number
  height: number
}

/** A test picture with what is known of it. */
interface Case {
  name: string
  defect: string | null
  /** Whether its map is measured: normal, or its defect is marked. */
  marked: boolean
  open(): Promise<Opened>
  /** Where its defect is marked; `size` is the picture's. */
  mask(size: { width: number; height: number }): Promise<Mask | null>
}

/**
 * Measures a detector on test pictures: image AUROC, AUPR and F1, and where defects are marked pixel AUROC and AUPRO (Bergmann et al., 2021). Data
 * without test pictures get painted defects on what training held out, named synthetic. Throws `bad-input` where there is nothing to test with.
 */
export const evaluateDetector = (spec: DetectorSpec, context: EvaluateContext): Promise<Evaluation> =>
  scoped((keep) => evaluate(spec, context, keep))

async function evaluate(spec: DetectorSpec, context: EvaluateContext, keep: Keep): Promise<Evaluation> {
  const { progress, checkCancelled } = context
  const settings = readSettings(Settings, {}, { preset: '', set: context.set, steps: undefined })
  const pack = await openPack(context.pack)
  const { card, view } = await detectorModel(pack)
  const device = await openDevice(context.device, { fallback: context.fallback })
  const inspector = keep(await openPackInspector(spec, pack, device, settings), (opened) => opened.close())
  const seed = pack.manifest.provenance.seed ?? context.seed
  const recipe = { ...z.object(pictureSettings).parse({}), ...card.data, normal: settings.normal || card.data.normal }
  const material = await findMaterial([context.data], recipe, seed)
  const { cases, synthetic } = await casesOf({ ...material, view }, settings.pictures, seed, context)
  const folder = keep(await mkdtemp(join(tmpdir(), 'nagare-maps-')), (path) =>
    rm(path, { recursive: true, force: true }),
  )
  const measuresPixels = cases.some(({ defect, marked }) => defect !== null && marked)
  const items: Judged[] = []
  const mapFile = (index: number) => join(folder, `${index}.f32`)
  const keepMap = async (index: number, bands: Bands) => {
    const file = await open(mapFile(index), 'w')
    try {
      for await (const { data } of bands)
        await file.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    } finally {
      await file.close()
    }
  }
  for (let first = 0; first < cases.length; first += inspector.together) {
    const some = cases.slice(first, first + inspector.together)
    const openers = some.map((each) => each.open)
    await withOpened(openers, async (pictures) => {
      const use = (i: number, bands: Bands) => (measuresPixels ? keepMap(first + i, bands) : drained(bands))
      const found = await inspector.inspect(pictures, use, { progress: checkCancelled })
      for (const [i, { name, defect }] of some.entries()) {
        const { width, height } = pictures[i]!.info
        items.push({ name, defect, score: found[i]!.score, width, height })
      }
    })
    progress({ phase: 'Inspecting', done: items.length, total: cases.length })
  }
  async function* maps(): AsyncGenerator<ScoredMap> {
    for (const [i, { marked, mask }] of cases.entries()) {
      checkCancelled()
      if (!marked) continue
      const bytes = await readFile(mapFile(i))
      const map = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer)
      yield { map, mask: await mask(items[i]!) }
    }
  }
  const images = imageMetrics(items, 0.5)
  const pixels = measuresPixels ? await pixelMetrics(maps) : null
  return report(items, images, pixels, { method: inspector.method, synthetic, data: basename(context.data) })
}

/** The data's test pictures, else painted ones made of what training held out. */
async function casesOf(
  material: Material,
  most: number,
  seed: number,
  hooks: Pick<EvaluateContext, 'progress' | 'checkCancelled'>,
): Promise<{ cases: Case[]; synthetic: boolean }> {
  const { test, held, view } = material
  const chosen = most > 0 ? evenly(test, most) : test
  if (chosen.some(({ item }) => item.defect !== null) && chosen.some(({ item }) => item.defect === null))
    return { cases: chosen.map(caseOf), synthetic: false }
  const painted = await paintSamples(held, view, { most: most || 200, seed }, hooks)
  if (painted.length === 0)
    throw new NagareError('bad-input', 'There is nothing to test with: no test pictures, and none held out.')
  const cases = painted.flatMap(({ clean, picture, mask, defect }, i): Case[] => [
    {
      name: held[i]!.item.name,
      defect: null,
      marked: true,
      open: async () => inMemory(clean),
      mask: async () => null,
    },
    {
      name: `${held[i]!.item.name} (${defect})`,
      defect,
      marked: true,
      open: async () => inMemory(picture),
      mask: async (size) => ({ ...size, data: mask }),
    },
  ])
  return { cases, synthetic: true }
}

const evenly = <T>(all: readonly T[], most: number): T[] =>
  all.length <= most ? [...all] : Array.from({ length: most }, (_, i) => all[Math.floor((i * all.length) / most)]!)

function caseOf(sample: Sample): Case {
  const { set, item } = sample
  return {
    name: item.name,
    defect: item.defect,
    marked: item.defect === null || item.mask !== null,
    open: () => openSample(sample),
    mask: (size) => set.readMask(item, size),
  }
}

function report(
  items: readonly Judged[],
  images: ImageMetrics,
  pixels: PixelMetrics | null,
  { method, synthetic, data }: { method: string; synthetic: boolean; data: string },
): Evaluation {
  const { atThreshold: at } = images
  const figure = (name: string, value: number | null | undefined, unit = '') =>
    value === null || value === undefined ? [] : [{ name, value, unit }]
  return {
    protocol:
      `${images.normals} normal and ${images.defects} odd pictures${synthetic ? ' with painted (synthetic) defects, made of what training held out' : ''}, ` +
      `scored by ${method}; a picture is called odd from a score of 0.5. F1 of calling all odd is given beside F1. ${data}`,
    metrics: [
      ...figure('image AUROC', images.auroc),
      ...figure('image AUPR', images.aupr),
      ...figure('F1 at the threshold', at.f1),
      ...figure('precision at the threshold', at.precision),
      ...figure('recall at the threshold', at.recall),
      ...figure('false alarms', at.falseAlarmRate),
      ...figure('largest F1', images.f1Max?.f1),
      ...figure('F1 of calling all odd', images.f1OfAll),
      ...figure('pixel AUROC', pixels?.auroc),
      ...figure('pixel AUPR', pixels?.aupr),
      ...figure('AUPRO (to 0.3)', pixels?.aupro),
    ],
    rows: images.byDefect.map(({ defect, count, auroc, found }) => ({ defect, count, AUROC: auroc ?? NaN, found })),
    details: {
      items: items.map(({ name, defect, score }) => ({ file: name, defect, score, odd: score >= 0.5 })),
      ...{ histograms: images.histograms, roc: images.roc, precisionRecall: images.precisionRecall },
      ...(pixels ? { pixelRoc: pixels.roc, pro: pixels.pro } : {}),
    },
  }
}
