import { z } from 'zod'
import type { Device } from '../../compute'
import type { NDArray, NDArrays } from '../../lib/ndarray'
import type { Detector } from '../anomaly/detector'
import { standardOf, standardised } from '../anomaly/standardise'
import type { FAnoganConfig } from './config'
import { openScorer, type Scores } from './scoring'

const StandardRecord = z.object({ mean: z.number(), deviation: z.number().positive() })

/** How the terms of f-AnoGAN's score look on held-out normal images: what makes the two comparable. */
export const TermStandards = z.object({ image: StandardRecord, feature: StandardRecord })
export type TermStandards = z.infer<typeof TermStandards>

/** The standards of held-out normal images' scores. */
export const termStandards = ({ image, feature }: Pick<Scores, 'image' | 'feature'>): TermStandards => ({
  image: standardOf(image),
  feature: standardOf(feature),
})

/** Both terms in standard deviations of normal images, image + κ · feature, one for each image. The critic's features have no scale of their own. */
export const combined = (
  { image, feature }: Pick<Scores, 'image' | 'feature'>,
  standards: TermStandards,
  kappa: number,
): Float32Array =>
  image.map((value, i) => standardised(value, standards.image) + kappa * standardised(feature[i]!, standards.feature))

export interface FAnoganDetectorOptions {
  standards: TermStandards
  /** Weight of the features; 0 leaves them out (default 1). */
  kappa?: number
  /** Images at a time. */
  batch?: number
}

/** f-AnoGAN as a detector: scores as `combined`, maps |x − G(E(x))|, and the raw terms beside them. Reconstructions come from `openScorer`. */
export async function fAnoganDetector(
  device: Device,
  model: { config: FAnoganConfig; weights: NDArrays },
  { standards, kappa = 1, batch = 32 }: FAnoganDetectorOptions,
): Promise<Detector> {
  const scorer = await openScorer(device, model, { batch })
  return {
    async score(images: NDArray) {
      const { image, feature, map } = await scorer.score(images)
      return { scores: combined({ image, feature }, standards, kappa), map, terms: { image, feature } }
    },
    close: () => scorer.close(),
  }
}
