import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { openDevice, type Device, type Runner } from '../../compute'
import { NagareError } from '../../lib/errors'
import { float32, pick, type NDArrays } from '../../lib/ndarray'
import { random } from '../../lib/random'
import { scoped, type Keep } from '../../lib/scoped'
import { adam, trainingProgram } from '../../nn'
import { writePack, type PackCard } from '../../packs'
import { readCheckpoint, writeCheckpoint, type Standing } from '../checkpoint'
import type { TrainContext, TrainResult } from '../family'
import { splitRecordings, validationShare, type SplitRecordings } from '../recordings'
import type { MelFrontEnd, WaveGlowConfig } from './config'
import { cropShape, openCorpus, type Corpus, type CropShape } from './corpus'
import { natsPerSample, waveGlowLoss } from './loss'
import { previewer } from './preview'
import { configOf, frontEndFor, rateAt, readRecipe, type Recipe } from './recipe'
import { fixedMixShapes } from './mixing'
import { initialWeights, plainWeights, trainedShapes } from './weights'

/** Steps in a row without a finite loss, none of which change anything, before a run ends. */
const mostFailures = 20

/**
 * Trains WaveGlow on folders of recordings: random crops, Adam, and at every checkpoint a validation; the weights of the best one become the pack.
 * Previews are written beside the pack. Throws `bad-input` for settings and data, `conflict` where a checkpoint is another run's, `cancelled`.
 */
export const trainWaveGlow = (context: TrainContext): Promise<TrainResult> => scoped((keep) => train(context, keep))

async function train(context: TrainContext, keep: Keep): Promise<TrainResult> {
  const { output, seed, checkCancelled, progress } = context
  const recipe = readRecipe(context)
  const config = configOf(recipe)
  const frontEnd = frontEndFor(recipe)
  const crop = cropShape(config, recipe.segment)
  const recordings = await splitRecordings(context.data)
  const checkpoint = beside(output, 'checkpoint.nagare')
  const identity = { seed, recipe: JSON.stringify(recipe), data: recordings.fingerprint }
  const resumed = context.resume ? await readCheckpoint(checkpoint, identity) : undefined
  const draws = random(seed, resumed?.standing.random)
  const fresh = resumed ? undefined : initialWeights(config, draws, recipe.mixing)
  let {
    step,
    best,
    bestStep,
    seconds: secondsBefore,
  } = resumed?.standing ?? { step: 0, best: null, bestStep: 0, seconds: 0 }
  let bestWeights = resumed?.best ?? plainWeights(config, fresh!)
  let failures = 0
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
  const { training, validation } = await openCorpora(context, keep, recordings, frontEnd, crop)
  const cardNow = (metrics: PackCard['metrics']) =>
    card(context, { config, frontEnd, recipe, recordings, seconds: training.seconds }, standing(), metrics)
  const { trainer, validator } = await loadPrograms(device, keep, config, recipe, crop, resumed?.current ?? fresh!)
  const preview = previewer(device, { config, frontEnd }, { folder: beside(output, 'previews'), check: checkCancelled })
  const validate = async (weights: NDArrays) => {
    await validator.setState(weights)
    return validationLoss(validator, validation, recipe, checkCancelled)
  }
  while (step < recipe.steps) {
    checkCancelled()
    const batch = dithered(await training.draw(recipe.batch, draws), recipe.dither, draws.uniform)
    const { loss } = await trainer.run({ ...batch, learningRate: scalar(rateAt(recipe, step)) })
    step++
    const value = loss!.data[0]!
    progress({ phase: 'Training', done: step, total: recipe.steps, note: note(value, best, recipe) })
    failures = Number.isFinite(value) ? 0 : failures + 1
    if (failures >= mostFailures) throw diverged(step, value)
    const ends = step === recipe.steps
    const isPreview = recipe.preview > 0 && (step % recipe.preview === 0 || ends)
    if (step % recipe.checkpoint !== 0 && !ends && !isPreview) continue
    const current = await trainer.state()
    const weights = averaged(config, recipe, current)
    if (step % recipe.checkpoint === 0 || ends) {
      const loss = await validate(weights)
      if (best === null || loss < best) [best, bestStep, bestWeights] = [loss, step, plainWeights(config, weights)]
      if (!ends) await writeCheckpoint(checkpoint, cardNow([]), bestWeights, current, standing())
    }
    if (isPreview) await preview.write(step, plainWeights(config, weights), recordings.held)
  }
  const metrics = [
    { name: 'validation loss', value: best!, unit: `per sample, σ ${recipe.sigma}` },
    { name: 'validation likelihood', value: -natsPerSample(best!, recipe.sigma), unit: 'nats/sample' },
  ]
  const protocol = `${recipe.validation} crops of ${recipe.segment} samples from the ${Math.round(validationShare * 100)} % of the recordings held out of training`
  await writePack(output, cardNow(metrics.map((metric) => ({ ...metric, protocol }))), bestWeights)
  await rm(checkpoint, { force: true })
  return { steps: step, metrics }
}

/** A path beside the pack, named after it. */
const beside = (output: string, what: string) => join(dirname(output), `${basename(output, '.nagare')}.${what}`)

const scalar = (value: number) => float32([], Float32Array.of(value))

const diverged = (step: number, value: number) =>
  new NagareError('internal', `Training diverged at step ${step}: the loss is ${value}.`, {
    hint: 'Go on from the last checkpoint with --resume, or start again with --set clip=1 or a lower learningRate.',
  })

/** What the progress line says of the loss: as the paper has it, and as the density of sound. */
function note(loss: number, best: number | null, { sigma }: Recipe): string {
  const both = (value: number) => `${value.toFixed(3)} (${natsPerSample(value, sigma).toFixed(3)} nats/sample)`
  return `loss ${both(loss)}${best === null ? '' : `, best validation ${both(best)}`}`
}

async function openCorpora(
  { output, progress, checkCancelled }: TrainContext,
  keep: Keep,
  { training, held }: SplitRecordings,
  frontEnd: MelFrontEnd,
  crop: CropShape,
): Promise<{ training: Corpus; validation: Corpus }> {
  const total = training.flat().length + held.length
  let done = 0
  const read = () => {
    checkCancelled()
    progress({ phase: 'Reading', done: done++, total })
  }
  const open = async (name: string, folders: readonly (readonly string[])[]) => {
    const scratch = beside(output, `${process.pid}.${name}.part`)
    return keep(await openCorpus(folders, frontEnd, crop, { scratch, read }), (corpus) => corpus.close())
  }
  return { training: await open('training', training), validation: await open('validation', [held]) }
}

/** The weights that count: their average where one is kept. In the form of training. */
function averaged(config: WaveGlowConfig, { average }: Recipe, current: NDArrays): NDArrays {
  const fixed = pick(current, Object.keys(fixedMixShapes(config)))
  const names = Object.keys(trainedShapes(config))
  if (average === 0) return { ...fixed, ...pick(current, names) }
  return { ...fixed, ...Object.fromEntries(names.map((name) => [name, current[`ema.${name}`]!])) }
}

/** The training step and the validation pass, compiled. */
async function loadPrograms(
  device: Device,
  keep: Keep,
  config: WaveGlowConfig,
  { batch, segment, sigma, clip, average }: Recipe,
  { frames }: CropShape,
  state: NDArrays,
): Promise<{ trainer: Runner; validator: Runner }> {
  const params = trainedShapes(config)
  const frozen = fixedMixShapes(config)
  const inputs = { audio: [batch, segment], mel: [batch, config.mels, frames] }
  const loss = waveGlowLoss(config, sigma)
  const trainer = await device.load(
    trainingProgram({
      name: 'waveglow training',
      key: JSON.stringify([config, batch, segment, sigma, clip, average]),
      params,
      frozen,
      inputs,
      loss: (weights, values, fixed) => loss({ ...weights, ...fixed }, values),
      optimizer: adam(),
      learningRate: 'input',
      skipNonFinite: true,
      ...(clip > 0 ? { clip: { norm: clip } } : {}),
      ...(average > 0 ? { ema: { decay: average } } : {}),
    }),
    { state },
  )
  keep(trainer, () => trainer.dispose())
  const validator = await device.load(
    {
      name: 'waveglow validation',
      key: JSON.stringify([config, batch, segment, sigma]),
      state: { ...params, ...frozen },
      inputs,
      run: ({ state: weights, inputs: values }) => ({ outputs: { ...loss(weights, values) } }),
    },
    { state: pick(state, Object.keys({ ...params, ...frozen })) },
  )
  keep(validator, () => validator.dispose())
  return { trainer, validator }
}

/** Mean loss over held-out crops, the same at every call. */
async function validationLoss(
  validator: Runner,
  corpus: Corpus,
  { batch, validation }: Recipe,
  check: () => void,
): Promise<number> {
  const draws = random(1)
  const batches = Math.ceil(validation / batch)
  let sum = 0
  for (let b = 0; b < batches; b++) {
    check()
    const { loss } = await validator.run(await corpus.draw(batch, draws))
    sum += loss!.data[0]!
  }
  return sum / batches
}

/** Uniform noise of `steps` 16-bit steps on the samples, in place: what was rounded gets a density again. */
function dithered(batch: NDArrays, steps: number, uniform: () => number): NDArrays {
  if (steps === 0) return batch
  const samples = batch['audio']!.data
  for (let i = 0; i < samples.length; i++) samples[i] = samples[i]! + (steps * (uniform() - 0.5)) / 32_768
  return batch
}

/** The pack's card: what the person told of it, and how it came to be. */
function card(
  { data: folders, command, device, about }: TrainContext,
  of: { config: WaveGlowConfig; frontEnd: MelFrontEnd; recipe: Recipe; recordings: SplitRecordings; seconds: number },
  { step, bestStep, seconds, seed }: Standing,
  metrics: PackCard['metrics'],
): PackCard {
  const { config, frontEnd, recipe, recordings } = of
  return {
    kind: 'waveglow',
    name: about?.name ?? 'Vocoder',
    description: about?.description ?? 'Turns mel spectrograms into sound.',
    licence: about?.licence ?? 'As the training data',
    config: { ...config },
    frontEnd,
    provenance: {
      data: folders.map((folder, i) => ({
        name: basename(folder),
        licence: about?.data?.[basename(folder)] ?? 'not stated',
        amount: `${recordings.training[i]!.length} recordings`,
      })),
      command,
      seed,
      steps: step,
      seconds: Math.round(seconds),
      device,
      notes:
        `The weights are ${recipe.average > 0 ? 'the average' : 'those'} of step ${bestStep}, the best in validation. ` +
        `${Math.round(of.seconds)} s of sound. Held out: ${recordings.held.map((file) => basename(file)).join(', ')}.`.slice(
          0,
          2000,
        ),
    },
    metrics,
  }
}
