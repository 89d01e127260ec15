import { stat } from 'node:fs/promises'
import { basename, extname, relative, sep } from 'node:path'
import { NagareError } from '../../lib/errors'
import { random } from '../../lib/random'
import { longestVoiceName, twinVoice, voiceKey } from '../../packs'
import { recordingsIn } from '../recordings'
import type { Voices } from './voices'

/** A recording of one utterance. */
export interface Utterance {
  file: string
  speaker: string
  /** What is said, or the take: equal over speakers who read the same text. */
  id: string
}

/** Shares of the utterances by use; one id is in one of them only, whoever speaks it. */
const shares = { validation: 0.1, test: 0.1 }

export interface SpeakerData {
  speakers: string[]
  training: Utterance[]
  validation: Utterance[]
  test: Utterance[]
  /** Names the recordings, so that a run is not continued on others. */
  fingerprint: string
}

/**
 * The utterances in `folders` by speaker. A folder that holds folders has one for each speaker; else files are named by `pattern`, fields in
 * braces: `{speaker}_{utterance}`. Throws `not-found`, `bad-input` for names that do not fit, or that are alike but for case and spaces.
 */
export async function utterancesIn(folders: readonly string[], pattern: string): Promise<Utterance[]> {
  const found: Utterance[] = []
  for (const folder of folders) {
    const files = await recordingsIn(folder)
    const apart = files.every((file) => relative(folder, file).includes(sep))
    for (const file of files) {
      const name = basename(file, extname(file))
      if (!apart) found.push({ file, ...fieldsOf(name, pattern, file) })
      else {
        const speaker = relative(folder, file).split(sep)[0]!
        const prefix = new RegExp(`^${speaker.replace(/[^\w]/g, '\\$&')}[_-]`)
        found.push({ file, speaker, id: name.replace(prefix, '') })
      }
    }
  }
  checkNames([...new Set(found.map(({ speaker }) => speaker))])
  return found
}

function checkNames(names: readonly string[]): void {
  const twin = twinVoice(names)
  if (twin !== undefined) {
    const other = names.find((name) => voiceKey(name) === voiceKey(twin))!
    throw new NagareError('bad-input', `Two speakers are named alike but for case and spaces: ${other} and ${twin}.`, {
      hint: 'Rename one of them, or give both the same name where they are one person.',
    })
  }
  const long = names.find(({ length }) => length > longestVoiceName)
  if (long !== undefined)
    throw new NagareError(
      'bad-input',
      `A speaker's name has at most ${longestVoiceName} characters, found ${long.length}: ${long}.`,
      { hint: "Give the speaker's folder or files a shorter name." },
    )
}

/**
 * Speaker and utterance of a file's name; every field of the pattern but the speaker says which utterance it is. Fields end where the text after them
 * first follows, the last one takes what it can.
 */
function fieldsOf(name: string, pattern: string, file: string): Pick<Utterance, 'speaker' | 'id'> {
  const fields = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, field]) => field!)
  if (!fields.includes('speaker') || fields.length < 2)
    throw new NagareError('bad-input', `--set names=${pattern}: expected {speaker} and one more field in braces.`, {
      hint: 'For example {speaker}_{utterance}, or {digit}_{speaker}_{take}.',
    })
  const escaped = pattern.split(/\{\w+\}/).map((text) => text.replace(/[^\w\s]/g, '\\$&'))
  const groups = escaped.map((text, i) => (i === 0 ? text : `([^_]+${i < fields.length ? '?' : ''})${text}`))
  const match = new RegExp(`^${groups.join('')}`).exec(name)
  if (!match)
    throw new NagareError('bad-input', `${file} is not named as ${pattern}.`, {
      file,
      hint: 'Put each speaker into a folder, or say how files are named: --set names={speaker}_{utterance}.',
    })
  const rest = name.slice(match[0].length)
  const speaker = match[1 + fields.indexOf('speaker')]!
  const others = fields.flatMap((field, i) => (field === 'speaker' ? [] : [match[1 + i]!]))
  return { speaker, id: others.join('_') + rest }
}

/**
 * Finds the utterances and sets a tenth of them aside for validation and one for the test, by id (Serrà et al., 2019, §4.1): nothing that is
 * said in one is said in another. Ids that `held` names keep the use that they have there. Throws what `utterancesIn` throws, `bad-input` where there are
 * fewer speakers than `least`, or a speaker is not in training.
 */
export async function speakerData(
  folders: readonly string[],
  pattern: string,
  least = 2,
  held: Pick<Voices, 'validation' | 'test'> = { validation: [], test: [] },
): Promise<SpeakerData> {
  const all = await utterancesIn(folders, pattern)
  const speakers = [...new Set(all.map(({ speaker }) => speaker))].sort()
  if (speakers.length < least)
    throw new NagareError('bad-input', `There is one speaker, ${speakers[0]}; a voice is told from others.`, {
      hint: 'Add recordings of another speaker: a folder for each, or files named {speaker}_{utterance}.',
    })
  const { validation, test } = splitIds([...new Set(all.map(({ id }) => id))].sort(), held)
  const training = all.filter(({ id }) => !validation.has(id) && !test.has(id))
  for (const speaker of speakers)
    if (!training.some((utterance) => utterance.speaker === speaker))
      throw new NagareError('bad-input', `${speaker} has too few utterances: none is left to train on.`, {
        hint: 'A tenth of the utterances is kept for validation and a tenth for the test; give at least ten of each speaker.',
      })
  const sizes = await Promise.all(
    all.map(async ({ file, speaker, id }) => `${speaker}/${id}:${(await stat(file)).size}`),
  )
  return {
    speakers,
    training,
    validation: all.filter(({ id }) => validation.has(id)),
    test: all.filter(({ id }) => test.has(id)),
    fingerprint: [pattern, ...sizes].join('|'),
  }
}

/** The ids for validation and test: those that have the use already, and drawn ones up to their share of all. */
function splitIds(
  ids: readonly string[],
  held: Pick<Voices, 'validation' | 'test'>,
): { validation: Set<string>; test: Set<string> } {
  const [heldTest, heldValidation] = [new Set(held.test), new Set(held.validation)]
  const test = new Set(ids.filter((id) => heldTest.has(id)))
  const validation = new Set(ids.filter((id) => heldValidation.has(id) && !heldTest.has(id)))
  const free = ids.filter((id) => !test.has(id) && !validation.has(id))
  const order = [...random(20190604).shuffle(free.length)].map((i) => free[i]!)
  const missing = (share: number, { size }: Set<string>) =>
    ids.length < 3 ? 0 : Math.max(0, Math.max(1, Math.round(share * ids.length)) - size)
  const drawn = order.splice(0, missing(shares.validation, validation))
  for (const id of order.splice(0, missing(shares.test, test))) test.add(id)
  for (const id of drawn) validation.add(id)
  return { validation, test }
}
