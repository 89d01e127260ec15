import { z } from 'zod'
import { NagareError } from '../../lib/errors'
import type { OpenPack } from '../../packs'

/** `speakers.json` of a pack: its voices in the order of their rows, and what no training saw. */
export const Voices = z.object({
  voices: z
    .array(
      z.object({
        name: z.string().min(1).max(200),
        /** Seconds that it was trained on. */
        seconds: z.number().nonnegative(),
        /** File in the pack with a recording of the speaker. */
        sample: z.string().optional(),
      }),
    )
    .min(1),
  /** Names of utterances kept out of training, and of those for the test alone. */
  validation: z.array(z.string()).default([]),
  test: z.array(z.string()).default([]),
})
export type Voices = z.infer<typeof Voices>

/** The voices of a pack; throws `corrupt` where the pack does not say. */
export async function voicesOf(pack: Pick<OpenPack, 'path' | 'file'>): Promise<Voices> {
  const bytes = await pack.file('speakers.json')
  try {
    return Voices.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch (cause) {
    throw new NagareError('corrupt', `${pack.path}: speakers.json does not name the voices.`, {
      file: pack.path,
      hint: 'Get the model again.',
      cause,
    })
  }
}

/** Number of the voice called `name`, whatever its case. Throws `bad-input` listing the voices there are. */
export function voiceNumber({ voices }: Voices, name: string): number {
  const found = voices.findIndex((voice) => voice.name.toLowerCase() === name.trim().toLowerCase())
  if (found >= 0) return found
  throw new NagareError(
    'bad-input',
    `There is no voice ${name}; there is: ${voices.map(({ name }) => name).join(', ')}.`,
  )
}
