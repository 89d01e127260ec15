import type { Device } from '../../compute'
import type { NDArrays } from '../../lib/ndarray'
import type { Detector } from '../anomaly/detector'
import { imagesInMemory } from '../anomaly/image-source'
import { scoreInBatches } from '../anomaly/score-in-batches'
import type { SegmenterConfig } from './config'
import { scoreProgram } from './programs'

/** Images at a time; one where it is looked at in eight ways, as a picture of a single tile is then no dearer than it must be. */
const BATCH = 8

/** The trained network as a detector: maps of smoothed log odds, whose largest is the term `odds`. */
export async function segmenterDetector(
  device: Device,
  { config, weights }: { config: SegmenterConfig; weights: NDArrays },
): Promise<Detector> {
  const batch = BATCH / config.turns
  const runner = await device.load(scoreProgram(config, batch), { params: weights })
  return {
    weights: { odds: 1 },
    pools: { odds: 'max' },
    async score(images, check) {
      const { odds, map } = await scoreInBatches(runner, imagesInMemory(images), batch, check)
      return { terms: { odds: odds!.data as Float32Array }, map: map! }
    },
    close: () => runner.dispose(),
  }
}
