import { mkdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { montage, writePng } from '../../image'
import { NagareError } from '../../lib/errors'
import { pick } from '../../lib/ndarray'
import { mostCalibrated } from '../anomaly/calibrate'
import type { DetectorModel, DetectorSpec, FitRun, Fitted } from '../anomaly/spec'
import { preparationInWords } from '../anomaly/prepare-image'
import { picturesOf } from '../anomaly/view'
import { FAnoganConfig } from './config'
import { anoganDetector, fAnoganDetector } from './detector'
import { configOf, presets, readRecipe, type Recipe } from './recipe'
import { scoreProgram } from './scoring'
import type { Preview } from './stage'
import { trainFAnogan } from './train'
import { weightShapes } from './weights'

/** f-AnoGAN, and AnoGAN on the same networks, as a kind of model. */
export const fAnoganSpec: DetectorSpec<Recipe> = {
  kind: 'f-anogan',
  label: 'f-AnoGAN',
  presets,
  readRecipe,
  fit,
  termWeights: ({ method, kappa = 1 }) =>
    method === 'search' ? { search: 1 } : kappa === 0 ? { image: 1 } : { image: 1, feature: kappa },
  async open(model, device, { method, kappa, seed }) {
    const trained = { config: configIn(model), weights: checked(model) }
    return method === 'search' ? anoganDetector(device, trained, { seed }) : fAnoganDetector(device, trained, { kappa })
  },
  exports(model) {
    const config = configIn(model)
    const { view } = model
    return {
      about:
        'The critic’s features, the encoder and the generator of f-AnoGAN in one graph: the nearest normal image to a given one, and how far the two are apart. ' +
        `Nagare sees ${view.mode === 'whole' ? 'pictures whole, fitted to the square with edge pixels repeated around them' : `pictures in squares that overlap by ${view.overlap} pixels or more`}.${preparationInWords(view)} ` +
        'Its score is Σ (term − mean) / deviation over the image and feature terms, mean and deviation being those of the held-out normal pictures in calibration.json of the pack.',
      graphs: [
        {
          name: 'detector',
          description: 'Terms of the score, map and reconstruction of one square.',
          spec: scoreProgram(config, 1),
          params: pick(checked(model), Object.keys(weightShapes(config))),
          values: {
            images: { meaning: 'pixels of one square from −1 (black) to 1 (white)' },
            image: { meaning: 'mean squared difference of the pixels of image and reconstruction' },
            feature: { meaning: "mean squared difference of the critic's features of the two" },
            reconstruction: { meaning: 'the normal image that is nearest, by encoder and generator' },
            map: { meaning: 'mean over channels of the difference, pixel by pixel' },
          },
        },
      ],
    }
  },
}

function configIn({ config }: Pick<DetectorModel, 'config'>): FAnoganConfig {
  const parsed = FAnoganConfig.safeParse(config)
  if (parsed.success) return parsed.data
  throw new NagareError(
    'corrupt',
    `The model's configuration is not an f-AnoGAN's (${parsed.error.issues[0]!.path.join('.')}).`,
  )
}

/** The weights, all there and of the shapes that the configuration asks for. */
function checked(model: Pick<DetectorModel, 'config' | 'weights'>) {
  for (const [name, shape] of Object.entries(weightShapes(configIn(model)))) {
    const found = model.weights[name]
    if (found?.shape.join() !== (shape as readonly number[]).join())
      throw new NagareError(
        'corrupt',
        `The model's ${name} is [${found?.shape ?? 'missing'}], expected [${shape as number[]}].`,
      )
  }
  return model.weights
}

async function fit(run: FitRun, recipe: Recipe): Promise<Fitted> {
  const { training, validation, odd, seed, device, output, resume, material } = run
  const notes: string[] = []
  const path = beside(output, 'checkpoint.nagare')
  const config = configOf(recipe, training.shape)
  const found = await trainFAnogan({
    ...{ device, recipe, training, validation, odd, seed },
    checkpoint: {
      ...{ path, data: material.fingerprint, resume },
      card: (steps, seconds) => run.card({ ...config }, { steps, seconds }),
    },
    progress: run.progress,
    checkCancelled: run.checkCancelled,
    show: (preview) => writePreview(beside(output, 'previews'), preview),
    warn: ({ message }) => notes.push(message),
  })
  return {
    config: { ...found.config },
    weights: found.weights,
    steps: found.steps,
    seconds: found.seconds,
    notes: [...notes, `The encoder is that of step ${found.bestStep}, the best on held-out images.`],
    finish: () => rm(path, { force: true }),
    methods: {
      encoder: { most: mostCalibrated },
      ...(recipe.search > 0 ? { search: { most: recipe.search } } : {}),
    },
  }
}

/** A path beside the pack, named after it. */
const beside = (output: string, what: string) => join(dirname(output), `${basename(output, '.nagare')}.${what}`)

/** Writes what training shows: the generator's samples, or held-out images above their reconstructions. */
async function writePreview(folder: string, { step, samples, images, reconstructions }: Preview): Promise<void> {
  await mkdir(folder, { recursive: true })
  const name = (what: string) => join(folder, `step-${String(step).padStart(6, '0')}-${what}.png`)
  if (samples) await writePng(name('samples'), montage(picturesOf(samples), 8))
  if (images && reconstructions) {
    const shown = [...picturesOf(images), ...picturesOf(reconstructions)]
    await writePng(name('reconstructions'), montage(shown, images.shape[0]!))
  }
}
