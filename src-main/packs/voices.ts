import { z } from 'zod'
import { NagareError } from '../lib/errors'
import type { PackFiles } from './pack'

/** Largest `speakers.json` that is read, in bytes. */
const most = 16_000_000
/** Files that may be played: what a browser takes for a page or a script is none. */
const sound = /\.(wav|flac|mp3|ogg)$/i

/** Longest name of a voice, in characters. */
export const longestVoiceName = 200

/** What of a voice's name counts: two that differ only in case, or in spaces around them, are one. */
export const voiceKey = (name: string): string => name.trim().toLowerCase()

/** The first name that another one before it is alike; undefined where all differ. */
export function twinVoice(names: readonly string[]): string | undefined {
  const seen = new Set<string>()
  return names.find((name) => seen.size === seen.add(voiceKey(name)).size)
}

/** `speakers.json` of a pack: its voices in the order of their numbers, and what no training saw. */
export const Voices = z.object({
  voices: z
    .array(
      z.object({
        name: z.string().min(1).max(longestVoiceName),
        /** Seconds that it was trained on. */
        seconds: z.number().nonnegative(),
        /** File in the pack with a recording of the speaker. */
        sample: z.string().optional(),
      }),
    )
    .min(1)
    .refine((voices) => twinVoice(voices.map(({ name }) => name)) === undefined, 'two voices have one name'),
  /** Names of utterances kept out of training, and of those for the test alone. */
  validation: z.array(z.string()).default([]),
  test: z.array(z.string()).default([]),
})
export type Voices = z.infer<typeof Voices>

/** What a pack says of its voices in `speakers.json`. Throws `not-found` where it has no such file, `corrupt` where that does not name them. */
export async function voicesOf({ path, file }: Pick<PackFiles, 'path' | 'file'>): Promise<Voices> {
  const bytes = await file('speakers.json', most)
  try {
    return Voices.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch (cause) {
    throw new NagareError('corrupt', `${path}: speakers.json does not name the voices.`, {
      file: path,
      hint: 'Get the model again.',
      cause,
    })
  }
}

/** A voice of a model: its name, the seconds it was trained on, and the file in the pack in which it can be heard. */
export interface PackVoice {
  name: string
  seconds: number
  sample: string | undefined
}

/** The voices that a pack names in `speakers.json`, in their order; undefined where it has no such file. Throws `corrupt`. */
export async function voicesIn(pack: PackFiles): Promise<PackVoice[] | undefined> {
  const { files } = pack.manifest
  if (!files['speakers.json']) return undefined
  const { voices } = await voicesOf(pack)
  return voices.map(({ name, seconds, sample = '' }) => ({
    name,
    seconds,
    sample: sound.test(sample) && Object.hasOwn(files, sample) ? sample : undefined,
  }))
}
