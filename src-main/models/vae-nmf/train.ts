import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { openDevice, type Device, type Runner } from '../../compute'
import { NagareError } from '../../lib/errors'
import { float32, pick, type NDArrays } from '../../lib/ndarray'
import { random } from '../../lib/random'
import { adam, trainingProgram } from '../../nn'
import { writePack, type PackCard } from '../../packs'
import { readCheckpoint, writeCheckpoint, type Checkpoint, type Standing } from '../checkpoint'
import type { TrainContext, TrainResult } from '../family'
import { validationShare } from '../recordings'
import { drawBatch, featureStatistics, meanLogPower } from './batches'
import { FrontEnd, VaeConfig } from './config'
import { drawPool, type FramePool } from './corpus'
import { readDataset, type Dataset } from './dataset'
import { vaeLoss } from './loss'
import { featureShapes, initialWeights, vaeShapes } from './network'
import { rateAt, readRecipe, type Recipe } from './recipe'

/**
 * Trains the speech VAE on folders of clean speech, in rounds: draw frames, pass over them `reuse` times with Adam, validate, write a checkpoint. The
 * weights of the best round become the pack. Throws `bad-input` for settings and data, `conflict` where a checkpoint is another run's, `cancelled`.
 */
export async function trainVae(context: TrainContext): Promise<TrainResult> {
  const { output, seed, checkCancelled, progress } = context
  const recipe = readRecipe(context)
  const frontEnd = FrontEnd.parse({ floor: recipe.floor })
  const { latent, hidden } = recipe
  const config = VaeConfig.parse({ latent, encoder: { input: 'log-power', hidden }, decoder: { hidden } })
  const dataset = await readDataset(context, frontEnd)
  const checkpoint = join(dirname(output), `${basename(output, '.nagare')}.checkpoint.nagare`)
  const identity = { seed, recipe: JSON.stringify(recipe), data: dataset.fingerprint }
  const resumed = context.resume ? await readCheckpoint(checkpoint, identity) : undefined
  const draws = random(seed, resumed?.standing.random)
  const draw = () =>
    drawPool(dataset.training, frontEnd, {
      speeds: recipe.speeds,
      capacity: recipe.pool,
      random: draws,
      check: checkCancelled,
    })
  const from = resumed ? restored(resumed) : fresh(config, await draw(), draws)
  const { statistics } = from
  let { bestWeights } = from
  let { step, best, bestStep, seconds: secondsBefore } = from.standing
  const startedAt = performance.now()
  const standing = (): Standing => ({
    ...identity,
    step,
    best,
    bestStep,
    random: draws.state(),
    seconds: secondsBefore + (performance.now() - startedAt) / 1000,
  })

  const device = await openDevice(context.device, { fallback: context.fallback })
  const { trainer, validator } = await loadPrograms(device, config, recipe.batch, from)
  try {
    while (step < recipe.steps) {
      const pool = await draw()
      const end = Math.min(recipe.steps, step + Math.max(1, Math.round((pool.frames * recipe.reuse) / recipe.batch)))
      for (; step < end;) {
        checkCancelled()
        const learningRate = float32([], Float32Array.of(recipe.learningRate * rateAt(step / recipe.steps)))
        const { loss } = await trainer.run({ ...drawBatch(pool, recipe, frontEnd, draws), learningRate })
        step++
        const value = (loss!.data as Float32Array)[0]!
        if (!Number.isFinite(value))
          throw new NagareError('internal', `Training diverged at step ${step}: the loss is ${value}.`, {
            hint: 'Try --set learningRate=0.0003.',
          })
        const note = `loss ${value.toFixed(1)} nats/frame${best === null ? '' : `, best validation ${best.toFixed(2)}`}`
        progress({ phase: 'Training', done: step, total: recipe.steps, note })
      }
      const current = await trainer.state()
      const { loss } = await validate(validator, dataset.validation, recipe, current)
      if (best === null || loss < best) {
        ;[best, bestStep] = [loss, step]
        bestWeights = pick(current, Object.keys(vaeShapes(config)))
      }
      if (step < recipe.steps)
        await writeCheckpoint(
          checkpoint,
          card(context, config, frontEnd, standing(), dataset, []),
          { ...bestWeights, ...statistics },
          current,
          standing(),
        )
    }
    const { loss, divergence, kl } = await validate(validator, dataset.validation, recipe, bestWeights)
    const metrics = [
      { name: 'validation loss', value: loss, unit: 'nats/frame' },
      { name: 'Itakura-Saito divergence', value: divergence, unit: 'per bin' },
      { name: 'KL', value: kl, unit: 'nats/frame' },
    ]
    const protocol = `${Math.round(validationShare * 100)} % of the recordings, held out of training, at their own pace; one latent sample`
    const measured = metrics.map((metric) => ({ ...metric, protocol }))
    await writePack(output, card(context, config, frontEnd, standing(), dataset, measured), {
      ...bestWeights,
      ...statistics,
    })
    await rm(checkpoint, { force: true })
    return { steps: step, metrics }
  } finally {
    await trainer.dispose()
    await validator.dispose()
  }
}

/** The start of a run: statistics of a first pool, and weights drawn anew. */
function fresh(config: VaeConfig, pool: FramePool, draws: ReturnType<typeof random>) {
  const weights = initialWeights(config, draws, meanLogPower(pool))
  const standing: Pick<Standing, 'step' | 'best' | 'bestStep' | 'seconds'> = {
    step: 0,
    best: null,
    bestStep: 0,
    seconds: 0,
  }
  return { standing, weights, bestWeights: weights, statistics: featureStatistics(pool), optimiser: {} as NDArrays }
}

/** A run as a checkpoint left it. */
function restored({ standing, current, best }: Checkpoint) {
  const part = (arrays: NDArrays, wanted: (name: string) => boolean) => pick(arrays, Object.keys(arrays).filter(wanted))
  const isOptimiser = (name: string) => name.startsWith('adam.')
  const isStatistic = (name: string) => name.startsWith('feature.')
  return {
    standing,
    weights: part(current, (name) => !isOptimiser(name) && !isStatistic(name)),
    optimiser: part(current, isOptimiser),
    statistics: part(current, isStatistic),
    bestWeights: part(best, (name) => !isStatistic(name)),
  }
}

/** The training step and the validation pass, compiled. */
async function loadPrograms(
  device: Device,
  config: VaeConfig,
  batch: number,
  { statistics, weights, optimiser }: { statistics: NDArrays; weights: NDArrays; optimiser: NDArrays },
): Promise<{ trainer: Runner; validator: Runner }> {
  const { bins, latent } = config
  const inputs = { power: [batch, bins], known: [batch, bins], noise: [batch, latent] }
  const loss = (params: Parameters<typeof vaeLoss>[1], values: Parameters<typeof vaeLoss>[1]) =>
    vaeLoss(config, params, values as unknown as Parameters<typeof vaeLoss>[2])
  const training = trainingProgram({
    name: 'vae-nmf training',
    key: JSON.stringify(config),
    params: vaeShapes(config),
    frozen: featureShapes(config),
    inputs,
    optimizer: adam(),
    learningRate: 'input',
    loss: (params, values, fixed) => ({ loss: loss({ ...params, ...fixed }, values).loss }),
  })
  const trainer = await device.load(training, { state: { ...weights, ...statistics, ...optimiser } })
  const validator = await device.load(
    {
      name: 'vae-nmf validation',
      key: JSON.stringify(config),
      state: { ...vaeShapes(config), ...featureShapes(config) },
      inputs,
      run: ({ state, inputs: values }) => ({ outputs: { ...loss(state, values) } }),
    },
    { state: { ...weights, ...statistics } },
  )
  return { trainer, validator }
}

/** Loss, divergence and KL over the held-out frames, in whole batches; what is short of one is filled from the start. */
async function validate(validator: Runner, pool: FramePool, { batch, latent }: Recipe, current: NDArrays) {
  await validator.setState(
    pick(
      current,
      Object.keys(current).filter((name) => /^(encoder|decoder)\./.test(name)),
    ),
  )
  const draws = random(1)
  const { bins } = pool
  const totals = { loss: 0, divergence: 0, kl: 0 }
  const batches = Math.max(1, Math.floor(pool.frames / batch))
  for (let b = 0; b < batches; b++) {
    const power = new Float32Array(batch * bins)
    const known = new Float32Array(batch * bins)
    for (let row = 0; row < batch; row++) {
      const from = (b * batch + row) % pool.frames
      power.set(pool.power.subarray(from * bins, (from + 1) * bins), row * bins)
      known.fill(1, row * bins, row * bins + pool.knownBins[from]!)
    }
    const noise = draws.fillNormal(new Float32Array(batch * latent))
    const values = await validator.run({
      power: float32([batch, bins], power),
      known: float32([batch, bins], known),
      noise: float32([batch, latent], noise),
    })
    for (const name of ['loss', 'divergence', 'kl'] as const)
      totals[name] += (values[name]!.data as Float32Array)[0]! / batches
  }
  return totals
}

/** The pack's card: what the person told of it, and how it came to be. */
function card(
  { data: folders, command, device, about }: TrainContext,
  config: VaeConfig,
  frontEnd: FrontEnd,
  { step, bestStep, seconds, seed }: Standing,
  { training }: Dataset,
  metrics: PackCard['metrics'],
): PackCard {
  return {
    kind: 'vae-nmf',
    name: about?.name ?? 'Speech model',
    description: about?.description ?? 'A speech model for enhancement.',
    licence: about?.licence ?? 'As the training data',
    config,
    frontEnd,
    provenance: {
      data: folders.map((folder, i) => ({
        name: basename(folder),
        licence: about?.data?.[basename(folder)] ?? 'not stated',
        amount: `${training[i]!.length} recordings`,
      })),
      command,
      seed,
      steps: step,
      seconds: Math.round(seconds),
      device,
      notes: `The weights are those of step ${bestStep}, the best in validation.`,
    },
    metrics,
  }
}
