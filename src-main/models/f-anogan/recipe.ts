import { z } from 'zod'
import { NagareError } from '../../lib/errors'
import type { TrainContext } from '../family'
import { readSettings } from '../recipe'
import type { ImageShape } from '../anomaly/image-source'
import { pictureSettings } from '../anomaly/picture-recipe'
import { FAnoganConfig } from './config'
import { selfSupervisions } from './self-supervision'

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most)
const share = (most: number) => z.coerce.number().min(0).max(most)

/** Settings of a training run: presets give them, `--set key=value` changes them. */
export const Recipe = z.object({
  ...pictureSettings,
  network: z.enum(['residual', 'mlp']).default('residual'),
  width: count(1, 256).default(16),
  latent: count(1, 1024).default(128),
  encoderEnd: z.enum(['tanh', 'none']).default('tanh'),
  batch: count(2, 1024).default(64),
  /** Iterations of generator and critic, each of `criticSteps` critic steps and one of the generator; then steps of the encoder. */
  iterations: count(1, 1e8).default(20_000),
  steps: count(1, 1e8).default(50_000),
  criticSteps: count(1, 20).default(5),
  learningRate: z.coerce.number().positive().max(1).default(1e-4),
  beta1: share(0.999).default(0),
  beta2: share(0.9999).default(0.9),
  encoderRate: z.coerce.number().positive().max(1).default(5e-5),
  /** Weight of the features, in the encoder's loss. */
  kappa: share(100).default(1),
  /** A task beside the critic's own that steadies it: which way images are turned. Of no use where they look alike from all sides. */
  task: z.enum(selfSupervisions).default('none'),
  /** Decay of the average of the generator's weights that is kept in the end; 0 keeps the last ones. */
  average: share(0.99999).default(0),
  /** Steps from checkpoint to checkpoint, each with a look at held-out images, and from preview to preview. */
  checkpoint: count(1, 1e6).default(500),
  preview: count(0, 1e6).default(500),
  /** Most held-out images that a look takes in. */
  validation: count(1, 1e6).default(512),
  /** Held-out pictures that AnoGAN's search is calibrated on, so that the pack offers it; slow. */
  search: count(0, 1000).default(0),
})
export type Recipe = z.infer<typeof Recipe>

/** Dense networks for digits, residual ones that a laptop trains, and the published ones. */
export const presets: Record<string, Partial<Record<keyof Recipe, string>>> = {
  small: { width: '16', iterations: '4000', steps: '4000', encoderRate: '0.0002' },
  digits: {
    network: 'mlp',
    size: '28',
    latent: '100',
    blur: '1',
    contrast: 'even',
    iterations: '2000',
    steps: '3000',
    learningRate: '0.0002',
    encoderRate: '0.0005',
  },
  surfaces: { mode: 'tiles', size: '64', iterations: '4000', steps: '4000', encoderRate: '0.0002' },
  medium: { width: '32' },
  full: { width: '64', iterations: '100000' },
}

/** The settings of a run. Throws `bad-input` naming the first that is unknown or out of bounds. */
export const readRecipe = (context: Pick<TrainContext, 'preset' | 'set' | 'steps'>): Recipe =>
  readSettings(Recipe, presets, context)

/** The networks that a recipe asks for, for images of a shape. Throws `bad-input` where they do not fit together. */
export function configOf(
  { network, width, latent, encoderEnd }: Recipe,
  [channels, height, wide]: ImageShape,
): FAnoganConfig {
  const parsed = FAnoganConfig.safeParse({ network, size: height, channels, width, latent, encoderEnd })
  if (height === wide && parsed.success) return parsed.data
  const why = height === wide ? parsed.error!.issues[0]!.message : `images must be square, found ${wide} × ${height}`
  throw new NagareError('bad-input', `These images suit no f-AnoGAN: ${why}.`)
}
