import { z } from 'zod'
import { NagareError } from '../../lib/errors'
import type { TrainContext } from '../family'
import { readSettings } from '../recipe'
import { BlowConfig } from './config'

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most)

/** Settings of a training run: presets give them, `--set key=value` changes them. */
export const Recipe = z.object({
  sampleRate: count(4000, 192_000).default(16_000),
  frame: count(16, 65_536).default(4096),
  blocks: count(1, 12).default(8),
  flows: count(1, 48).default(12),
  channels: count(1, 2048).default(512),
  embedding: count(1, 1024).default(128),
  /** Deviation of the voices' embeddings at the start: the smaller, the more the voices share. */
  spread: z.coerce.number().min(0).max(10).default(1),
  /** Whether each voice is told to the network; `no` gives the mean of all for each, to see what telling them is worth. */
  conditioned: z.enum(['yes', 'no']).default('yes'),
  /** How files are named where the speakers have no folders. */
  names: z.string().max(200).default('{speaker}_{utterance}'),
  /** A pack whose voices are kept and to which the data's new speakers are added. */
  base: z.string().default(''),
  /** A pack of the data's own voices that is trained on: its sizes and weights are the run's at the start. */
  start: z.string().default(''),
  steps: count(1, 1e9).default(1_000_000),
  batch: count(1, 1024).default(114),
  learningRate: z.coerce.number().positive().default(1e-4),
  /** Steps over which the learning rate rises from 0. */
  warmup: count(0, 1e6).default(0),
  /** Share of all steps after which the learning rate falls to a hundredth of itself. */
  plateau: z.coerce.number().min(0).max(1).default(1),
  /** Validations in a row without a better one, after which the learning rate falls to a fifth and Adam starts anew; and how often it may. */
  patience: count(1, 1e6).default(10),
  restarts: count(0, 100).default(2),
  /** Largest norm of the gradient; 0 leaves it alone. */
  clip: z.coerce.number().min(0).default(0),
  /** Decay of the average of the weights that becomes the pack; 0 takes the last weights. */
  average: z.coerce.number().min(0).max(0.99999).default(0),
  /** 0 nothing, 1 jitter, emphasis and gain, 2 noise and compression too. */
  augment: count(0, 2).default(1),
  /** Least gain of the augmentation. */
  quietest: z.coerce.number().min(0).max(1).default(0),
  /** Deviation of noise on every frame, of full scale 1: what the model hears then has no direction without spread, which a conversion could blow up. */
  noise: z.coerce.number().min(0).max(1).default(0),
  /** Deviation of the noise under which the finished model converts, and which it takes off again; that of training if not given. */
  conversionNoise: z.coerce.number().min(0).max(1).optional(),
  /** Steps from checkpoint to checkpoint, each with a validation, and frames that one validation looks at. */
  checkpoint: count(1, 1e6).default(1000),
  validation: count(1, 1e6).default(1024),
  /** Steps from one audible preview to the next; 0 makes none. */
  preview: count(0, 1e6).default(10_000),
})
export type Recipe = z.infer<typeof Recipe>

/** A network that a laptop trains, one between, and the published one with its recipe. */
export const presets: Record<string, Partial<Record<keyof Recipe, string>>> = {
  small: {
    frame: '2048',
    blocks: '7',
    flows: '6',
    channels: '128',
    embedding: '64',
    spread: '0.1',
    steps: '8000',
    batch: '16',
    learningRate: '0.001',
    warmup: '100',
    plateau: '0.4',
    clip: '100',
    average: '0.995',
    augment: '2',
    quietest: '0.2',
    noise: '0.005',
    checkpoint: '250',
    validation: '256',
    preview: '2000',
  },
  medium: {
    flows: '8',
    channels: '256',
    spread: '0.1',
    steps: '100000',
    batch: '32',
    learningRate: '0.0004',
    warmup: '500',
    plateau: '0.6',
    clip: '100',
    average: '0.999',
    augment: '2',
    noise: '0.005',
    checkpoint: '500',
    validation: '512',
  },
  full: {},
}

/** The settings of a run. Throws `bad-input` naming the first that is unknown or out of bounds. */
export const readRecipe = (context: Pick<TrainContext, 'preset' | 'set' | 'steps'>): Recipe =>
  readSettings(Recipe, presets, context)

/** The network of the sizes that a recipe or another network has. Throws `bad-input` where they do not fit together. */
export function configOf(sizes: Recipe | BlowConfig, voices: number): BlowConfig {
  const parsed = BlowConfig.safeParse({ ...sizes, voices })
  if (parsed.success) return parsed.data
  throw new NagareError('bad-input', `These settings make no Blow: ${parsed.error.issues[0]!.message}.`)
}

/** The learning rate at a step after `restarts` restarts: up over the warm-up, level until the plateau's end, then by equal ratios to a hundredth. */
export function rateAt({ learningRate, warmup, plateau, steps }: Recipe, step: number, restarts: number): number {
  const share = step / steps
  const late = share < plateau ? 0 : (share - plateau) / Math.max(1e-9, 1 - plateau)
  return learningRate * Math.min(1, (step + 1) / Math.max(1, warmup)) * 0.2 ** restarts * 0.01 ** late
}
