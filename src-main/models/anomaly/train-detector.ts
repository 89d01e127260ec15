import { basename } from 'node:path'
import { imageMetrics, pixelMetrics, readable } from '../../image'
import { openDevice } from '../../compute'
import { scoped, type Keep } from '../../lib/scoped'
import { writePack, type PackCard } from '../../packs'
import type { TrainContext, TrainResult } from '../family'
import { calibrateDetector } from './calibrate'
import { lineOf, type Calibration } from './calibration'
import { findMaterial, imagesFrom, paintedImages, paintSamples, type Material, type PaintedSample } from './material'
import type { Detector } from './detector'
import { openInspector } from './inspector'
import { calibrationFile } from './pack-model'
import type { PictureRecipe } from './picture-recipe'
import type { DetectorCard, DetectorSpec, Fitted } from './spec'
import type { View } from './view'

/** Pictures that defects are painted on to see what the model finds. */
const PAINTED = 48

/**
 * Trains a detector of any kind on normal pictures: some are held out, the rest are learned from, and the threshold comes from what is held out. Throws
 * `bad-input` for settings and data, `cancelled`, and what the kind throws.
 */
export const trainDetector = <Recipe extends PictureRecipe>(
  spec: DetectorSpec<Recipe>,
  context: TrainContext,
): Promise<TrainResult> => scoped((keep) => train(spec, context, keep))

async function train<Recipe extends PictureRecipe>(
  spec: DetectorSpec<Recipe>,
  context: TrainContext,
  keep: Keep,
): Promise<TrainResult> {
  const { seed, output } = context
  const hooks = { progress: context.progress, checkCancelled: context.checkCancelled }
  const recipe = spec.readRecipe(context)
  const startedAt = performance.now()
  const material = await findMaterial(context.data, recipe, seed)
  const { view, held, test } = material
  const mirrored = recipe.mirrored === 'yes'
  const images = (samples: Material['held'], phase: string, most: number) =>
    imagesFrom(samples, view, { most, mirrored, seed, phase }, hooks)
  const training = await images(material.training, 'Reading', recipe.pieces)
  const validation = await images(held, 'Reading what is held out', Math.min(recipe.pieces, Math.max(held.length, 512)))
  const painted = await paintSamples(held, view, { most: PAINTED, seed }, hooks)
  const device = await openDevice(context.device, { fallback: context.fallback })
  const card = (
    fitted: Pick<Fitted, 'config' | 'steps' | 'notes'>,
    methods: string[],
    seconds: number,
    metrics: PackCard['metrics'],
  ) => cardOf(spec, context, recipe, material, training.count, { ...fitted, methods, seconds }, metrics)
  const fitted = await spec.fit(
    {
      ...hooks,
      ...{ device, material, training, validation, seed, output, resume: context.resume },
      odd: paintedImages(painted, view),
      card: (config, { steps, seconds }) => card({ config, steps, notes: [] }, ['unfinished'], seconds, []),
    },
    recipe,
  )
  const calibrations: Record<string, Calibration> = {}
  const metrics: PackCard['metrics'] = []
  const odd = test.filter(({ item }) => item.defect !== null)
  for (const [method, { most }] of Object.entries(fitted.methods)) {
    const detector = keep(await spec.open(fitted, device, { method, seed }), (opened) => opened.close())
    const some = { held: held.slice(0, most), odd: odd.slice(0, most), painted: painted.slice(0, most) }
    const calibration = await calibrateDetector(
      detector,
      view,
      { ...some, rule: recipe.rule, painted: some.painted.map(({ picture }) => readable(picture)) },
      hooks,
    )
    calibrations[method] = calibration
    metrics.push(...(await paintedFigures(method, detector, view, calibration, some.painted)))
  }
  const seconds = fitted.seconds ?? (performance.now() - startedAt) / 1000
  await writePack(output, card(fitted, Object.keys(fitted.methods), seconds, metrics), fitted.weights, {
    [calibrationFile]: Buffer.from(`${JSON.stringify(calibrations)}\n`),
  })
  await fitted.finish?.()
  return { steps: fitted.steps ?? 0, metrics, notes: [...material.notes, ...fitted.notes] }
}

/** How well painted defects are told from the same pictures without, picture by picture and pixel by pixel. */
async function paintedFigures(
  method: string,
  detector: Detector,
  view: View,
  calibration: Calibration,
  painted: readonly PaintedSample[],
): Promise<PackCard['metrics']> {
  const inspector = openInspector(detector, view, calibration)
  const maps: { map: Float32Array; mask: { width: number; height: number; data: Uint8Array } | null }[] = []
  const look = async (which: 'picture' | 'clean') =>
    inspector.inspect(
      painted.map((sample) => readable(sample[which])),
      async (i, bands) => {
        const { width, height } = painted[i]!.picture
        const map = new Float32Array(width * height)
        for await (const { y, data } of bands) map.set(data, y * width)
        maps.push({ map, mask: which === 'clean' ? null : { width, height, data: painted[i]!.mask } })
      },
    )
  const bad = await look('picture')
  const good = await look('clean')
  const found = imageMetrics(
    [
      ...bad.map(({ raw }, i) => ({ score: raw, defect: painted[i]!.defect })),
      ...good.map(({ raw }) => ({ score: raw, defect: null })),
    ],
    lineOf(calibration, detector.weights).score.threshold,
  )
  const pixels = await pixelMetrics(() => maps)
  const protocol = `${painted.length} held-out normal pictures, and each of them with a painted (synthetic) defect; scored by ${method}`
  const metric = (name: string, value: number | null | undefined) =>
    value === null || value === undefined
      ? []
      : [{ name: `${name}, synthetic defects, ${method}`, value, unit: '', protocol }]
  return [
    ...metric('image AUROC', found.auroc),
    ...metric('pixel AUROC', pixels?.auroc),
    ...metric('AUPRO', pixels?.aupro),
  ]
}

/** A pack's card: what the person told of it, and how it came to be. */
function cardOf(
  { kind, label }: Pick<DetectorSpec, 'kind' | 'label'>,
  { data: folders, command, device, about, seed }: TrainContext,
  { normal, testPart, heldOut, rule }: PictureRecipe,
  { view, training, held }: Material,
  pieces: number,
  {
    config,
    steps,
    notes,
    methods,
    seconds,
  }: Pick<Fitted, 'config' | 'steps' | 'notes'> & { methods: string[]; seconds: number },
  metrics: PackCard['metrics'],
): PackCard {
  const card: DetectorCard = { view, model: config, methods, data: { normal, testPart, heldOut } }
  return {
    kind,
    name: about?.name ?? label,
    description: about?.description ?? 'Finds what is odd in pictures, and where.',
    licence: about?.licence ?? 'As the training data',
    config: { ...card },
    frontEnd: { ...view },
    provenance: {
      data: folders.map((folder) => ({
        name: basename(folder),
        licence: about?.data?.[basename(folder)] ?? 'not stated',
        amount: `${training.filter(({ set }) => set.folder === folder).length} normal pictures`,
      })),
      command,
      seed,
      steps,
      seconds: Math.round(seconds),
      device,
      notes: [
        `${pieces} images were learned from, ${held.length} pictures held out. The threshold is found by ${rule === 'f1' ? 'the best F1 over known defects' : 'false alarms'}.`,
        ...notes,
      ].join(' '),
    },
    metrics,
  }
}
