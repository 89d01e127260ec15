import { z } from 'zod'
import { NagareError } from '../lib/errors'
import type { PackFiles } from './pack'

/** Largest `speakers.json` that is read, in bytes. */
const most = 16_000_000
/** Files that may be played: what a browser takes for a page or a script is none. */
const sound = /\.(wav|flac|mp3|ogg)$/i

const Speakers = z.object({
  voices: z
    .array(
      z.object({ name: z.string().min(1).max(200), seconds: z.number().nonnegative(), sample: z.string().optional() }),
    )
    .min(1),
})

/** A voice of a model: its name, the seconds it was trained on, and the file in the pack in which it can be heard. */
export interface PackVoice {
  name: string
  seconds: number
  sample: string | undefined
}

/** The voices that a pack names in `speakers.json`, in their order; undefined where it has no such file. Throws `corrupt`. */
export async function voicesIn({ path, manifest, file }: PackFiles): Promise<PackVoice[] | undefined> {
  if (!manifest.files['speakers.json']) return undefined
  const bytes = await file('speakers.json', most)
  const damaged = (cause: unknown) =>
    new NagareError('corrupt', `${path}: speakers.json does not name the voices.`, { file: path, cause })
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw damaged(cause)
  }
  const parsed = Speakers.safeParse(json)
  if (!parsed.success) throw damaged(parsed.error)
  return parsed.data.voices.map(({ name, seconds, sample = '' }) => ({
    name,
    seconds,
    sample: sound.test(sample) && Object.hasOwn(manifest.files, sample) ? sample : undefined,
  }))
}
