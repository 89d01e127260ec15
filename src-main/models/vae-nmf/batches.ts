import { float32, type NDArrays } from '../../lib/ndarray'
import type { Random } from '../../lib/random'
import type { FrontEnd } from './config'
import type { FramePool } from './corpus'
import type { Recipe } from './recipe'

/** Logarithm of the mean power of every bin. */
export function meanLogPower(pool: FramePool): Float32Array {
  const { bins, frames, power } = pool
  const sums = new Float64Array(bins)
  for (let t = 0; t < frames; t++) for (let f = 0; f < bins; f++) sums[f] = sums[f]! + power[t * bins + f]!
  return Float32Array.from(sums, (sum) => Math.log(sum / frames))
}

/** Mean of the log power per bin, and one over its overall standard deviation. */
export function featureStatistics(pool: FramePool): NDArrays {
  const { bins, frames, power } = pool
  const mean = new Float64Array(bins)
  for (let i = 0; i < frames * bins; i++) mean[i % bins] = mean[i % bins]! + Math.log(power[i]!) / frames
  let variance = 0
  for (let i = 0; i < frames * bins; i++) variance += (Math.log(power[i]!) - mean[i % bins]!) ** 2
  const deviation = Math.sqrt(variance / (frames * bins))
  return {
    'feature.mean': float32([bins], Float32Array.from(mean)),
    'feature.scale': float32([1], Float32Array.of(1 / Math.max(deviation, 1e-6))),
  }
}

/** A batch of frames, their levels varied. */
export function drawBatch(
  pool: FramePool,
  { batch, levels, latent }: Recipe,
  { floor }: FrontEnd,
  draws: Random,
): NDArrays {
  const { bins } = pool
  const power = new Float32Array(batch * bins)
  const known = new Float32Array(batch * bins)
  for (let row = 0; row < batch; row++) {
    const from = draws.integer(pool.frames)
    const level = levels > 0 ? gamma(levels, draws) / levels : 1
    for (let f = 0; f < bins; f++) power[row * bins + f] = Math.max(floor, pool.power[from * bins + f]! * level)
    known.fill(1, row * bins, row * bins + pool.knownBins[from]!)
  }
  const noise = draws.fillNormal(new Float32Array(batch * latent))
  return {
    power: float32([batch, bins], power),
    known: float32([batch, bins], known),
    noise: float32([batch, latent], noise),
  }
}

/** A draw from Gamma(shape, 1) (Marsaglia & Tsang 2000; below 1 by the power of a uniform). */
function gamma(shape: number, draws: Random): number {
  if (shape < 1) return gamma(shape + 1, draws) * draws.uniform() ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = draws.normal()
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - draws.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}
