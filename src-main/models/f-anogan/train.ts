import { NagareError } from '../../lib/errors'
import { pick, type NDArrays } from '../../lib/ndarray'
import { random } from '../../lib/random'
import { readCheckpoint, writeCheckpoint, type Standing } from '../checkpoint'
import { trainAdversarial } from './adversarial-stage'
import type { FAnoganConfig } from './config'
import { trainEncoder, type HeldOut } from './encoder-stage'
import type { Finding } from './findings'
import { configOf } from './recipe'
import type { FAnoganTraining, Stage } from './stage'
import { partShapes, weightShapes } from './weights'

/** A trained f-AnoGAN and how it did on held-out images. */
export interface TrainedFAnogan {
  config: FAnoganConfig
  weights: NDArrays
  /** Iterations of generator and critic, and steps of the encoder. */
  steps: number
  /** The step whose encoder was kept. */
  bestStep: number
  heldOut: HeldOut
  findings: Finding[]
  seconds: number
}

/** Fewest images to learn from, and to hold out. */
const LEAST_TRAINING = 20

/**
 * Trains f-AnoGAN on normal images (Schlegl et al., 2019): first generator and critic, then the encoder with both fixed, whose best state on held-out images
 * is kept. The last checkpoint stays until the caller has the result safe. The same seed gives the same weights, with or without a break. Throws `bad-input` for images that do not suit, `conflict` and `not-found` as
 * `readCheckpoint`, `internal` where training diverges, `cancelled`.
 */
export async function trainFAnogan(options: FAnoganTraining): Promise<TrainedFAnogan> {
  const { recipe, training, validation, seed, checkpoint } = options
  const config = configOf(recipe, training.shape)
  checkSources(options)
  const identity = { seed, recipe: JSON.stringify(recipe), data: checkpoint?.data ?? '' }
  const read = checkpoint?.resume ? await readCheckpoint(checkpoint.path, identity) : undefined
  const before = read?.standing.seconds ?? 0
  const startedAt = performance.now()
  const seconds = () => before + (performance.now() - startedAt) / 1000
  const draws = random(seed, read?.standing.random)
  const findings = new Map<string, Finding>()
  const start = read?.standing.step ?? 0
  const stage: Stage = {
    ...options,
    config,
    draws,
    start,
    resumed: read && {
      current: read.current,
      best: read.best,
      bestLoss: read.standing.best,
      bestStep: read.standing.bestStep,
    },
    found(finding) {
      if (!finding || findings.has(finding.kind)) return
      findings.set(finding.kind, finding)
      options.warn?.(finding)
    },
    async save(at, best, current) {
      if (!checkpoint) return
      const standing: Standing = { ...identity, ...at, random: draws.state(), seconds: seconds() }
      await writeCheckpoint(checkpoint.path, checkpoint.card(at.step, standing.seconds), best, current, standing)
    },
  }
  const parts = Object.keys({ ...partShapes(config, 'generator'), ...partShapes(config, 'critic') })
  const made = start < recipe.iterations ? await trainAdversarial(stage) : pick(stage.resumed!.current, parts)
  const { weights, bestStep, heldOut } = await trainEncoder(stage, made, validation)
  return {
    config,
    weights: pick(weights, Object.keys(weightShapes(config))),
    steps: recipe.iterations + recipe.steps,
    bestStep,
    heldOut,
    findings: [...findings.values()],
    seconds: seconds(),
  }
}

function checkSources({ training, validation, odd }: FAnoganTraining): void {
  if (training.count < LEAST_TRAINING)
    throw new NagareError(
      'bad-input',
      `f-AnoGAN needs at least ${LEAST_TRAINING} normal images to learn from, and hundreds to be good; found ${training.count}.`,
      { hint: 'Add normal images, or use pca or patch-gaussian.' },
    )
  if (validation.count < 2)
    throw new NagareError('bad-input', `f-AnoGAN needs normal images held out of training, found ${validation.count}.`)
  for (const { shape } of [validation, ...(odd ? [odd] : [])])
    if (shape.join() !== training.shape.join())
      throw new NagareError('bad-input', `Held-out images are [${shape}], those to learn from [${training.shape}].`)
}
