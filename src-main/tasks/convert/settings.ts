import { z } from 'zod'

/** Most characters in the name of a voice. */
export const longestVoice = 200

const seconds = z.number().nonnegative().nullable().default(null)

/** Settings of voice conversion; titles and descriptions are what the window shows. */
export const convertSettings = z.object({
  to: z
    .string()
    .max(longestVoice)
    .default('')
    .meta({ title: 'Voice', description: 'The voice that the recording shall have.' }),
  blend: z
    .string()
    .max(longestVoice)
    .default('')
    .meta({ title: 'Second voice', description: 'A voice to mix in. Empty for none.' }),
  share: z.number().min(0).max(1).default(0.5).meta({
    title: 'Share of the second voice',
    description: 'From 0, the first voice alone, to 1, the second alone.',
  }),
  strength: z.number().min(0).max(1.5).default(1).meta({
    title: 'Strength',
    description:
      'How far the voice moves: 0 leaves it, 1 is the voice as learned, more makes it plainer and the words rougher.',
  }),
  from: z
    .string()
    .max(longestVoice)
    .default('')
    .meta({ title: 'Who speaks', description: "One of the model's voices; empty finds the likeliest." }),
  start: seconds.meta({ title: 'From', description: 'Second from which the recording is converted.' }),
  end: seconds.meta({ title: 'To', description: 'Second up to which the recording is converted.' }),
  normalize: z.boolean().default(true).meta({
    title: 'Normalize',
    description:
      'Bring the result to full level. Otherwise, and where a stretch is converted, it keeps the recording’s.',
  }),
})
export type ConvertSettings = z.infer<typeof convertSettings>
