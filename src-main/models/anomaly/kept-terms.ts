import type { Terms } from './scanner'

/** How a term of an image follows from its map: its largest value, its mean, or the mean of its squares. */
export type Pool = 'max' | 'mean' | 'mean-square'

/**
 * The terms of an image without the parts that do not count. A term that pools the map is told anew: by the largest value kept, or by the share that the
 * kept pixels' mean has of the mean of all. Terms of other origin stay as they are. `kept` is over the map's pixels, not 0 where they count.
 */
export function keptTerms(
  terms: Terms,
  map: Float32Array,
  kept: Uint8Array,
  pools: Readonly<Record<string, Pool>> = {},
): Terms {
  const told: Terms = { ...terms }
  for (const [name, pool] of Object.entries(pools)) {
    if (terms[name] === undefined) continue
    if (pool === 'max') {
      let [most, least] = [-Infinity, Infinity]
      for (let i = 0; i < map.length; i++) {
        if (kept[i]) most = Math.max(most, map[i]!)
        least = Math.min(least, map[i]!)
      }
      told[name] = Math.min(terms[name], most === -Infinity ? least : most)
      continue
    }
    let [all, own, count] = [0, 0, 0]
    for (let i = 0; i < map.length; i++) {
      const value = pool === 'mean' ? map[i]! : map[i]! ** 2
      all += value
      if (kept[i]) {
        own += value
        count++
      }
    }
    const mean = all / map.length
    told[name] = count === 0 ? 0 : mean > 0 ? (terms[name] * (own / count)) / mean : terms[name]
  }
  return told
}
