import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { openDevice, type Device, type Runner } from '../../compute'
import { NagareError } from '../../lib/errors'
import { float32, pick, type NDArrays } from '../../lib/ndarray'
import { random } from '../../lib/random'
import { adam, trainingProgram } from '../../nn'
import { writePack, type PackCard } from '../../packs'
import { readCheckpoint, writeCheckpoint, type Standing } from '../checkpoint'
import type { TrainContext, TrainResult } from '../family'
import { actNorms } from './act-norms'
import { addVoices } from './add-voices'
import { VoiceFrontEnd, type BlowConfig } from './config'
import { openFrames, type Frames } from './frames'
import { blowLoss, lossInputs } from './loss'
import { previewer } from './preview'
import { configOf, rateAt, readRecipe, type Recipe } from './recipe'
import { voiceSamples } from './samples'
import { speakerData, type SpeakerData } from './speakers'
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
export async function trainBlow(context: TrainContext): Promise<TrainResult> {
  const { output, seed, checkCancelled, progress } = context
  const asked = readRecipe(context)
  const base = asked.base ? await addVoices(asked) : undefined
  const recipe = base?.recipe ?? asked
  const data = await speakerData(context.data, recipe.names, base ? 1 : 2)
  const start = base?.extended(data.speakers)
  const speakers = start?.speakers ?? data.speakers
  const config = configOf(recipe, speakers.length)
  const frontEnd = VoiceFrontEnd.parse({ sampleRate: recipe.sampleRate })
  const checkpoint = beside(output, 'checkpoint.nagare')
  const identity = { seed, recipe: JSON.stringify(asked), data: data.fingerprint }
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

  const { training, validation } = await openSplits(context, data, speakers, frontEnd, config)
  const device = await openDevice(context.device, { fallback: context.fallback })
  const how = { level: recipe.augment, quietest: recipe.quietest }
  const initial = async (): Promise<NDArrays> => {
    if (start) return start.weights
    const fresh = initialWeights(config, draws)
    return { ...fresh, ...(await actNorms(device, config, fresh, await training.draw(0, recipe.batch, how, draws))) }
  }
  const current = resumed?.current ?? (await initial())
  const names = Object.keys(weightShapes(config))
  let bestWeights = resumed?.best ?? pick(current, names)
  const { trainer, validator } = await loadPrograms(device, config, recipe, current, start?.trained)
  const voices = voicesNow(speakers, training, data, base?.voices)
  const cardNow = (metrics: PackCard['metrics']) =>
    card(context, { config, frontEnd, recipe, data, count: training.count }, standing(), metrics)
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
  try {
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
        if (!ends) await writeCheckpoint(checkpoint, cardNow([]), bestWeights, await trainer.state(), standing())
      }
      if (isPreview) await preview.write(step, weights, data.validation)
    }
    if (best === null) throw diverged(step)
    const protocol = `${Math.min(recipe.validation, validation.count)} frames of utterances kept out of training, no augmentation`
    const metrics = [{ name: 'validation likelihood', value: -best, unit: 'nats/sample' }]
    const samples = await voiceSamples(data, speakers, frontEnd)
    for (const { speaker, file } of samples) voices.voices[speakers.indexOf(speaker)]!.sample = file
    await writePack(output, cardNow(metrics.map((metric) => ({ ...metric, protocol }))), bestWeights, {
      ...base?.files,
      ...Object.fromEntries(samples.map(({ file, bytes }) => [file, bytes])),
      'speakers.json': Buffer.from(JSON.stringify(voices, null, 2) + '\n'),
    })
    await rm(checkpoint, { force: true })
    return { steps: step, metrics }
  } finally {
    await trainer.dispose()
    await validator.dispose()
    await training.close()
    await validation.close()
  }
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

async function openSplits(
  { output, seed, progress, checkCancelled }: TrainContext,
  data: SpeakerData,
  speakers: readonly string[],
  frontEnd: VoiceFrontEnd,
  { frame }: BlowConfig,
): Promise<{ training: Frames; validation: Frames }> {
  const held = data.validation.length > 0 ? data.validation : data.training
  const total = data.training.length + held.length
  let done = 0
  const read = () => {
    checkCancelled()
    progress({ phase: 'Reading', done: done++, total })
  }
  const scratch = (name: string) => beside(output, `${process.pid}.${name}.part`)
  const training = await openFrames(data.training, speakers, frontEnd, frame, {
    scratch: scratch('training'),
    seed,
    read,
  })
  try {
    for (const [i, name] of speakers.entries())
      if (data.speakers.includes(name) && training.seconds[i]! < leastSeconds)
        throw new NagareError(
          'bad-input',
          `There are ${training.seconds[i]!.toFixed(1)} s of ${name} to train on; a voice needs at least ${leastSeconds} s, and minutes to be one.`,
          { hint: 'Add recordings of this speaker.' },
        )
    const validation = await openFrames(held, speakers, frontEnd, frame, { scratch: scratch('validation'), seed, read })
    return { training, validation }
  } catch (thrown) {
    await training.close()
    throw thrown
  }
}

/** What the pack says of its voices; `known` are those of a model that others are added to. */
function voicesNow(
  speakers: readonly string[],
  { seconds }: Frames,
  { validation, test }: SpeakerData,
  known: Voices['voices'] = [],
): Voices {
  const ids = (utterances: SpeakerData['test']) => [...new Set(utterances.map(({ id }) => id))].sort()
  return {
    voices: speakers.map((name, i) => ({ ...known[i], name, seconds: (known[i]?.seconds ?? 0) || seconds[i]! })),
    validation: ids(validation),
    test: ids(test),
  }
}

/** The training step and the validation pass, compiled. Only weights that `isTrained` move. */
async function loadPrograms(
  device: Device,
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

/** The pack's card: what the person told of it, and how it came to be. */
function card(
  { data: folders, command, device, about }: TrainContext,
  of: { config: BlowConfig; frontEnd: VoiceFrontEnd; recipe: Recipe; data: SpeakerData; count: number },
  { step, bestStep, seconds, seed, restarts = 0 }: Standing,
  metrics: PackCard['metrics'],
): PackCard {
  const { config, frontEnd, recipe, data, count } = of
  return {
    kind: 'blow',
    name: about?.name ?? 'Voices',
    description: about?.description ?? `Turns a voice into another: ${data.speakers.join(', ')}.`.slice(0, 4000),
    licence: about?.licence ?? 'As the training data',
    config: { ...config },
    frontEnd,
    provenance: {
      data: folders.map((folder) => ({
        name: basename(folder),
        licence: about?.data?.[basename(folder)] ?? 'not stated',
        amount: `${data.training.filter(({ file }) => file.startsWith(folder)).length} recordings`,
      })),
      command,
      seed,
      steps: step,
      seconds: Math.round(seconds),
      device,
      notes:
        `The weights are ${recipe.average > 0 ? 'the average' : 'those'} of step ${bestStep}, the best in validation. ` +
        `${count} frames of ${config.frame} samples; ${restarts} restarts.`,
    },
    metrics,
  }
}
