import { NagareError } from '../../lib/errors'
import { checkScore } from './ranking'

/** How scores of a model are brought to 0 to 1 with the threshold at 0.5, the same for every picture. */
export interface ScoreScale {
  readonly threshold: number
  /** Lowest and highest score seen in validation. */
  readonly low: number
  readonly high: number
}

/**
 * The lowest threshold at which at most the part `rate` of the normal scores lie at or above it: just above the highest of those that must pass. Throws `bad-input`
 * for no scores, or scores that are not finite.
 */
export function thresholdForFalseAlarms(normalScores: ArrayLike<number>, rate: number): number {
  if (normalScores.length === 0)
    throw new NagareError('bad-input', 'Expected scores of normal pictures to set the threshold by, found none.', {
      hint: 'Hold out some normal pictures.',
    })
  const sorted = Float64Array.from(normalScores).sort()
  sorted.forEach(checkScore)
  const alarms = Math.floor(rate * sorted.length + 1e-9)
  if (alarms >= sorted.length) return sorted[0]!
  return nextAbove(sorted[sorted.length - 1 - alarms]!)
}

/** A float32 above `score` and above what it is rounded to, so that the threshold holds for scores of either precision. */
function nextAbove(score: number): number {
  const word = new Int32Array(1)
  const value = new Float32Array(word.buffer)
  value[0] = score
  if (value[0] === 0) return 2 ** -149
  word[0]! += value[0] > 0 ? 1 : -1
  return value[0]
}

/** A score on the scale: clip((score − threshold) / (high − low) + 0.5, 0, 1), so that 0.5 is the decision line. */
export function normaliseScore(score: number, { threshold, low, high }: ScoreScale): number {
  const range = high - low
  return Math.min(Math.max((score - threshold) / (range > 0 ? range : 1) + 0.5, 0), 1)
}

/** A whole map on the scale. */
export function normaliseMap(map: Float32Array, scale: ScoreScale): Float32Array {
  return map.map((score) => normaliseScore(score, scale))
}
