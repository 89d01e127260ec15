import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { NagareError } from '../../lib/errors'
import { pick } from '../../lib/ndarray'
import { mostCalibrated } from '../anomaly/calibrate'
import { plainExport } from '../anomaly/plain-detectors'
import type { DetectorModel, DetectorSpec, FitRun, Fitted } from '../anomaly/spec'
import { SegmenterConfig } from './config'
import { segmenterDetector } from './detector'
import { weightShapes } from './network'
import { scoreProgram } from './programs'
import { presets, readRecipe, type Recipe } from './recipe'
import { trainSegmenter } from './train'

/** Self-supervised segmentation of painted defects as a kind of model. */
export const syntheticDefectsSpec: DetectorSpec<Recipe> = {
  kind: 'synthetic-defects',
  label: 'Synthetic defects',
  presets,
  readRecipe,
  fit,
  termWeights: () => ({ odds: 1 }),
  open: async (model, device) => segmenterDetector(device, checked(model)),
  exports(model) {
    const { config, weights } = checked(model)
    const exported = plainExport(model, 'the largest value of the map', {
      spec: scoreProgram(config, 1),
      params: weights,
    })
    const values = {
      ...exported.graphs[0]!.values,
      map: { meaning: 'log odds that a pixel is defective, averaged over its surroundings' },
      odds: { meaning: 'the score: the largest value of the map' },
    }
    return { ...exported, graphs: exported.graphs.map((graph) => ({ ...graph, values })) }
  },
}

/** Configuration and weights of a pack. Throws `corrupt` where they do not fit together. */
function checked({ config, weights }: Pick<DetectorModel, 'config' | 'weights'>) {
  const parsed = SegmenterConfig.safeParse(config)
  if (!parsed.success)
    throw new NagareError(
      'corrupt',
      `The model's configuration is not one of synthetic-defects (${parsed.error.issues[0]!.path.join('.')}).`,
    )
  const shapes = weightShapes(parsed.data)
  for (const [name, shape] of Object.entries(shapes))
    if (weights[name]?.shape.join() !== (shape as readonly number[]).join())
      throw new NagareError(
        'corrupt',
        `The model's ${name} is [${weights[name]?.shape ?? 'missing'}], expected [${shape as readonly number[]}].`,
      )
  return { config: parsed.data, weights: pick(weights, Object.keys(shapes)) }
}

async function fit(run: FitRun, recipe: Recipe): Promise<Fitted> {
  const { device, training, validation, seed, output, resume, material, progress, checkCancelled } = run
  const path = join(dirname(output), `${basename(output, '.nagare')}.checkpoint.nagare`)
  const { config, weights, steps, seconds, heldOut } = await trainSegmenter({
    ...{ device, recipe, training, validation, seed, progress, checkCancelled },
    checkpoint: {
      ...{ path, data: material.fingerprint, resume },
      card: (step, seconds) => run.card({}, { steps: step, seconds }),
    },
  })
  return {
    config: { ...config },
    ...{ weights, steps, seconds },
    notes: [
      ...(recipe.without === 'none' ? [] : [`No ${recipe.without} were painted.`]),
      `Pixel AUROC ${heldOut.toFixed(3)} on held-out pictures painted as those that it learned from.`,
    ],
    methods: { segmentation: { most: mostCalibrated } },
    finish: () => rm(path, { force: true }),
  }
}
