import { z } from 'zod'
import { NagareError } from '../../lib/errors'
import type { TrainContext } from '../family'
import { readSettings } from '../recipe'
import { MelFrontEnd, WaveGlowConfig } from './config'

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most)
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])

/** Settings of a training run: presets give them, `--set key=value` changes them. */
export const Recipe = z.object({
  flows: count(1, 48).default(12),
  group: count(2, 1024).default(8),
  earlyEvery: count(1, 48).default(4),
  earlySize: count(0, 256).default(2),
  layers: count(1, 16).default(8),
  channels: count(1, 1024).default(256),
  kernel: count(1, 15).default(3),
  growth: count(1, 4).default(2),
  separable: flag.default(false),
  conditioning: z.enum(['upsampled', 'frames']).default('upsampled'),
  /** Channels of the conditioning over frames, and how many frames it looks at. */
  contextChannels: count(1, 4096).default(160),
  contextKernel: count(1, 31).default(5),
  /** How the mixings start: as random rotations, or so that the first sorts a group into frequency bands and the others trade halves. */
  mixing: z.enum(['rotations', 'bands']).default('rotations'),
  sampleRate: count(4000, 192_000).default(22_050),
  steps: count(1, 1e9).default(580_000),
  batch: count(1, 1024).default(12),
  /** Samples of a crop. */
  segment: count(256, 10_000_000).default(16_000),
  learningRate: z.coerce.number().positive().default(1e-4),
  /** Share of all steps after which the learning rate falls to a tenth of itself. */
  plateau: z.coerce.number().min(0).max(1).default(1),
  /** Steps over which the learning rate rises from 0. */
  warmup: count(0, 1e6).default(0),
  /** Standard deviation of the noise that sound is turned into. */
  sigma: z.coerce.number().min(0.1).max(2).default(1),
  /** Largest norm of the gradient; 0 leaves it alone. */
  clip: z.coerce.number().min(0).default(0),
  /** Decay of the average of the weights that becomes the pack; 0 takes the last weights. */
  average: z.coerce.number().min(0).max(0.99999).default(0),
  /** Uniform noise on the samples, in steps of 16 bits. */
  dither: z.coerce.number().min(0).max(100).default(0),
  /** Steps from checkpoint to checkpoint, each with a validation, and crops that one validation looks at. */
  checkpoint: count(1, 1e6).default(2000),
  validation: count(1, 100_000).default(48),
  /** Steps from one audible preview to the next; 0 makes none. */
  preview: count(0, 1e6).default(10_000),
})
export type Recipe = z.infer<typeof Recipe>

/** The published network and its recipe, a small one of the same shape, and one whose steps are long enough for processors. */
export const presets: Record<string, Partial<Record<keyof Recipe, string>>> = {
  squeezed: {
    flows: '8',
    group: '128',
    earlyEvery: '2',
    earlySize: '16',
    layers: '5',
    channels: '128',
    conditioning: 'frames',
    mixing: 'bands',
    steps: '4500',
    batch: '8',
    segment: '16384',
    learningRate: '0.001',
    plateau: '0.5',
    warmup: '100',
    clip: '10',
    average: '0.998',
    dither: '1',
    checkpoint: '250',
    validation: '16',
    preview: '1000',
  },
  small: {
    flows: '6',
    group: '16',
    earlyEvery: '2',
    layers: '5',
    channels: '64',
    steps: '20000',
    batch: '4',
    learningRate: '0.0004',
    plateau: '0.7',
    clip: '10',
    checkpoint: '500',
    validation: '12',
    preview: '2500',
  },
  full: {},
}

/** The settings of a run. Throws `bad-input` naming the first that is unknown or out of bounds. */
export const readRecipe = (context: Pick<TrainContext, 'preset' | 'set' | 'steps'>): Recipe =>
  readSettings(Recipe, presets, context)

/** The network that a recipe asks for. Throws `bad-input` where its numbers do not fit together. */
export function configOf(recipe: Recipe): WaveGlowConfig {
  const { flows, group, earlyEvery, earlySize, layers, channels, kernel, growth, separable } = recipe
  const parsed = WaveGlowConfig.safeParse({
    flows,
    group,
    early: { every: earlyEvery, size: earlySize },
    wn: { layers, channels, kernel, growth, separable },
    conditioning:
      recipe.conditioning === 'frames'
        ? { kind: 'frames', channels: recipe.contextChannels, kernel: recipe.contextKernel }
        : { kind: 'upsampled', kernel: 1024 },
  })
  if (!parsed.success)
    throw new NagareError('bad-input', `These settings make no WaveGlow: ${parsed.error.issues[0]!.message}.`)
  if (recipe.segment % group !== 0)
    throw new NagareError('bad-input', `--set segment: ${recipe.segment} samples are no whole groups of ${group}.`)
  return parsed.data
}

/** The front end that a recipe asks for: the public one at its rate, whose bands end at 8 kHz or where the sound does. */
export const frontEndFor = ({ sampleRate }: Recipe): MelFrontEnd =>
  MelFrontEnd.parse({ sampleRate, fmax: Math.min(8000, sampleRate / 2) })

/** The learning rate at a step: up over the warm-up, level until the plateau's end, then linearly down to a tenth. */
export function rateAt({ learningRate, warmup, plateau, steps }: Recipe, step: number): number {
  const share = step / steps
  const late = share < plateau ? 0 : (share - plateau) / Math.max(1e-9, 1 - plateau)
  return learningRate * Math.min(1, (step + 1) / Math.max(1, warmup)) * (1 - 0.9 * late)
}
