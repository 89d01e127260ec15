import { z } from 'zod'
import { NagareError } from '../../lib/errors'
import type { TrainContext } from '../family'

/** Settings of a training run: presets give them, `--set key=value` changes them. */
export const Recipe = z.object({
  hidden: z.coerce.number().int().min(1).max(4096).default(256),
  latent: z.coerce.number().int().min(1).max(256).default(16),
  steps: z.coerce.number().int().min(1).default(6000),
  /** Frames per step. */
  batch: z.coerce.number().int().min(8).max(16_384).default(512),
  learningRate: z.coerce.number().positive().default(1e-3),
  /** Least normalised power that the model is asked to describe. */
  floor: z.coerce.number().positive().default(1e-7),
  /** Paces at which recordings are played, each standing for other voices. */
  speeds: z
    .string()
    .default('0.65,0.75,0.85,0.92,1,1.08,1.18')
    .transform((text) => text.split(',').map(Number))
    .refine(
      (list) => list.every((speed) => speed >= 0.25 && speed <= 4),
      'speeds are numbers from 0.25 to 4, set apart by commas',
    ),
  /** Shape of the Gamma-distributed factor (mean 1) on every frame's level; 0 leaves levels alone. */
  levels: z.coerce.number().min(0).default(2),
  /** Frames drawn into memory at a time, and how often each is used before the next draw. */
  pool: z.coerce.number().int().min(256).default(40_000),
  reuse: z.coerce.number().min(1).default(4),
})
export type Recipe = z.infer<typeof Recipe>

export const presets: Record<string, Partial<Record<keyof Recipe, string>>> = {
  standard: {},
  small: { hidden: '64', latent: '8', steps: '2000', batch: '256', pool: '10000' },
}

/** The preset's settings with those of the command line. Throws `bad-input` naming the first that is unknown or out of bounds. */
export function readRecipe({ preset, set, steps }: TrainContext): Recipe {
  const known = Object.keys(Recipe.shape)
  const unknown = Object.keys(set).find((key) => !known.includes(key))
  if (unknown) throw new NagareError('bad-input', `There is no setting ${unknown}; there is: ${known.join(', ')}.`)
  const parsed = Recipe.safeParse({ ...presets[preset], ...set, ...(steps === undefined ? {} : { steps }) })
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new NagareError('bad-input', `--set ${path.join('.')}: ${message}.`)
}

/** Steps before the learning rate falls from its full to a tenth, as a share of all. */
const plateau = 0.6

/** Factor of the learning rate after a share of all steps: 1 on the plateau, then linearly down to a tenth. */
export const rateAt = (share: number) => (share < plateau ? 1 : 1 - (0.9 * (share - plateau)) / (1 - plateau))
