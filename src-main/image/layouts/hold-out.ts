import { random } from '../../lib/random'

/** Sets a part of the items aside, the same for the same seed; both parts keep their order. At least one is held and one is left, where there are two. */
export function holdOut<T>(items: readonly T[], fraction: number, seed: number): { fit: T[]; held: T[] } {
  const wanted = Math.min(Math.max(Math.round(items.length * fraction), 1), Math.max(items.length - 1, 0))
  const chosen = new Set(random(seed).shuffle(items.length).subarray(0, wanted))
  return { fit: items.filter((_, i) => !chosen.has(i)), held: items.filter((_, i) => chosen.has(i)) }
}
