import { z } from 'zod'
import type { Device } from '../../compute'
import type { NDArrays } from '../../lib/ndarray'
import type { PackExport, TrainContext } from '../family'
import type { PackCard } from '../../packs'
import type { Calibration } from './calibration'
import type { Detector } from './detector'
import type { ImageSource } from './image-source'
import type { Hooks, Material } from './material'
import type { PictureRecipe } from './picture-recipe'
import { View } from './view'

/** What a kind of detector needs to learn. */
export interface FitRun extends Hooks {
  device: Device
  material: Material
  training: ImageSource
  /** Held-out normal images, and others with painted defects. */
  validation: ImageSource
  odd: ImageSource
  seed: number
  /** The pack's path; checkpoints and previews lie beside it. */
  output: string
  resume: boolean
  /** The card of a checkpoint. */
  card(config: Record<string, unknown>, progress: { steps: number; seconds: number }): PackCard
}

/** What a kind of detector learned. */
export interface Fitted {
  /** The network's shape, for the pack's card. */
  config: Record<string, unknown>
  weights: NDArrays
  steps: number | null
  /** Seconds of training, those before a break included. */
  seconds?: number
  /** What the person should know. */
  notes: string[]
  /** Ways to score that are calibrated, the usual one first, each with how many pictures that takes at most. */
  methods: Record<string, { most: number }>
  /** Called once the pack is written: checkpoints are of no use any more. */
  finish?(): Promise<void>
}

export interface OpenOptions {
  /** One of the pack's ways to score; the first where left out. */
  method: string
  /** Weight of the features, where the kind has any. */
  kappa?: number | undefined
  seed: number
}

/** A trained detector, as its pack holds it. */
export interface DetectorModel {
  kind: string
  view: View
  /** The network's shape. */
  config: Record<string, unknown>
  weights: NDArrays
  calibrations: Record<string, Calibration>
}

/** What one kind of detector brings; the rest is common to all. */
export interface DetectorSpec<Recipe extends PictureRecipe = PictureRecipe> {
  kind: string
  label: string
  presets: Record<string, Record<string, string>>
  readRecipe(context: Pick<TrainContext, 'preset' | 'set' | 'steps'>): Recipe
  fit(run: FitRun, recipe: Recipe): Promise<Fitted>
  /** How much each term counts in the score, as in the detector that `open` gives. */
  termWeights(options: Omit<OpenOptions, 'seed'>): Readonly<Record<string, number>>
  open(model: Pick<DetectorModel, 'config' | 'weights'>, device: Device, options: OpenOptions): Promise<Detector>
  /** Its networks for `nagare export`. */
  exports?(model: DetectorModel): PackExport
}

/** The part of a pack's card that all detectors have. */
export const DetectorCard = z.object({
  view: View,
  model: z.record(z.string(), z.unknown()),
  methods: z.array(z.string()).min(1),
  data: z.object({ normal: z.string(), testPart: z.number(), heldOut: z.number() }),
})
export type DetectorCard = z.infer<typeof DetectorCard>
