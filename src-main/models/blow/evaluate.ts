import { z } from 'zod'
import { openDevice, precisions, type Device } from '../../compute'
import { logSpectralDistance } from '../../dsp'
import { NagareError } from '../../lib/errors'
import { random } from '../../lib/random'
import { openPack } from '../../packs'
import type { EvaluateContext, Evaluation } from '../family'
import { drawConversions, roundTrip, speechLost, type Conversion, type RoundTrip, type SpeechLost } from './conversions'
import { convertWhole, openConverter } from './converter'
import { speakerJudge, trainJudge, underNoise, wordJudge, type Judge, type Judged, type JudgeKind } from './judges'
import { metricsOf, rowsOf, type Findings, type Verdict } from './findings'
import { voiceModel, type VoiceModel } from './model'
import { readUtterance, testMaterial, type Spoken, type TestMaterial } from './test-material'
import { mostFrames, voiceScores } from './voice-scores'
import { oneVoice, towards } from './voices'

const count = (most: number) => z.coerce.number().int().min(1).max(most)

const Options = z
  .object({
    /** How files are named where the speakers have no folders, as in training. */
    names: z.string().max(200).default('{speaker}_{utterance}'),
    /** Conversions that are judged. */
    conversions: count(100_000).default(200),
    /** Most utterances that are tested, and that the judges learn from of each voice. */
    utterances: count(100_000).default(300),
    learned: count(100_000).default(400),
    /** Seconds taken of each utterance, from its start. */
    seconds: z.coerce.number().min(0.1).max(600).default(10),
    /** How far conversions go from one voice to the other, and beyond. */
    strength: z.coerce.number().min(0).max(2).default(1),
    /** Deviation of the noise under which sound is converted; what the pack says if not given. */
    noise: z.coerce.number().min(0).max(1).optional(),
    precision: z.enum(precisions).default('float32'),
  })
  .strict()
type Options = z.infer<typeof Options>

/** Shortest sound that is tested, samples: a window of the log-spectral distance. */
const shortest = 512

/**
 * Measures a voice converter on utterances that it was not trained on: likelihood, who is identified by it, whether conversions are taken for the voice asked
 * for and for the same words by judges that learned from real recordings alone, and what a round trip costs. `data` is laid out as for training. Throws
 * `bad-input` for settings it does not know, and where the data holds fewer than two of the model's voices.
 */
export async function evaluateBlow(context: EvaluateContext): Promise<Evaluation> {
  const { seed, progress, checkCancelled } = context
  const options = readOptions(context.set)
  const opened = await voiceModel(await openPack(context.pack))
  const { noise = opened.frontEnd.noise } = options
  const model: VoiceModel = { ...opened, frontEnd: { ...opened.frontEnd, noise } }
  const material = await testMaterial(context.data, model, options, random(seed))
  const device = await openDevice(context.device, { precision: options.precision, fallback: context.fallback })
  const at = (phase: string) => (done: number, total: number) => {
    checkCancelled()
    progress({ phase, done, total })
  }

  const judges = await openJudges(model, material.learned, options, seed, at)
  try {
    const judged = await read(model, material.judged, options, at('Reading'))
    const test = material.test === material.judged ? judged : await read(model, material.test, options, at('Reading'))
    const scores = await voiceScores(device, model, test.sounds, at('Likelihood'))
    const conversions = drawConversions(
      judged.spoken.map(({ voice }) => voice),
      [...new Set(material.learned.map(({ voice }) => voice))].sort((a, b) => a - b),
      options.conversions,
      random(seed),
    )
    const real = await verdicts(judges, judged.sounds, model.frontEnd.sampleRate)
    const converted = await judgeConversions(device, model, judges, judged, conversions, options, at('Converting'))
    const found: Findings = {
      voices: model.voices.voices.map(({ name }) => name),
      words: judges.word?.labels,
      scored: test.spoken.map((spoken, i) => ({ ...spoken, ...scores[i]! })).filter(({ frames }) => frames > 0),
      real: judged.spoken.map((spoken, i) => ({ ...spoken, verdict: real[i]!, roundTrip: converted.roundTrips[i]! })),
      converted: conversions.map(({ utterance, from, to }, i) => ({
        ...{ from, to, word: judged.spoken[utterance]!.word },
        ...{ verdict: converted.verdicts[i]!, distance: converted.distances[i]!, speech: converted.speech[i]! },
      })),
    }
    return {
      protocol: protocol(found, { ...options, noise }, material, context),
      metrics: metricsOf(found),
      rows: rowsOf(found),
    }
  } finally {
    await judges.speaker.dispose()
    await judges.word?.dispose()
  }
}

function readOptions(set: Record<string, string>): Options {
  const options = Options.safeParse(set)
  if (options.success) return options.data
  const { path, message } = options.error.issues[0]!
  throw new NagareError('bad-input', `--set${path.map((key) => ` ${String(key)}`).join('')}: ${message}.`)
}

/** Utterances with their sounds, those too short left out. */
interface Sounds {
  spoken: Spoken[]
  sounds: Float32Array[]
}

async function read(
  model: VoiceModel,
  utterances: readonly Spoken[],
  { seconds }: Options,
  step: (done: number, total: number) => void,
): Promise<Sounds> {
  const kept: Sounds = { spoken: [], sounds: [] }
  for (const [i, utterance] of utterances.entries()) {
    step(i, utterances.length)
    const x = await readUtterance(utterance, model, seconds)
    if (x.length < shortest) continue
    kept.spoken.push(utterance)
    kept.sounds.push(x)
  }
  return kept
}

/** Who judges whose voice it is, and what is said where the names of the recordings tell. */
interface Judges {
  speaker: Judge
  word: Judge | undefined
}

/** Trains the judges on the processor, whatever the model runs on. */
async function openJudges(
  model: VoiceModel,
  learned: readonly Spoken[],
  { seconds }: Options,
  seed: number,
  at: (phase: string) => (done: number, total: number) => void,
): Promise<Judges> {
  const speakers: Judged[] = []
  const words: Judged[] = []
  const draws = random(seed)
  for (const [i, utterance] of learned.entries()) {
    at('Reading for the judges')(i, learned.length)
    const clean = await readUtterance(utterance, model, seconds)
    for (const x of [clean, underNoise(clean, draws)]) {
      const features = (kind: JudgeKind) => kind.features(x, model.frontEnd.sampleRate)
      speakers.push({ label: model.voices.voices[utterance.voice]!.name, features: features(speakerJudge) })
      if (utterance.word !== undefined) words.push({ label: utterance.word, features: features(wordJudge) })
    }
  }
  const device = await openDevice('cpu')
  const speaker = await trainJudge(device, speakerJudge, speakers, { seed, step: at('Training the speaker judge') })
  if (new Set(words.map(({ label }) => label)).size < 2) return { speaker, word: undefined }
  try {
    return {
      speaker,
      word: await trainJudge(device, wordJudge, words, { seed, step: at('Training the content judge') }),
    }
  } catch (thrown) {
    await speaker.dispose()
    throw thrown
  }
}

async function verdicts({ speaker, word }: Judges, sounds: readonly Float32Array[], sampleRate: number) {
  const features = (kind: JudgeKind) => sounds.map((x) => kind.features(x, sampleRate))
  const speakers = await speaker.choose(features(speakerJudge))
  const words = await word?.choose(features(wordJudge))
  return speakers.map((name, i): Verdict => ({ speaker: name, word: words?.[i] }))
}

interface ConvertedResult {
  verdicts: Verdict[]
  /** Log-spectral distance of each conversion from its source, dB. */
  distances: number[]
  speech: SpeechLost[]
  roundTrips: RoundTrip[]
}

async function judgeConversions(
  device: Device,
  model: VoiceModel,
  judges: Judges,
  { spoken, sounds }: Sounds,
  conversions: readonly Conversion[],
  { strength }: Options,
  step: (done: number, total: number) => void,
): Promise<ConvertedResult> {
  const only = (voice: number) => oneVoice(model.config.voices, voice)
  const result: ConvertedResult = { verdicts: [], distances: [], speech: [], roundTrips: [] }
  const total = conversions.length + spoken.length
  let done = 0
  const converter = await openConverter(device, model, { from: only(0), to: only(0), step: () => step(done, total) })
  try {
    for (const { utterance, from, to } of conversions) {
      step(done++, total)
      const x = sounds[utterance]!
      converter.setVoices(only(from), towards(only(from), only(to), strength))
      const y = await convertWhole(converter, x)
      result.distances.push(logSpectralDistance(x, y))
      result.speech.push(speechLost(x, y, model.frontEnd.sampleRate))
      result.verdicts.push(...(await verdicts(judges, [y], model.frontEnd.sampleRate)))
    }
    for (const [i, { voice }] of spoken.entries()) {
      step(done++, total)
      result.roundTrips.push(await roundTrip(converter, sounds[i]!, only(voice)))
    }
    return result
  } finally {
    await converter.dispose()
  }
}

/** What the figures stand on. */
function protocol(
  { voices, words, scored, real, converted }: Findings,
  { conversions, seconds, strength, noise, precision }: Options,
  { learned, choice }: TestMaterial,
  { seed }: EvaluateContext,
): string {
  const frames = scored.reduce((sum, item) => sum + item.frames, 0)
  const speakers = new Set(learned.map(({ voice }) => voice)).size
  const content = words
    ? `content judge (the cepstra in time stretched to one length, among ${words.length}: ${words.slice(0, 12).join(' ')}${words.length > 12 ? ' …' : ''})`
    : 'no content judge, for the names of the files have no {digit}, {word} or {text} (--set names=…)'
  return (
    `${choice}, at most ${seconds} s of each, mean taken off, levelled; seed ${seed}, strength ${strength}${precision === 'float32' ? '' : `, computed in ${precision}`}. ` +
    `Likelihood: mean over ${frames} frames, at most ${mostFrames} spread over each utterance, without overlap or augmentation, silent ones left out, also under the mean of all voices' embeddings, and on average under the other voices; identified is the likeliest of ${voices.length} voices by all frames of an utterance. ` +
    `Judges: networks with one hidden layer, trained here on ${learned.length} other recordings, each as it is and under white noise at 15 to 40 dB, nothing converted among them; ` +
    `speaker judge (means and deviations of mel cepstra and slopes, among ${speakers}); ${content}. ` +
    `Conversions: ${converted.length}${converted.length < conversions ? ', all there are' : ''}, from every voice to every other in turn, utterances drawn, 50 % overlap, under noise of ${noise} that is taken off again, levelled; spoofing is the share taken for the target, ` +
    `distance the log-spectral distance from the source (512 points, floor at -60 dB), speech lost the share of 10 ms blocks within 35 dB of the source's loudest that are over 60 dB below the conversion's. ` +
    `Round trips: ${real.length} utterances encoded and decoded as their own voice, overlapped and bounded as conversions are.`
  )
}
