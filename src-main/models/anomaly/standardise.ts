/** Mean and standard deviation of a term over held-out normal images. */
export interface Standard {
  mean: number
  deviation: number
}

/** The standard of numbers; where they are all alike the deviation is 1, so that nothing is divided by zero. */
export function standardOf(numbers: ArrayLike<number>): Standard {
  const count = Math.max(1, numbers.length)
  let [sum, squares] = [0, 0]
  for (let i = 0; i < numbers.length; i++) sum += numbers[i]!
  const mean = sum / count
  for (let i = 0; i < numbers.length; i++) squares += (numbers[i]! - mean) ** 2
  const deviation = Math.sqrt(squares / Math.max(1, count - 1))
  return { mean, deviation: deviation > 1e-12 + 1e-7 * Math.abs(mean) ? deviation : 1 }
}

/** (x − mean) / deviation. */
export const standardised = (x: number, { mean, deviation }: Standard): number => (x - mean) / deviation
