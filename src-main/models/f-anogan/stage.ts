import type { Device } from '../../compute'
import { NagareError } from '../../lib/errors'
import type { NDArray, NDArrays } from '../../lib/ndarray'
import type { Random } from '../../lib/random'
import type { PackCard } from '../../packs'
import type { ImageSource } from '../anomaly/image-source'
import type { FAnoganConfig } from './config'
import type { Finding } from './findings'
import type { Recipe } from './recipe'

/** What training shows on its way. Images are [count, channels, size, size]. */
export interface Preview {
  step: number
  /** What the generator makes of the same latents each time. */
  samples?: NDArray
  /** Held-out images and what encoder and generator make of them. */
  images?: NDArray
  reconstructions?: NDArray
}

export interface FAnoganTraining {
  device: Device
  recipe: Recipe
  /** Normal images to learn from, and others of them held out. */
  training: ImageSource
  validation: ImageSource
  /** Images known to be odd, or made so: only to tell how far above the normal ones they score. */
  odd?: ImageSource
  seed: number
  /** Where the run is kept from step to step; `data` tells one set of images from another. Without it nothing is written. */
  checkpoint?: { path: string; data: string; resume: boolean; card(step: number, seconds: number): PackCard }
  progress(progress: { phase: string; done: number; total: number; note?: string }): void
  /** Throws `cancelled` once the person asked to stop. */
  checkCancelled(): void
  show?(preview: Preview): Promise<void> | void
  warn?(finding: Finding): void
}

/** What both stages need of a run. */
export interface Stage extends FAnoganTraining {
  config: FAnoganConfig
  draws: Random
  /** Steps made in both stages together, and state to go on from, where the run is a resumed one. */
  start: number
  resumed: { current: NDArrays; best: NDArrays; bestLoss: number | null; bestStep: number } | undefined
  found(finding: Finding | undefined): void
  save(at: { step: number; best: number | null; bestStep: number }, best: NDArrays, current: NDArrays): Promise<void>
}

/** An error for a loss that is not finite. */
export const diverged = (what: string, step: number) =>
  new NagareError('internal', `Training diverged: the loss of the ${what} is not finite at step ${step}.`, {
    hint: 'Start again with a lower learningRate.',
  })
