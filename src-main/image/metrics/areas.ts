import type { Ranking } from './ranking'

/** Area under the ROC curve: the chance that a positive scores higher than a negative, ties counting half. Null without positives or negatives. */
export function auroc({ hits, falseFrom, falseAbove, positives, negatives }: Ranking): number | null {
  if (positives === 0 || negatives === 0) return null
  let pairs = 0
  for (let g = 0; g < hits.length; g++) pairs += hits[g]! * (negatives - (falseFrom[g]! + falseAbove[g]!) / 2)
  return pairs / (positives * negatives)
}

/** Average precision: precision at every threshold, weighted by the recall gained there. Null without positives. */
export function averagePrecision({ hits, falseFrom, positives }: Ranking): number | null {
  if (positives === 0) return null
  let sum = 0
  let found = 0
  for (let g = hits.length - 1; g >= 0; g--) {
    found += hits[g]!
    sum += (hits[g]! / positives) * (found / (found + falseFrom[g]!))
  }
  return sum
}

/** The largest F1 over all thresholds and the lowest threshold that reaches it (scores from it on are called positive). Null without positives. */
export function bestF1({ scores, hits, falseFrom, positives }: Ranking): { f1: number; threshold: number } | null {
  let best: { f1: number; threshold: number } | null = null
  let found = 0
  for (let g = hits.length - 1; g >= 0; g--) {
    found += hits[g]!
    const f1 = (2 * found) / (positives + found + falseFrom[g]!)
    if (!best || f1 >= best.f1) best = { f1, threshold: scores[g]! }
  }
  return best
}

/**
 * Area under the per-region overlap curve up to the false positive rate `limit`, over `limit` (Bergmann et al., 2021). The weights of the ranking must share each
 * region's part evenly among its pixels; equal scores are one step, and at the limit the curve is taken by linear interpolation. Null without positives or negatives.
 */
export function aupro({ weights, falseFrom, falseAbove, positives, negatives }: Ranking, limit = 0.3): number | null {
  if (positives === 0 || negatives === 0) return null
  let area = 0
  let rate = 0
  let overlap = 0
  const segment = (toRate: number, toOverlap: number) => {
    const end = Math.min(toRate, limit)
    if (end > rate) {
      const at = overlap + ((toOverlap - overlap) * (end - rate)) / (toRate - rate)
      area += ((end - rate) * (overlap + at)) / 2
    }
    rate = toRate
    overlap = toOverlap
  }
  for (let g = weights.length - 1; g >= 0 && rate < limit; g--) {
    segment(falseAbove[g]! / negatives, overlap)
    segment(falseFrom[g]! / negatives, overlap + weights[g]!)
  }
  segment(1, overlap)
  return area / limit
}
