import { extname } from 'node:path'
import { NagareError } from '../../lib/errors'
import { float32, type NDArrays } from '../../lib/ndarray'
import { openPack, voiceKey, type OpenPack, type PackCard } from '../../packs'
import { voiceModel, type VoiceModel } from './model'
import type { Recipe } from './recipe'

/** A trained model that a run starts from. */
export interface BaseModel extends VoiceModel {
  /** What its pack says of it, and the hash that stands for it. */
  card: PackCard
  sha256: string
  /** What the run does with it, for the card: `Voices added to`. */
  relation: string
  /** The samples of its voices, as files of the new pack; a voice without a `sample` has none. */
  files: Record<string, Uint8Array>
  /** What the run starts with on recordings of `speakers`, and which weights then move. Throws `bad-input` where they do not suit the model. */
  started(speakers: readonly string[]): Started
}

export interface Started {
  speakers: string[]
  weights: NDArrays
  trained(name: string): boolean
}

/** The model that a recipe names, if any. Throws `bad-input` where it names two, and what `openPack` and `voiceModel` throw. */
export async function baseOf({ base, start }: Pick<Recipe, 'base' | 'start'>): Promise<BaseModel | undefined> {
  if (base !== '' && start !== '')
    throw new NagareError('bad-input', '--set base and --set start were both given; expected one of them.', {
      hint: 'base adds voices to a pack, start trains a pack on.',
    })
  const path = base || start
  if (path === '') return undefined
  const pack = await openPack(path)
  const model = await voiceModel(pack)
  const { voices, files } = await samplesOf(pack, model.voices.voices)
  const named: VoiceModel = { ...model, voices: { ...model.voices, voices } }
  return {
    ...named,
    ...{ card: pack.manifest, sha256: pack.sha256, files },
    relation: base ? 'Voices added to' : 'Trained on from',
    started: (speakers) => (base ? withVoices(path, named, speakers) : goingOn(path, named, speakers)),
  }
}

/** The model on its own voices: all weights move. Throws `bad-input` where the recordings are of others. */
function goingOn(path: string, { voices, weights }: VoiceModel, speakers: readonly string[]): Started {
  const known = voices.voices.map(({ name }) => name)
  if ([...known].sort().join('\n') !== [...speakers].sort().join('\n'))
    throw new NagareError(
      'bad-input',
      `${path} has the voices ${known.join(', ')}; the data has ${speakers.join(', ')}.`,
      {
        hint: 'Give recordings of the same speakers; --set base=PACK adds others.',
      },
    )
  return { speakers: known, weights, trained: () => true }
}

/**
 * The model with a row for each speaker that it does not know; the voices and what adapts the couplings to them then move. A new voice starts as the mean of
 * the others. Throws `bad-input` where all are known, and where one is known by a name alike.
 */
function withVoices(path: string, { voices, weights }: VoiceModel, speakers: readonly string[]): Started {
  const known = voices.voices.map(({ name }) => name)
  const fresh = speakers.filter((name) => !known.includes(name))
  for (const name of fresh) {
    const twin = known.find((other) => voiceKey(other) === voiceKey(name))
    if (twin !== undefined)
      throw new NagareError(
        'bad-input',
        `${path} has a voice ${twin}; the data has ${name}, alike but for case and spaces.`,
        { hint: `Name the speaker ${twin} in the data too, or otherwise where they are two people.` },
      )
  }
  if (fresh.length === 0)
    throw new NagareError('bad-input', `${path} knows ${speakers.join(', ')} already; nothing is to be added.`, {
      hint: 'Give recordings of a new speaker, in a folder or under a name of its own; --set start=PACK trains the pack on.',
    })
  return {
    speakers: [...known, ...fresh],
    weights: { ...weights, voices: withMeans(weights['voices']!, fresh.length) },
    trained: (name) => name === 'voices' || /\.(kernel|offset)\.(weight|bias)$/.test(name),
  }
}

/** A table of voices [voices, embedding] with `count` more rows, each the mean of those there were. */
function withMeans({ shape, data }: NDArrays[string], count: number): NDArrays[string] {
  const [known, embedding] = shape as [number, number]
  const extended = float32([known + count, embedding])
  extended.data.set(data)
  for (let i = 0; i < embedding; i++) {
    let sum = 0
    for (let v = 0; v < known; v++) sum += data[v * embedding + i]!
    for (let row = known; row < known + count; row++) extended.data[row * embedding + i] = sum / known
  }
  return extended
}

/** The samples of voices as files named by their numbers; voices whose sample the pack lacks have none. */
async function samplesOf(
  pack: OpenPack,
  voices: VoiceModel['voices']['voices'],
): Promise<{ voices: VoiceModel['voices']['voices']; files: Record<string, Uint8Array> }> {
  const files: Record<string, Uint8Array> = {}
  const named = []
  for (const [i, { sample, ...voice }] of voices.entries()) {
    if (sample === undefined || !Object.hasOwn(pack.manifest.files, sample)) {
      named.push(voice)
      continue
    }
    const name = `voice-${i}${extname(sample)}`
    files[name] = await pack.file(sample)
    named.push({ ...voice, sample: name })
  }
  return { voices: named, files }
}
