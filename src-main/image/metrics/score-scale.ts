/** How scores of a model are brought to 0 to 1 with the threshold at 0.5, the same for every picture. */
export interface ScoreScale {
  readonly threshold: number
  /** Lowest and highest score seen in validation. */
  readonly low: number
  readonly high: number
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
