import { basename } from 'node:path'
import { readMono } from '../../dsp'
import { NagareError } from '../../lib/errors'
import type { Random } from '../../lib/random'
import { scaleToPeak } from './augment'
import type { VoiceModel } from './model'
import { utterancesIn, type Utterance } from './speakers'

/** An utterance of a voice that the model knows. */
export interface Spoken extends Utterance {
  /** Number of its voice in the model. */
  voice: number
  /** What is said, where the files' names say it. */
  word: string | undefined
}

/** The utterances that a model is tested on, and those that judges learn from. */
export interface TestMaterial {
  /** What likelihoods are taken of. */
  test: Spoken[]
  /** What is converted and judged: `test`, or the part of it that no judge learns from. */
  judged: Spoken[]
  learned: Spoken[]
  /** How they were chosen, for the protocol. */
  choice: string
}

export interface MaterialOptions {
  /** How files are named, as in training. */
  names: string
  /** Most utterances that are tested, and that judges learn from of each voice. */
  utterances: number
  learned: number
}

/** Fields of a file's name that say what is said. */
const wordFields = ['digit', 'word', 'text']
/** Share of the utterances that is judged where the pack names none as kept for the test. */
const judgedShare = 0.2

/**
 * Chooses what a model is tested on: of the utterances in `folder` those that its pack names as kept for the test, judges learning from all others; where
 * there are none of those, all, the judges learning from four fifths of them by id and judging the rest. Throws what `utterancesIn` throws, `bad-input`
 * where fewer than two of the model's voices can be tested.
 */
export async function testMaterial(
  folder: string,
  { voices }: Pick<VoiceModel, 'voices'>,
  { names, utterances, learned: most }: MaterialOptions,
  draws: Random,
): Promise<TestMaterial> {
  const found = await utterancesIn([folder], names)
  const number = new Map(voices.voices.map(({ name }, i) => [name.toLowerCase(), i]))
  const all = found.flatMap((utterance): Spoken[] => {
    const voice = number.get(utterance.speaker.toLowerCase())
    return voice === undefined ? [] : [{ ...utterance, voice, word: wordOf(utterance.id, names) }]
  })
  const kept = new Set(voices.test)
  const isKept = all.some(({ id }) => kept.has(id))
  const ids = [...new Set(all.map(({ id }) => id))].sort()
  const drawn = [...draws.shuffle(ids.length)].slice(0, Math.max(1, Math.round(judgedShare * ids.length)))
  const apart = isKept ? kept : new Set(drawn.map((i) => ids[i]!))

  const learned = perVoice(
    shuffled(
      all.filter(({ id }) => !apart.has(id)),
      draws,
    ),
    most,
  )
  const known = new Set(learned.map(({ voice }) => voice))
  const judgeable = shuffled(
    all.filter(({ id, voice }) => apart.has(id) && known.has(voice)),
    draws,
  )
  const judged = judgeable.slice(0, utterances)
  const test = isKept ? judged : shuffled(all, draws).slice(0, utterances)
  if (new Set(judged.map(({ voice }) => voice)).size < 2)
    throw new NagareError('bad-input', `${folder} holds too little of the model's voices to judge them by.`, {
      file: folder,
      hint: `Give recordings of at least two of ${voices.voices.map(({ name }) => name).join(', ')}, several of each, named as --set names=… says.`,
    })
  const strangers = new Set(found.map(({ speaker }) => speaker)).size - new Set(all.map(({ speaker }) => speaker)).size
  const choice =
    (isKept
      ? `${test.length} of the ${judgeable.length} utterances in ${basename(folder)} that the pack names as kept for the test`
      : `${test.length} of all ${all.length} utterances in ${basename(folder)}, none of which the pack names as kept for the test; judged are ${judged.length} that no judge learned from`) +
    (strangers > 0 ? ` (${strangers} speakers that the model does not know left out)` : '')
  return { test, judged, learned, choice }
}

/** The part of an utterance's id that says what is said; undefined where the pattern has no such field. */
export function wordOf(id: string, pattern: string): string | undefined {
  const fields = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, field]) => field!).filter((field) => field !== 'speaker')
  const at = fields.findIndex((field) => wordFields.includes(field.toLowerCase()))
  return at < 0 ? undefined : id.split('_')[at]
}

/** An utterance as the model learned from its like: at its rate, at most `seconds` of it, its mean taken off, its largest sample at the front end's peak. */
export async function readUtterance(
  { file }: Utterance,
  { frontEnd: { sampleRate, peak } }: Pick<VoiceModel, 'frontEnd'>,
  seconds: number,
): Promise<Float32Array> {
  const x = await readMono(file, sampleRate, { maxSeconds: seconds })
  const mean = x.reduce((sum, value) => sum + value, 0) / Math.max(1, x.length)
  const centred = x.map((value) => value - mean)
  scaleToPeak(centred, peak)
  return centred
}

const shuffled = <T>(list: readonly T[], draws: Random): T[] => [...draws.shuffle(list.length)].map((i) => list[i]!)

/** The first `most` of each voice. */
function perVoice(list: readonly Spoken[], most: number): Spoken[] {
  const counts = new Map<number, number>()
  return list.filter(({ voice }) => {
    const count = (counts.get(voice) ?? 0) + 1
    counts.set(voice, count)
    return count <= most
  })
}
