/** Counts of values in bins of equal width. */
export interface Histogram {
  readonly low: number
  readonly high: number
  readonly counts: number[]
}

/** Counts values from `low` to `high` in `bins` bins; values beyond count in the first or last bin. */
export function histogram(values: ArrayLike<number>, low: number, high: number, bins = 40): Histogram {
  const counts = new Array<number>(bins).fill(0)
  const factor = high > low ? bins / (high - low) : 0
  for (let i = 0; i < values.length; i++)
    counts[Math.min(Math.max(Math.floor((values[i]! - low) * factor), 0), bins - 1)]!++
  return { low, high, counts }
}
