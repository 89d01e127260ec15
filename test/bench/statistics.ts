/** The middle number, or the mean of the two middle ones; NaN for none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export interface Times {
  /** Milliseconds of one call. */
  median: number
  min: number
  /** One figure per round. */
  rounds: readonly number[]
}

/** Rounds of milliseconds in short. */
export const summary = (rounds: readonly number[]): Times => ({
  median: median(rounds),
  min: Math.min(...rounds),
  rounds,
})

/** Median of the ratios a / b of each round: two figures of one round were taken next to each other, so that what slows the machine slows both. */
export const medianRatio = (a: readonly number[], b: readonly number[]): number =>
  median(a.map((number, round) => number / b[round]!))
