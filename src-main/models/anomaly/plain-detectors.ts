import { z } from 'zod'
import { readSettings } from '../recipe'
import type { FitContext, Method } from './detector'
import { mostCalibrated } from './calibrate'
import { geometryOf, patchGaussian, patchGaussianProgram, type PatchGaussianSettings } from './patch-gaussian'
import { pca, pcaProgram, type PcaSettings } from './pca'
import { pictureSettings } from './picture-recipe'
import { preparationInWords } from './prepare-image'
import type { DetectorModel, DetectorSpec, FitRun, Fitted } from './spec'
import { shapeOfView } from './view'
import type { PackExport } from '../family'
import { pick } from '../../lib/ndarray'

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most)

const PcaRecipe = z.object({ ...pictureSettings, components: count(1, 256).default(32) })

const PatchRecipe = z.object({
  ...pictureSettings,
  /** Side of a cell, pixels: a power of two. */
  cell: z.coerce
    .number()
    .pipe(z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8), z.literal(16)]))
    .default(4),
  filters: count(1, 64).default(16),
  scales: count(1, 4).default(3),
  /** Filters drawn at random, or learned from the patches of normal images: for textures. */
  bank: z.enum(['random', 'whitening']).default('random'),
  /** Side of the neighbourhood that whitening filters look at, cells. */
  window: z.coerce
    .number()
    .pipe(z.union([z.literal(1), z.literal(3), z.literal(5), z.literal(7)]))
    .default(3),
  /** One Gaussian for each place of the image, or one for all: for textures that look alike everywhere. */
  places: z.enum(['each', 'all']).default('each'),
  score: z.enum(['max', 'mean']).default('max'),
})

/** Fits a method that needs no steps. */
async function fitMethod<Settings extends Record<string, unknown>>(
  method: Method<Settings>,
  settings: Settings,
  { device, seed, training, progress, checkCancelled }: FitRun,
): Promise<Fitted> {
  const context: FitContext = {
    ...{ device, seed, checkCancelled },
    progress: (done, total) => progress({ phase: 'Learning', done, total }),
  }
  const weights = await method.fit(training, settings, context)
  return {
    config: { ...settings },
    weights,
    steps: null,
    notes: [],
    methods: { [method.kind]: { most: mostCalibrated } },
  }
}

/** Principal component analysis as a kind of model. */
export const pcaSpec: DetectorSpec<z.infer<typeof PcaRecipe>> = {
  kind: pca.kind,
  label: pca.label,
  presets: { usual: {}, digits: { size: '28', components: '16', blur: '1', contrast: 'even' } },
  readRecipe: (context) => readSettings(PcaRecipe, pcaSpec.presets, context),
  fit: (run, { components }) => fitMethod<PcaSettings>(pca, { components }, run),
  termWeights: () => ({ residual: 1 }),
  open: ({ weights }, device) => pca.open(weights, device),
  exports(model) {
    const { weights } = model
    const shape = shapeOfView(model.view)
    return plainExport(model, 'the mean squared difference from the nearest combination of the components', {
      spec: pcaProgram(shape, weights['components']!.shape[0]!, 1),
      params: pick(weights, ['mean', 'components']),
    })
  },
}

/** Patch Gaussian as a kind of model. */
export const patchGaussianSpec: DetectorSpec<z.infer<typeof PatchRecipe>> = {
  kind: patchGaussian.kind,
  label: patchGaussian.label,
  presets: {
    usual: {},
    digits: { size: '28' },
    surfaces: { mode: 'tiles', size: '128', bank: 'whitening', places: 'all', pieces: '400' },
  },
  readRecipe: (context) => readSettings(PatchRecipe, patchGaussianSpec.presets, context),
  fit: (run, { cell, filters, scales, bank, window, places, score }) =>
    fitMethod<PatchGaussianSettings>(
      patchGaussian,
      { cell, filters, scales, bank, window, positionFree: places === 'all', score },
      run,
    ),
  termWeights: () => ({ distance: 1 }),
  open: ({ weights }, device) => patchGaussian.open(weights, device),
  exports(model) {
    const { weights } = model
    const places = weights['mean']!.shape[0]!
    return plainExport(model, "the Mahalanobis distance of the oddest cell's filter answers", {
      spec: patchGaussianProgram(shapeOfView(model.view), { ...geometryOf(weights['geometry']), places }, 1),
      params: pick(weights, ['filters', 'mean', 'whiten']),
    })
  },
}

/** A detector of one graph, for use outside. */
export function plainExport(
  { view }: Pick<DetectorModel, 'view'>,
  score: string,
  graph: Pick<PackExport['graphs'][number], 'spec' | 'params'>,
): PackExport {
  return {
    about:
      `Tells how odd a picture is. It sees ${view.mode === 'whole' ? 'pictures whole, fitted to its square with edge pixels repeated around them' : `pictures in squares that overlap by ${view.overlap} pixels or more; a picture's score is that of its oddest square`}.${preparationInWords(view)} ` +
      'The higher the score, the odder; calibration.json of the pack holds the scores of held-out normal pictures, from which Nagare takes its threshold.',
    graphs: [
      {
        name: 'detector',
        description: 'Score and map of one square.',
        ...graph,
        values: {
          images: {
            meaning: `pixels of one square from −1 (black) to 1 (white), ${view.channels === 1 ? 'grey' : 'red, green, blue (sRGB)'}`,
          },
          score: { meaning: score },
          map: { meaning: 'how odd each pixel is' },
          reconstruction: { meaning: 'what the model makes of the square, values like those of `images`' },
        },
      },
    ],
  }
}
