import type { Runner } from '../../compute'
import { float32, pick, type NDArray, type NDArrays } from '../../lib/ndarray'
import { imagesInMemory, type ImageSource } from '../anomaly/image-source'
import { scoreInBatches } from '../anomaly/score-in-batches'
import { standardised, standardOf } from '../anomaly/standardise'
import { imageShape, pixelsOf } from './config'
import { unsuitableData } from './findings'
import { scoreProgram } from './scoring'
import { encoderProgram } from './training-programs'
import { diverged, type Stage } from './stage'
import { initialWeights, weightShapes } from './weights'

/** How a trained f-AnoGAN does on images that it was not trained on. */
export interface HeldOut {
  /** Image and feature term of each held-out normal image. */
  image: Float32Array
  feature: Float32Array
  /** Mean squared difference of held-out images to the mean training image: what any model must beat. */
  meanImage: number
  /** How many standard deviations of normal images' scores the odd ones score above them on average, where there are any. */
  gap: number | undefined
}

/** Images that a preview shows, and that a validation takes at once. */
const SHOWN = 8
const BATCH = 32

/** The second stage: the encoder, generator and critic as `made` left them. Keeps the state with the least loss on held-out images. */
export async function trainEncoder(
  stage: Stage,
  made: NDArrays,
  validation: ImageSource,
): Promise<{ weights: NDArrays; bestStep: number; heldOut: HeldOut }> {
  const { device, recipe, config, draws, training, progress, checkCancelled } = stage
  const { batch, steps, iterations } = recipe
  const resumed = stage.start >= iterations ? stage.resumed : undefined
  const state = resumed?.current ?? { ...made, ...initialWeights(config, 'encoder', draws) }
  const names = Object.keys(weightShapes(config))
  const spec = encoderProgram(config, { batch, learningRate: recipe.encoderRate, kappa: recipe.kappa })
  const trainer = await device.load(spec, { state })
  const validator = await device.load(validationProgram(stage), { state: pick(state, names) })
  let best = resumed?.bestLoss ?? null
  let bestStep = resumed?.bestStep ?? 0
  let bestWeights = resumed?.best ?? pick(state, names)
  const meanImage = await distanceToMean(training, validation, recipe.validation)
  let heldOut: HeldOut | undefined
  const look = async (weights: NDArrays) => (heldOut = await lookAt(stage, validator, weights, validation, meanImage))
  try {
    for (let done = Math.max(0, stage.start - iterations); done < steps;) {
      checkCancelled()
      const images = float32([batch, ...imageShape(config)], await training.draw(batch, draws))
      const outputs = await trainer.run({ images })
      done++
      const loss = outputs['loss']!.data[0]!
      if (!Number.isFinite(loss)) throw diverged('encoder', done)
      progress({ phase: 'Training encoder', done, total: steps, note: note(loss, heldOut) })
      const ends = done === steps
      const shows = recipe.preview > 0 && (done % recipe.preview === 0 || ends)
      if (done % recipe.checkpoint !== 0 && !ends && !shows) continue
      const current = await trainer.state()
      const step = iterations + done
      if (done % recipe.checkpoint === 0 || ends) {
        const weights = pick(current, names)
        const { image, feature } = await look(weights)
        const found = standardOf(image).mean + recipe.kappa * standardOf(feature).mean
        if (best === null || found < best) [best, bestStep, bestWeights] = [found, step, weights]
        if (!ends) await stage.save({ step, best, bestStep }, bestWeights, current)
      }
      if (shows) await showReconstructions(stage, validator, pick(current, names), validation, step)
    }
    const final = await look(bestWeights)
    stage.found(unsuitableData(standardOf(final.image).mean, meanImage))
    return { weights: bestWeights, bestStep, heldOut: final }
  } finally {
    await trainer.dispose()
    await validator.dispose()
  }
}

/** `scoreProgram` whose weights may change. */
function validationProgram({ config }: Stage) {
  const { params, run, ...spec } = scoreProgram(config, BATCH)
  return {
    ...spec,
    name: 'f-anogan validation',
    state: params!,
    run: ({ state, inputs }: Parameters<typeof run>[0]) => run({ params: state, state: {}, inputs }),
  }
}

/** The first `most` images of a source. */
const some = (source: ImageSource, most: number): ImageSource => ({ ...source, count: Math.min(source.count, most) })

async function lookAt(
  { recipe, odd, checkCancelled }: Stage,
  validator: Runner,
  weights: NDArrays,
  validation: ImageSource,
  meanImage: number,
): Promise<HeldOut> {
  await validator.setState(weights)
  const terms = async (source: ImageSource) => {
    const found = await scoreInBatches(validator, some(source, recipe.validation), BATCH, checkCancelled)
    return { image: found['image']!.data as Float32Array, feature: found['feature']!.data as Float32Array }
  }
  const normal = await terms(validation)
  return { ...normal, meanImage, gap: odd && gapOf(normal, await terms(odd), recipe.kappa) }
}

/** By how many standard deviations of normal images odd ones are above them on average, in the sum of the terms. */
function gapOf(normal: Pick<HeldOut, 'image' | 'feature'>, odd: Pick<HeldOut, 'image' | 'feature'>, kappa: number) {
  const above = (name: 'image' | 'feature') => {
    const standard = standardOf(normal[name])
    return odd[name].reduce((sum, value) => sum + standardised(value, standard), 0) / odd[name].length
  }
  return above('image') + kappa * above('feature')
}

async function showReconstructions(
  { config, show }: Stage,
  validator: Runner,
  weights: NDArrays,
  validation: ImageSource,
  step: number,
): Promise<void> {
  if (!show) return
  const count = Math.min(SHOWN, validation.count)
  const images: NDArray = float32([count, ...imageShape(config)], await validation.at(0, count))
  await validator.setState(weights)
  const { reconstruction } = await scoreInBatches(validator, imagesInMemory(images), BATCH)
  await show({ step, images, reconstructions: reconstruction! })
}

/** Mean squared difference of held-out images to the mean of (at most 2000) training images. */
async function distanceToMean(training: ImageSource, validation: ImageSource, most: number): Promise<number> {
  const size = pixelsOf({ channels: training.shape[0] as 1 | 3, size: training.shape[1] })
  const mean = new Float64Array(size)
  const seen = Math.min(training.count, 2000)
  const real = await training.at(0, seen)
  for (let i = 0; i < seen * size; i++) mean[i % size]! += real[i]! / seen
  const held = await validation.at(0, Math.min(validation.count, most))
  let sum = 0
  for (let i = 0; i < held.length; i++) sum += (held[i]! - mean[i % size]!) ** 2
  return sum / held.length
}

/** The loss, and what the last look at held-out images told. */
function note(loss: number, heldOut: HeldOut | undefined): string {
  const words = [`loss ${loss.toPrecision(3)}`]
  if (heldOut) words.push(`held out ${standardOf(heldOut.image).mean.toPrecision(3)}`)
  if (heldOut?.gap !== undefined) words.push(`odd images ${heldOut.gap.toFixed(1)} deviations above`)
  return words.join(', ')
}
