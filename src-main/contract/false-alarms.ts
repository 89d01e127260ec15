/** The least float32 above `value`. */
export function justAbove(value: number): number {
  const bits = new Int32Array(Float32Array.of(value).buffer)
  if (bits[0] === 0 || bits[0] === -(2 ** 31)) return 2 ** -149
  bits[0]! += value > 0 ? 1 : -1
  return new Float32Array(bits.buffer)[0]!
}

/** Share of wrong alarms among `count` normal images from which on a rate can be told at all: 1 / (count + 1). */
export const leastRate = (count: number): number => 1 / (count + 1)

/**
 * The threshold above which new normal images fall with a probability of at most `rate`, of held-out normal scores in ascending order: just above the
 * ⌈(n + 1)(1 − rate)⌉-th smallest of n (conformal prediction; Vovk et al., 2005, §2.2), or just above the largest where n is too small to tell.
 */
export function alarmThreshold(ascending: ArrayLike<number>, rate: number): number {
  const place = Math.ceil((ascending.length + 1) * (1 - rate) - 1e-9)
  return justAbove(ascending[Math.min(Math.max(place, 1), ascending.length) - 1]!)
}

/** Share of held-out normal scores that reach a threshold. */
export function alarmRate(ascending: readonly number[], threshold: number): number {
  const reached = ascending.filter((score) => score >= threshold).length
  return ascending.length > 0 ? reached / ascending.length : 0
}
