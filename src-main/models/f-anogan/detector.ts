import type { Device } from '../../compute'
import type { NDArrays } from '../../lib/ndarray'
import type { Detector } from '../anomaly/detector'
import type { FAnoganConfig } from './config'
import { searchLatents, type SearchOptions } from './latent-search'
import { openScorer } from './scoring'

/** A trained f-AnoGAN. */
export interface FAnogan {
  config: FAnoganConfig
  weights: NDArrays
}

export interface FAnoganDetectorOptions {
  /** Weight of the features beside the image; 0 leaves them out (default 1). */
  kappa?: number | undefined
  /** Images at a time. */
  batch?: number
}

/** f-AnoGAN as a detector: the terms `image` and `feature`, maps |x − G(E(x))|, and G(E(x)). */
export async function fAnoganDetector(
  device: Device,
  model: FAnogan,
  { kappa = 1, batch = 32 }: FAnoganDetectorOptions = {},
): Promise<Detector> {
  const features = kappa !== 0
  const scorer = await openScorer(device, model, { batch, features })
  return {
    weights: features ? { image: 1, feature: kappa } : { image: 1 },
    pools: { image: 'mean-square' },
    async score(images, check) {
      const { image, feature, map, reconstruction } = await scorer.score(images, check)
      return { terms: feature ? { image, feature } : { image }, map, reconstruction }
    },
    close: () => scorer.close(),
  }
}

/** AnoGAN on the same networks: the term `search`, its loss at the nearest image that the generator can make; maps |x − G(z)|, and G(z). */
export const anoganDetector = (
  device: Device,
  model: FAnogan,
  options: Omit<SearchOptions, 'check'> = {},
): Detector => ({
  weights: { search: 1 },
  async score(images, check) {
    const found = await searchLatents(device, model, images, { ...options, ...(check ? { check } : {}) })
    return { terms: { search: found.scores }, map: found.map, reconstruction: found.reconstruction }
  },
  close: async () => {},
})
