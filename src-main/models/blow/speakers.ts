import { stat } from 'node:fs/promises'
import { basename, extname, relative, sep } from 'node:path'
import { NagareError } from '../../lib/errors'
import { random } from '../../lib/random'
import { recordingsIn } from '../recordings'

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
 * braces: `{speaker}_{utterance}`. Throws `not-found`, `bad-input` for names that do not fit, or that differ in case alone.
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
  const names = [...new Set(found.map(({ speaker }) => speaker))]
  for (const name of names) {
    const twin = names.find((other) => other !== name && other.toLowerCase() === name.toLowerCase())
    if (twin)
      throw new NagareError('bad-input', `Two speakers are named alike but for their case: ${name} and ${twin}.`, {
        hint: 'Rename one of them, or give both the same name where they are one person.',
      })
  }
  return found
}

/** Speaker and utterance of a file's name; every field of the pattern but the speaker says which utterance it is. */
function fieldsOf(name: string, pattern: string, file: string): Pick<Utterance, 'speaker' | 'id'> {
  const fields = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, field]) => field!)
  if (!fields.includes('speaker') || fields.length < 2)
    throw new NagareError('bad-input', `--set names=${pattern}: expected {speaker} and one more field in braces.`, {
      hint: 'For example {speaker}_{utterance}, or {digit}_{speaker}_{take}.',
    })
  const escaped = pattern.split(/\{\w+\}/).map((text) => text.replace(/[^\w\s]/g, '\\$&'))
  const match = new RegExp(`^${escaped.join('\u0000').replaceAll('\u0000', '([^_]+)')}`).exec(name)
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
 * said in one is said in another. Throws what `utterancesIn` throws, `bad-input` where there is one speaker or a speaker is not in training.
 */
export async function speakerData(folders: readonly string[], pattern: string, least = 2): Promise<SpeakerData> {
  const all = await utterancesIn(folders, pattern)
  const speakers = [...new Set(all.map(({ speaker }) => speaker))].sort()
  if (speakers.length < least)
    throw new NagareError('bad-input', `There is one speaker, ${speakers[0]}; a voice is told from others.`, {
      hint: 'Add recordings of another speaker: a folder for each, or files named {speaker}_{utterance}.',
    })
  const ids = [...new Set(all.map(({ id }) => id))].sort()
  const order = [...random(20190604).shuffle(ids.length)].map((i) => ids[i]!)
  const count = (share: number) => (ids.length < 3 ? 0 : Math.max(1, Math.round(share * ids.length)))
  const validation = new Set(order.slice(0, count(shares.validation)))
  const test = new Set(order.slice(validation.size, validation.size + count(shares.test)))
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
