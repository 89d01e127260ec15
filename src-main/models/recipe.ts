import type { z } from 'zod'
import { NagareError } from '../lib/errors'
import type { TrainContext } from './family'

/** The preset's settings with those of the command line. Throws `bad-input` naming the first that is unknown or out of bounds. */
export function readSettings<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  presets: Record<string, Record<string, string>>,
  { preset, set, steps }: Pick<TrainContext, 'preset' | 'set' | 'steps'>,
): z.infer<z.ZodObject<Shape>> {
  const known = Object.keys(schema.shape)
  const unknown = Object.keys(set).find((key) => !known.includes(key))
  if (unknown) throw new NagareError('bad-input', `There is no setting ${unknown}; there is: ${known.join(', ')}.`)
  const parsed = schema.safeParse({ ...presets[preset], ...set, ...(steps === undefined ? {} : { steps }) })
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new NagareError('bad-input', `--set ${path.join('.')}: ${message}.`)
}
