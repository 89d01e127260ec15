import { z } from 'zod'
import { NagareError } from '../../lib/errors'
import type { TrainContext } from '../family'
import { pictureSettings } from '../anomaly/picture-recipe'
import type { ImageShape } from '../anomaly/image-source'
import { readSettings } from '../recipe'
import { GRAIN, GROUPS, SegmenterConfig } from './config'
import { paintedFamilies, type PaintedFamily } from './paint'

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most)

/** Settings of a training run: presets give them, `--set key=value` changes them. */
export const Recipe = z.object({
  ...pictureSettings,
  /** Channels at the full resolution: a multiple of 4, best of 16. */
  width: count(GROUPS, 256).multipleOf(GROUPS).default(16),
  /** Side of the squares that are painted on, pixels; the images' own where they are smaller. */
  crop: count(8, 256).default(64),
  batch: count(2, 1024).default(8),
  steps: count(1, 1e8).default(4000),
  learningRate: z.coerce.number().positive().max(1).default(2e-3),
  /** How much more than others the pixels of a painted defect of 300 pixels count; those of smaller ones count more. */
  balance: z.coerce.number().min(0.1).max(100).default(3),
  /** Whether images may be turned by quarters and upside down while learning: for textures that look alike from all sides. */
  turned: z.enum(['no', 'yes']).default('no'),
  /** Share of the squares that are turned by any angle (where `turned`, else a little) and scaled before anything is painted on them, so that few pictures are not learned by heart. */
  varied: z.coerce.number().min(0).max(1).default(0),
  /** Decay of the average of the weights that is kept in the end; 0 keeps the last ones. */
  average: z.coerce.number().min(0).max(0.99999).default(0),
  /** Share of the squares that nothing is painted on. */
  clean: z.coerce.number().min(0).max(0.9).default(0.25),
  /** A family of painted defects that is left out, to see how what was never painted is found. */
  without: z.enum(['none', ...paintedFamilies]).default('none'),
  /** Side of the window that maps are averaged over, pixels. */
  smoothing: count(1, 31).default(5),
  /** How many ways pictures are turned to be scored, which costs as many times as much and takes part of the chance out: 2 for `mirrored` ones, 8 for `turned` ones. */
  turns: z.enum(['1', '2', '8']).default('1'),
  /** Steps from checkpoint to checkpoint, each with a look at held-out images. */
  checkpoint: count(1, 1e6).default(250),
})
export type Recipe = z.infer<typeof Recipe>

export const presets: Record<string, Partial<Record<keyof Recipe, string>>> = {
  usual: {},
  surfaces: {
    ...{ mode: 'tiles', size: '128', pieces: '400', mirrored: 'yes' },
    ...{ steps: '20000', average: '0.998', varied: '0.5' },
  },
}

/** The settings of a run. Throws `bad-input` naming the first that is unknown or out of bounds. */
export const readRecipe = (context: Pick<TrainContext, 'preset' | 'set' | 'steps'>): Recipe =>
  readSettings(Recipe, presets, context)

/** The setting by which a network learns the pictures that so many `turns` show it. */
const learnedBy = { '1': null, '2': 'mirrored', '8': 'turned' } as const

/** The network that a recipe asks for, for images of a shape. Throws `bad-input` where they do not fit together. */
export function configOf(recipe: Recipe, [channels, height, wide]: ImageShape): SegmenterConfig {
  const { width, smoothing, turns } = recipe
  const parsed = SegmenterConfig.safeParse({ channels, size: height, width, smoothing, turns: Number(turns) })
  const learned = learnedBy[turns]
  if (learned && recipe[learned] === 'no')
    throw new NagareError(
      'bad-input',
      `With --set turns=${turns} pictures are ${learned} to be scored; say --set ${learned}=yes too.`,
      { hint: `Leave turns=${turns} out where a ${learned} picture would be odd.` },
    )
  if (parsed.success && height === wide && smoothing % 2 === 1) return parsed.data
  if (smoothing % 2 === 0) throw new NagareError('bad-input', `--set smoothing: an odd number, found ${smoothing}.`)
  throw new NagareError(
    'bad-input',
    `Images must be squares whose side is a multiple of ${GRAIN}, found ${wide} × ${height}.`,
    {
      hint: 'Choose another --set size.',
    },
  )
}

/** Side of the squares that are painted on, a multiple of 8. */
export const cropOf = ({ crop }: Recipe, { size }: SegmenterConfig): number =>
  GRAIN * Math.floor(Math.min(crop, size) / GRAIN)

/** The families that are painted. */
export const familiesOf = ({ without }: Recipe): PaintedFamily[] =>
  paintedFamilies.filter((family) => family !== without)
