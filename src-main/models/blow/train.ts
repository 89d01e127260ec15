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
import { actNorms } from './act-norms'
import { baseOf, type BaseModel } from './base'
import { cardOf } from './card'
import { VoiceFrontEnd, type BlowConfig } from './config'
import { openFrames, type Frames } from './frames'
import { blowLoss, lossInputs } from './loss'
import { previewer } from './preview'
import { configOf, rateAt, readRecipe, type Recipe } from './recipe'
import { voiceSamples } from './samples'
import { speakerData, type SpeakerData, type Utterance } from './speakers'
import type { Voices } from './voices'
import { fixedShapes, initialWeights, trainedShapes, weightShapes } from './weights'

/** A loss above this counts as diverged (nats per sample). */
const mostLoss = 1000
/** Least sound that a voice is learned from, s. */
const leastSeconds = 3

/**
 * Trains Blow on folders of recordings by speaker: frames shuffled, jittered and augmented, Adam whose rate falls when validation stalls, and the
 * weights of the best validation become the pack. Throws `bad-input` for settings and data, `conflict` where a checkpoint is another run's,
 * `cancelled`.
 */
export const trainBlow = (context: TrainContext): Promise<TrainResult> => scoped((keep) => train(context, keep))

async function train(context: TrainContext, keep: Keep): Promise<TrainResult> {
  const { output, seed, checkCancelled, progress } = context
  const recipe = readRecipe(context)
  const base = await baseOf(recipe)
  const data = await speakerData(context.data, recipe.names, base ? 1 : 2, base?.voices)
  const start = base?.started(data.speakers)
  const speakers = start?.speakers ?? data.speakers
  const config = configOf(base?.config ?? recipe, speakers.length)
  const frontEnd: VoiceFrontEnd = {
    ...(base?.frontEnd ?? VoiceFrontEnd.parse({ sampleRate: recipe.sampleRate })),
    noise: recipe.conversionNoise ?? base?.frontEnd.noise ?? recipe.noise,
  }
  const checkpoint = beside(output, 'checkpoint.nagare')
  const identity = {
    seed,
    recipe: JSON.stringify(recipe),
    data: base ? `${data.fingerprint}|${base.sha256}` : data.fingerprint,
  }
  const resumed = context.resume ? await readCheckpoint(checkpoint, identity) : undefined
  const draws = random(seed, resumed?.standing.random)
  const startedAt = performance.now()
  const at: Omit<Standing, keyof typeof identity | 'random'> = resumed?.standing ?? {
    step: 0,
    best: null,
    bestStep: 0,
    seconds: 0,
  }
  let { step, best, bestStep, restarts = 0, waited = 0, bar = null } = at
  const standing = (): Standing => ({
    ...identity,
    step,
    best,
    bestStep,
    restarts,
    waited,
    bar,
    random: draws.state(),
    seconds: at.seconds + (performance.now() - startedAt) / 1000,
  })

  const device = await openDevice(context.device, { fallback: context.fallback })
  const { training, validation, held } = await openSplits(context, keep, data, speakers, frontEnd, config, recipe)
  const how = { level: recipe.augment, quietest: recipe.quietest, noise: recipe.noise }
  const initial = async (): Promise<NDArrays> => {
    if (start) return start.weights
    const fresh = initialWeights(config, draws, recipe.spread)
    return { ...fresh, ...(await actNorms(device, config, fresh, await training.draw(0, recipe.batch, how, draws))) }
  }
  const current = resumed?.current ?? (await initial())
  const names = Object.keys(weightShapes(config))
  let bestWeights = resumed?.best ?? pick(current, names)
  const { trainer, validator } = await loadPrograms(device, keep, config, recipe, current, start?.trained)
  const { voices, files } = await voicesNow(data, speakers, training, frontEnd, base)
  const cardNow = (metrics: PackCard['metrics']) =>
    cardOf(context, { config, frontEnd, recipe, data, speakers, base, count: training.count }, standing(), metrics)
  const preview = previewer(
    device,
    { config, frontEnd, voices },
    { folder: beside(output, 'previews'), check: checkCancelled },
  )
  const restart = async () => {
    restarts++
    waited = 0
    await trainer.setState({ ...zeros(await trainer.state()), ...bestWeights })
  }
  while (step < recipe.steps && restarts <= recipe.restarts) {
    checkCancelled()
    const batch = await training.draw(step, recipe.batch, how, draws)
    const { loss } = await trainer.run({ ...batch, learningRate: scalar(rateAt(recipe, step, restarts)) })
    step++
    const value = loss!.data[0]!
    progress({ phase: 'Training', done: step, total: recipe.steps, note: note(value, best, restarts) })
    if (!Number.isFinite(value) || value > mostLoss) {
      await restart()
      continue
    }
    const ends = step === recipe.steps
    const isPreview = recipe.preview > 0 && (step % recipe.preview === 0 || ends)
    if (step % recipe.checkpoint !== 0 && !ends && !isPreview) continue
    const state = await trainer.state()
    const weights = averaged(recipe, state, names)
    if (step % recipe.checkpoint === 0 || ends) {
      await validator.setState(weights)
      const found = await validationLoss(validator, validation, recipe, checkCancelled)
      const isSound = Number.isFinite(found) && found < mostLoss
      // The test of the public code: better by a ten-thousandth than what last counted as better.
      const isBetter = isSound && found < (bar ?? mostLoss) - 1e-4 * Math.abs(bar ?? 0)
      if (isBetter) bar = found
      waited = isBetter ? 0 : waited + 1
      if (isSound && found < (best ?? mostLoss)) [best, bestStep, bestWeights] = [found, step, weights]
      if (waited >= recipe.patience || !isSound) await restart()
      if (!ends) await writeCheckpoint(checkpoint, cardNow([]), bestWeights, await trainer.state(), standing(), files)
    }
    if (isPreview) await preview.write(step, weights, held)
  }
  if (best === null) throw diverged(step)
  const seen = Math.min(recipe.validation, validation.count)
  const protocol =
    data.validation.length > 0
      ? `${seen} frames of utterances kept out of training, no augmentation`
      : `${seen} frames that were trained on too, there being too few utterances to keep any out; no augmentation`
  const metrics = [{ name: 'validation likelihood', value: -best, unit: 'nats/sample' }]
  await writePack(output, cardNow(metrics.map((metric) => ({ ...metric, protocol }))), bestWeights, files)
  await rm(checkpoint, { force: true })
  return { steps: step, metrics }
}

/** A path beside the pack, named after it. */
const beside = (output: string, what: string) => join(dirname(output), `${basename(output, '.nagare')}.${what}`)

const scalar = (value: number) => float32([], Float32Array.of(value))

const zeros = (arrays: NDArrays): NDArrays =>
  Object.fromEntries(Object.entries(arrays).map(([name, { shape }]) => [name, float32(shape)]))

const diverged = (step: number) =>
  new NagareError('internal', `Training diverged: by step ${step} no weights were fit to keep.`, {
    hint: 'Start again with --set clip=100 or a lower learningRate.',
  })

/** What the progress line says: likelihoods, as papers report them, and how often training started over. */
function note(loss: number, best: number | null, restarts: number): string {
  const words = [`likelihood ${(-loss).toFixed(3)} nats/sample`]
  if (best !== null) words.push(`best validation ${(-best).toFixed(3)}`)
  if (restarts > 0) words.push(`${restarts} restart${restarts > 1 ? 's' : ''}`)
  return words.join(', ')
}

/** The weights that count: their average where one is kept. */
const averaged = ({ average }: Recipe, state: NDArrays, names: readonly string[]): NDArrays =>
  Object.fromEntries(names.map((name) => [name, (average > 0 ? state[`ema.${name}`] : undefined) ?? state[name]!]))

/** The frames to train on, and those to validate on with the utterances that they are of: kept out of training, unless there are too few. */
async function openSplits(
  { output, seed, progress, checkCancelled }: TrainContext,
  keep: Keep,
  data: SpeakerData,
  speakers: readonly string[],
  frontEnd: VoiceFrontEnd,
  { frame }: BlowConfig,
  { conditioned }: Recipe,
): Promise<{ training: Frames; validation: Frames; held: readonly Utterance[] }> {
  const held = data.validation.length > 0 ? data.validation : data.training
  const total = data.training.length + held.length
  let done = 0
  const read = () => {
    checkCancelled()
    progress({ phase: 'Reading', done: done++, total })
  }
  const open = async (name: string, utterances: readonly Utterance[]) => {
    const scratch = beside(output, `${process.pid}.${name}.part`)
    const how = { scratch, seed, read, anonymous: conditioned === 'no' }
    return keep(await openFrames(utterances, speakers, frontEnd, frame, how), (frames) => frames.close())
  }
  const training = await open('training', data.training)
  for (const [i, name] of speakers.entries())
    if (data.speakers.includes(name) && training.seconds[i]! < leastSeconds)
      throw new NagareError(
        'bad-input',
        `There are ${training.seconds[i]!.toFixed(1)} s of ${name} to train on; a voice needs at least ${leastSeconds} s, and minutes to be one.`,
        { hint: 'Add recordings of this speaker.' },
      )
  return { training, validation: await open('validation', held), held }
}

/** What the pack says of its voices, and its files beside card and weights: their samples, and `speakers.json`. */
async function voicesNow(
  data: SpeakerData,
  speakers: readonly string[],
  { seconds }: Frames,
  frontEnd: VoiceFrontEnd,
  base: BaseModel | undefined,
): Promise<{ voices: Voices; files: Record<string, Uint8Array> }> {
  const samples = await voiceSamples(data, speakers, frontEnd)
  const ids = (use: 'validation' | 'test') =>
    [...new Set([...(base?.voices[use] ?? []), ...data[use].map(({ id }) => id)])].sort()
  const known = base?.voices.voices ?? []
  const voices: Voices = {
    voices: speakers.map((name, i) => {
      const sample = samples.find(({ speaker }) => speaker === name)?.file
      return { ...known[i], name, seconds: known[i]?.seconds || seconds[i]!, ...(sample ? { sample } : {}) }
    }),
    validation: ids('validation'),
    test: ids('test'),
  }
  return {
    voices,
    files: {
      ...base?.files,
      ...Object.fromEntries(samples.map(({ file, bytes }) => [file, bytes])),
      'speakers.json': Buffer.from(JSON.stringify(voices, null, 2) + '\n'),
    },
  }
}

/** The training step and the validation pass, compiled. Only weights that `isTrained` move. */
async function loadPrograms(
  device: Device,
  keep: Keep,
  config: BlowConfig,
  { batch, clip, average }: Recipe,
  state: NDArrays,
  isTrained: (name: string) => boolean = () => true,
): Promise<{ trainer: Runner; validator: Runner }> {
  const all = Object.entries(trainedShapes(config))
  const params = Object.fromEntries(all.filter(([name]) => isTrained(name)))
  const frozen = { ...Object.fromEntries(all.filter(([name]) => !isTrained(name))), ...fixedShapes(config) }
  const inputs = lossInputs(config, batch)
  const trainer = await device.load(
    trainingProgram({
      name: 'blow training',
      key: JSON.stringify([config, batch, clip, average, Object.keys(params)]),
      params,
      frozen,
      inputs,
      loss: (weights, values, fixed) => blowLoss(config)({ ...weights, ...fixed }, values),
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
      name: 'blow validation',
      key: JSON.stringify([config, batch]),
      state: weightShapes(config),
      inputs,
      run: ({ state: weights, inputs: values }) => ({ outputs: { ...blowLoss(config)(weights, values) } }),
    },
    { state: pick(state, Object.keys(weightShapes(config))) },
  )
  keep(validator, () => validator.dispose())
  return { trainer, validator }
}

/** Mean loss over held-out frames in whole batches, the same ones at every call. */
async function validationLoss(
  validator: Runner,
  frames: Frames,
  { batch, validation }: Recipe,
  check: () => void,
): Promise<number> {
  const batches = Math.max(1, Math.floor(Math.min(validation, frames.count) / batch))
  let sum = 0
  for (let b = 0; b < batches; b++) {
    check()
    const { loss } = await validator.run(await frames.at(b * batch, batch))
    sum += loss!.data[0]!
  }
  return sum / batches
}
