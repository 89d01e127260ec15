import { rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { openDevice, type Runner } from '../../compute'
import { NagareError } from '../../lib/errors'
import { float32, type NDArrays } from '../../lib/ndarray'
import { random, type Random } from '../../lib/random'
import { trainingProgram } from '../../nn'
import { decodeSafetensors, encodeSafetensors, openPack, writePack, type PackCard } from '../../packs'
import type { TrainContext } from '../family'
import { FrontEnd, VaeConfig } from './config'
import { drawPool, recordingsIn, speechFrames, type FramePool } from './corpus'
import { vaeLoss } from './loss'
import { featureShapes, initialWeights, vaeShapes } from './network'

/** Settings of a training run: presets give them, `--set key=value` changes them. */
const Recipe = z.object({
  hidden: z.coerce.number().int().min(1).max(4096).default(128),
  latent: z.coerce.number().int().min(1).max(256).default(16),
  steps: z.coerce.number().int().min(1).default(6000),
  /** Frames per step. */
  batch: z.coerce.number().int().min(8).max(16_384).default(512),
  learningRate: z.coerce.number().positive().default(1e-3),
  /** Least normalised power that the model is asked to describe. */
  floor: z.coerce.number().positive().default(1e-5),
  /** Paces at which recordings are played, each standing for other voices. */
  speeds: z
    .string()
    .default('0.65,0.75,0.85,0.92,1,1.08,1.18')
    .transform((text) => text.split(',').map(Number))
    .refine(
      (list) => list.every((speed) => speed >= 0.25 && speed <= 4),
      'speeds are numbers from 0.25 to 4, set apart by commas',
    ),
  /** Shape of the Gamma-distributed factor (mean 1) on every frame's level; 0 leaves levels alone. */
  levels: z.coerce.number().min(0).default(2),
  /** Frames drawn into memory at a time, and how often each is used before the next draw. */
  pool: z.coerce.number().int().min(256).default(40_000),
  reuse: z.coerce.number().min(1).default(4),
})
type Recipe = z.infer<typeof Recipe>

export const presets: Record<string, Partial<Record<keyof Recipe, string>>> = {
  standard: {},
  small: { hidden: '64', latent: '8', steps: '2000', batch: '256', pool: '10000' },
}

/** Share of the recordings of each folder that only validation sees. */
const validationShare = 0.05
/** Steps before the learning rate falls from its full to a tenth, as a share of all. */
const plateau = 0.6

/** Where a run stands; with the random state, all that it takes to go on bit for bit. */
const Standing = z.object({
  step: z.int(),
  random: z.tuple([z.int(), z.int(), z.int(), z.int()]),
  best: z.number().nullable(),
  bestStep: z.int(),
  seconds: z.number(),
  seed: z.int(),
  recipe: z.string(),
  data: z.string(),
})
type Standing = z.infer<typeof Standing>

interface Data {
  training: string[][]
  validation: FramePool
  seconds: number
  /** Names the recordings, so that a run is not continued on others. */
  fingerprint: string
}

/**
 * Trains the speech VAE on folders of clean speech: rounds of drawing frames, `reuse` passes over them with Adam, validation, checkpoint; the weights
 * of the best round become the pack. Throws `bad-input` for settings and data, `conflict` where a checkpoint belongs to another run, `cancelled`.
 */
export async function trainVae(context: TrainContext) {
  const recipe = readRecipe(context)
  const frontEnd = FrontEnd.parse({ floor: recipe.floor })
  const config = VaeConfig.parse({
    latent: recipe.latent,
    encoder: { input: 'log-power', hidden: recipe.hidden },
    decoder: { hidden: recipe.hidden },
  })
  const checkpoint = join(dirname(context.output), `${basename(context.output, '.nagare')}.checkpoint.nagare`)
  const data = await readData(context, frontEnd)
  const startedAt = performance.now()

  const standing = (): Standing => ({
    step,
    random: draws.state(),
    best: Number.isFinite(best) ? best : null,
    bestStep,
    seconds: secondsBefore + (performance.now() - startedAt) / 1000,
    seed: context.seed,
    recipe: JSON.stringify(recipe),
    data: data.fingerprint,
  })
  let draws = random(context.seed)
  let step = 0
  let best = Infinity
  let bestStep = 0
  let secondsBefore = 0
  let statistics: NDArrays
  let weights: NDArrays
  let bestWeights: NDArrays
  let optimiser: NDArrays = {}
  const resumed = context.resume ? await readCheckpoint(checkpoint, standing()) : undefined
  if (resumed) {
    ;({ statistics, weights, bestWeights, optimiser } = resumed)
    ;({ step, bestStep, seconds: secondsBefore } = resumed.standing)
    best = resumed.standing.best ?? Infinity
    draws = random(0, resumed.standing.random)
  } else {
    const first = await drawPool(data.training, frontEnd, {
      ...recipe,
      capacity: recipe.pool,
      random: draws,
      check: context.checkCancelled,
    })
    statistics = featureStatistics(first)
    weights = initialWeights(config, draws, meanLogPower(first))
    bestWeights = weights
  }

  const device = await openDevice(context.device === 'auto' ? 'cpu' : context.device)
  const { trainer, validator } = await loadPrograms(device, config, recipe.batch, { statistics, weights, optimiser })
  let validated = { loss: best, divergence: NaN, kl: NaN }
  try {
    while (step < recipe.steps) {
      const pool = await drawPool(data.training, frontEnd, {
        ...recipe,
        capacity: recipe.pool,
        random: draws,
        check: context.checkCancelled,
      })
      const until = Math.min(recipe.steps, step + Math.max(1, Math.round((pool.frames * recipe.reuse) / recipe.batch)))
      while (step < until) {
        context.checkCancelled()
        const learningRate = float32([], Float32Array.of(recipe.learningRate * rateAt(step / recipe.steps)))
        const { loss } = await trainer.run({ ...drawBatch(pool, recipe, frontEnd, draws), learningRate })
        step++
        const value = (loss!.data as Float32Array)[0]!
        if (!Number.isFinite(value))
          throw new NagareError('internal', `Training diverged at step ${step}: the loss is ${value}.`, {
            hint: 'Try --set learningRate=0.0003.',
          })
        const note = `loss ${value.toFixed(1)} nats/frame${Number.isFinite(best) ? `, best validation ${best.toFixed(2)}` : ''}`
        context.progress({ phase: 'Training', done: step, total: recipe.steps, note })
      }
      const current = await trainer.state()
      const now = await validate(validator, data.validation, recipe, current)
      if (now.loss < best) {
        best = now.loss
        bestStep = step
        validated = now
        bestWeights = only(current, Object.keys(vaeShapes(config)))
      }
      if (step < recipe.steps)
        await writePack(
          checkpoint,
          card(context, config, frontEnd, standing(), data, []),
          { ...bestWeights, ...statistics },
          {
            'training.json': Buffer.from(JSON.stringify(standing())),
            'training.safetensors': encodeSafetensors(current),
          },
        )
    }
    if (Number.isNaN(validated.divergence)) validated = await validate(validator, data.validation, recipe, bestWeights)
    const metrics = [
      { name: 'validation loss', value: best, unit: 'nats/frame' },
      { name: 'Itakura-Saito divergence', value: validated.divergence, unit: 'per bin' },
      { name: 'KL', value: validated.kl, unit: 'nats/frame' },
    ]
    const protocol = `${Math.round(validationShare * 100)} % of the recordings, held out of training, at their own pace; one latent sample`
    await writePack(
      context.output,
      card(
        context,
        config,
        frontEnd,
        standing(),
        data,
        metrics.map((metric) => ({ ...metric, protocol })),
      ),
      { ...bestWeights, ...statistics },
    )
    await rm(checkpoint, { force: true })
    return { steps: step, metrics }
  } finally {
    await trainer.dispose()
    await validator.dispose()
  }
}

function readRecipe({ preset, set, steps }: TrainContext): Recipe {
  const known = Object.keys(Recipe.shape)
  const unknown = Object.keys(set).find((key) => !known.includes(key))
  if (unknown) throw new NagareError('bad-input', `There is no setting ${unknown}; there is: ${known.join(', ')}.`)
  const parsed = Recipe.safeParse({ ...presets[preset], ...set, ...(steps === undefined ? {} : { steps }) })
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new NagareError('bad-input', `--set ${path.join('.')}: ${message}.`)
}

/** Finds the recordings, splits each folder by a draw of its own seed, and reads the validation part. */
async function readData({ data, progress, checkCancelled }: TrainContext, frontEnd: FrontEnd): Promise<Data> {
  const order = random(20180415)
  const training: string[][] = []
  const held: string[] = []
  const names: string[] = []
  for (const folder of data) {
    const files = await recordingsIn(folder)
    const shuffled = [...order.shuffle(files.length)].map((i) => files[i]!)
    const count = files.length > 1 ? Math.max(1, Math.round(files.length * validationShare)) : 0
    held.push(...shuffled.slice(0, count))
    training.push(shuffled.slice(count).sort())
    for (const file of files) names.push(`${basename(file)}:${(await stat(file)).size}`)
  }
  if (held.length === 0)
    throw new NagareError('bad-input', 'Training needs at least two recordings: one of them is kept for validation.', {
      file: data[0]!,
    })
  let seconds = 0
  const parts: FramePool[] = []
  for (const [i, file] of held.entries()) {
    checkCancelled()
    progress({ phase: 'Reading', done: i, total: held.length })
    const part = await speechFrames(file, 1, frontEnd, 60)
    parts.push(part)
    seconds += (part.frames * frontEnd.hop) / frontEnd.sampleRate
  }
  const frames = parts.reduce((sum, part) => sum + part.frames, 0)
  const bins = frontEnd.size / 2 + 1
  const validation: FramePool = {
    power: new Float32Array(frames * bins),
    knownBins: new Uint16Array(frames),
    frames,
    bins,
  }
  let at = 0
  for (const part of parts) {
    validation.power.set(part.power, at * bins)
    validation.knownBins.set(part.knownBins, at)
    at += part.frames
  }
  return { training, validation, seconds, fingerprint: names.join('|') }
}

/** Full rate on the plateau, then linearly down to a tenth. */
const rateAt = (share: number) => (share < plateau ? 1 : 1 - (0.9 * (share - plateau)) / (1 - plateau))

function meanLogPower(pool: FramePool): Float32Array {
  const { bins, frames, power } = pool
  const sums = new Float64Array(bins)
  for (let t = 0; t < frames; t++) for (let f = 0; f < bins; f++) sums[f] = sums[f]! + power[t * bins + f]!
  return Float32Array.from(sums, (sum) => Math.log(sum / frames))
}

/** Mean of the log power per bin, and one over its overall standard deviation. */
function featureStatistics(pool: FramePool): NDArrays {
  const { bins, frames, power } = pool
  const mean = new Float64Array(bins)
  for (let i = 0; i < frames * bins; i++) mean[i % bins] = mean[i % bins]! + Math.log(power[i]!) / frames
  let variance = 0
  for (let i = 0; i < frames * bins; i++) variance += (Math.log(power[i]!) - mean[i % bins]!) ** 2
  const deviation = Math.sqrt(variance / (frames * bins))
  return {
    'feature.mean': float32([bins], Float32Array.from(mean)),
    'feature.scale': float32([1], Float32Array.of(1 / Math.max(deviation, 1e-6))),
  }
}

/** A batch of frames, their levels varied. */
function drawBatch(pool: FramePool, { batch, levels, latent }: Recipe, { floor }: FrontEnd, draws: Random): NDArrays {
  const { bins } = pool
  const power = new Float32Array(batch * bins)
  const known = new Float32Array(batch * bins)
  for (let row = 0; row < batch; row++) {
    const from = draws.integer(pool.frames)
    const level = levels > 0 ? gamma(levels, draws) / levels : 1
    for (let f = 0; f < bins; f++) power[row * bins + f] = Math.max(floor, pool.power[from * bins + f]! * level)
    known.fill(1, row * bins, row * bins + pool.knownBins[from]!)
  }
  const noise = draws.fillNormal(new Float32Array(batch * latent))
  return {
    power: float32([batch, bins], power),
    known: float32([batch, bins], known),
    noise: float32([batch, latent], noise),
  }
}

/** A draw from Gamma(shape, 1) (Marsaglia & Tsang 2000; below 1 by the power of a uniform). */
function gamma(shape: number, draws: Random): number {
  if (shape < 1) return gamma(shape + 1, draws) * draws.uniform() ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = draws.normal()
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - draws.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}

async function loadPrograms(
  device: Awaited<ReturnType<typeof openDevice>>,
  config: VaeConfig,
  batch: number,
  { statistics, weights, optimiser }: { statistics: NDArrays; weights: NDArrays; optimiser: NDArrays },
): Promise<{ trainer: Runner; validator: Runner }> {
  const { bins, latent } = config
  const inputs = { power: [batch, bins], known: [batch, bins], noise: [batch, latent] }
  const loss = (params: Parameters<typeof vaeLoss>[1], values: Parameters<typeof vaeLoss>[1]) =>
    vaeLoss(config, params, values as unknown as Parameters<typeof vaeLoss>[2])
  // The feature statistics are fixed, yet kept as state so that they are no part of what Adam moves.
  const training = trainingProgram({
    name: 'vae-nmf training',
    params: vaeShapes(config),
    state: featureShapes(config),
    inputs,
    adam: { learningRate: 'input' },
    loss: (params, values, fixed) => ({ loss: loss({ ...params, ...fixed }, values).loss }),
  })
  const trainer = await device.load(training, { state: { ...weights, ...statistics, ...optimiser } })
  const validator = await device.load(
    {
      name: 'vae-nmf validation',
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
    only(
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

const only = (arrays: NDArrays, names: readonly string[]): NDArrays =>
  Object.fromEntries(names.map((name) => [name, arrays[name]!]))

async function readCheckpoint(path: string, wanted: Standing) {
  const pack = await openPack(path).catch((thrown: unknown) => {
    throw new NagareError('not-found', `There is nothing to resume: ${path} is missing or damaged.`, {
      file: path,
      hint: 'Leave --resume out to start anew.',
      cause: thrown,
    })
  })
  const standing = Standing.parse(JSON.parse(Buffer.from(await pack.file('training.json')).toString('utf8')))
  for (const key of ['recipe', 'data', 'seed'] as const)
    if (standing[key] !== wanted[key])
      throw new NagareError(
        'conflict',
        `${path} was made with other ${key === 'recipe' ? 'settings' : key}; training cannot go on from it.`,
        {
          file: path,
          hint: 'Give the same command as before, or leave --resume out to start anew.',
        },
      )
  const current = decodeSafetensors(await pack.file('training.safetensors'))
  const isOptimiser = (name: string) => name.startsWith('adam.')
  const isStatistic = (name: string) => name.startsWith('feature.')
  const names = Object.keys(current)
  return {
    standing,
    weights: only(
      current,
      names.filter((name) => !isOptimiser(name) && !isStatistic(name)),
    ),
    optimiser: only(current, names.filter(isOptimiser)),
    statistics: only(current, names.filter(isStatistic)),
    bestWeights: only(
      pack.weights,
      Object.keys(pack.weights).filter((name) => !isStatistic(name)),
    ),
  }
}

function card(
  { data: folders, command, device }: TrainContext,
  config: VaeConfig,
  frontEnd: FrontEnd,
  { step, bestStep, seconds, seed }: Standing,
  data: Data,
  metrics: PackCard['metrics'],
): PackCard {
  const files = data.training.reduce((sum, part) => sum + part.length, 0)
  return {
    kind: 'vae-nmf',
    name: 'Speech VAE',
    description: 'A speech model for VAE-NMF enhancement.',
    licence: 'As the training data',
    config,
    frontEnd,
    provenance: {
      data: folders.map((folder, i) => ({
        name: basename(folder),
        licence: 'unknown',
        amount: `${data.training[i]!.length} recordings`,
      })),
      command,
      seed,
      steps: step,
      seconds: Math.round(seconds),
      device,
      notes: `Trained on ${files} recordings; the weights are those of step ${bestStep}, the best in validation.`,
    },
    metrics,
  }
}
