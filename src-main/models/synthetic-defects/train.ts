import type { Device, Runner } from '../../compute'
import { auroc, rank } from '../../image'
import { NagareError } from '../../lib/errors'
import { float32, pick, type NDArrays } from '../../lib/ndarray'
import { random } from '../../lib/random'
import type { PackCard } from '../../packs'
import type { ImageSource } from '../anomaly/image-source'
import { readCheckpoint, writeCheckpoint } from '../checkpoint'
import type { SegmenterConfig } from './config'
import { initialWeights, weightShapes } from './network'
import { paintBatch, type PaintedBatch } from './paint'
import { oddsProgram, segmenterProgram } from './programs'
import { configOf, cropOf, familiesOf, type Recipe } from './recipe'

export interface SegmenterTraining {
  device: Device
  recipe: Recipe
  /** Normal images to learn from, and others of them held out. */
  training: ImageSource
  validation: ImageSource
  seed: number
  /** Where the run is kept from step to step; `data` tells one set of images from another. Without it nothing is written. */
  checkpoint?: { path: string; data: string; resume: boolean; card(step: number, seconds: number): PackCard }
  progress(progress: { phase: string; done: number; total: number; note?: string }): void
  /** Throws `cancelled` once the person asked to stop. */
  checkCancelled(): void
}

export interface TrainedSegmenter {
  config: SegmenterConfig
  weights: NDArrays
  steps: number
  /** Pixel AUROC on held-out pictures that this generator painted. */
  heldOut: number
  seconds: number
}

/** Fewest images to learn from. */
const LEAST_TRAINING = 20
/** Squares of held-out images that a look paints on, in batches of the training's size. */
const LOOKED_AT = 64

/**
 * Trains a network to tell per pixel what was painted on normal images (self-supervised, after CutPaste, Li et al., 2021, and DRAEM, Zavrtanik et al.,
 * 2021): every step paints anew. The same seed gives the same weights, with or without a break. Throws `bad-input` for images that do not suit,
 * `conflict` and `not-found` as `readCheckpoint`, `internal` where training diverges, `cancelled`.
 */
export async function trainSegmenter(options: SegmenterTraining): Promise<TrainedSegmenter> {
  const { device, recipe, training, validation, seed, checkpoint, progress, checkCancelled } = options
  const { batch, steps, learningRate, balance, clean, turned, varied, average } = recipe
  const config = configOf(recipe, training.shape)
  if (training.count < LEAST_TRAINING)
    throw new NagareError(
      'bad-input',
      `At least ${LEAST_TRAINING} normal images are needed to paint on, found ${training.count}.`,
      { hint: 'Add normal pictures, or use --set mode=tiles.' },
    )
  const crop = cropOf(recipe, config)
  const painting = { families: familiesOf(recipe), crop, clean, balance, turned: turned === 'yes', varied }
  const identity = { seed, recipe: JSON.stringify(recipe), data: checkpoint?.data ?? '' }
  const read = checkpoint?.resume ? await readCheckpoint(checkpoint.path, identity) : undefined
  const startedAt = performance.now()
  const seconds = () => (read?.standing.seconds ?? 0) + (performance.now() - startedAt) / 1000
  const draws = random(seed, read?.standing.random)
  const state = read?.current ?? initialWeights(config, draws)
  const names = Object.keys(weightShapes(config))
  const held = await paintedHeldOut(validation, painting, batch, seed)
  const trainer = await device.load(segmenterProgram(config, { batch, crop, steps, learningRate, average }), { state })
  const looker = await device.load(oddsProgram(config, batch, crop), { state: pick(state, names) })
  const images = [batch, config.channels, crop, crop]
  let heldOut: number | undefined
  try {
    for (let step = read?.standing.step ?? 0; step < steps;) {
      checkCancelled()
      const painted = paintBatch(await training.draw(batch, draws), batch, training.shape, painting, draws)
      const { loss } = await trainer.run({
        images: float32(images, painted.images),
        masks: float32([batch, crop, crop], painted.masks),
        weights: float32([batch, crop, crop], painted.weights),
      })
      step++
      if (!Number.isFinite(loss!.data[0]!))
        throw new NagareError('internal', `Training diverged: the loss is not finite at step ${step}.`, {
          hint: 'Start again with a lower learningRate.',
        })
      progress({ phase: 'Training', done: step, total: steps, note: note(loss!.data[0]!, heldOut) })
      if (step % recipe.checkpoint !== 0 || step === steps) continue
      const current = await trainer.state()
      const weights = keptOf(current, names)
      heldOut = await lookAt(looker, weights, held, images)
      if (!checkpoint) continue
      const standing = { ...identity, step, random: draws.state(), seconds: seconds(), best: heldOut, bestStep: step }
      await writeCheckpoint(checkpoint.path, checkpoint.card(step, standing.seconds), weights, current, standing)
    }
    const weights = keptOf(await trainer.state(), names)
    return { config, weights, steps, heldOut: await lookAt(looker, weights, held, images), seconds: seconds() }
  } finally {
    await trainer.dispose()
    await looker.dispose()
  }
}

/** The weights that count: their average, where one is kept, in place of the last ones. */
const keptOf = (state: NDArrays, names: readonly string[]): NDArrays =>
  Object.fromEntries(names.map((name) => [name, state[`ema.${name}`] ?? state[name]!]))

/** Batches of held-out images, painted by the same generator; always the same ones. */
async function paintedHeldOut(
  validation: ImageSource,
  painting: Parameters<typeof paintBatch>[3],
  batch: number,
  seed: number,
): Promise<PaintedBatch[]> {
  const draws = random(seed ^ 0x5eed)
  const batches: PaintedBatch[] = []
  for (let i = 0; i < Math.ceil(LOOKED_AT / batch); i++)
    batches.push(paintBatch(await validation.draw(batch, draws), batch, validation.shape, painting, draws))
  return batches
}

/** Pixel AUROC of the batches; 0.5 where nothing, or everything, is painted. */
async function lookAt(
  looker: Runner,
  weights: NDArrays,
  batches: readonly PaintedBatch[],
  images: readonly number[],
): Promise<number> {
  await looker.setState(weights)
  const scores: number[] = []
  const marks: number[] = []
  for (const painted of batches) {
    const { odds } = await looker.run({ images: float32(images, painted.images) })
    for (let i = 0; i < painted.masks.length; i++) {
      scores.push(odds!.data[i]!)
      marks.push(painted.masks[i]!)
    }
  }
  return auroc(rank(scores, marks)) ?? 0.5
}

const note = (loss: number, heldOut: number | undefined) =>
  [
    `loss ${loss.toPrecision(3)}`,
    ...(heldOut === undefined ? [] : [`held out pixel AUROC ${heldOut.toFixed(3)}`]),
  ].join(', ')
