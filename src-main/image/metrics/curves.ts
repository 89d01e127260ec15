import type { Ranking } from './ranking'

/** Points of a curve for drawing, x rising. */
export interface Curve {
  readonly x: number[]
  readonly y: number[]
}

/** Takes the points of a curve one by one and keeps those that a drawing of `steps` pixels a side would show, each with the threshold `at` it. */
export function tracer(steps: number): {
  to(x: number, y: number, at?: number): void
  finish(): Curve & { readonly at: number[] }
} {
  const out = { x: [] as number[], y: [] as number[], at: [] as number[] }
  let waiting: [number, number, number] | null = null
  const near = (x: number, y: number) =>
    out.x.length > 0 && Math.abs(x - out.x.at(-1)!) < 1 / steps && Math.abs(y - out.y.at(-1)!) < 1 / steps
  const keep = () => {
    if (!waiting) return
    out.x.push(waiting[0])
    out.y.push(waiting[1])
    out.at.push(waiting[2])
  }
  return {
    to(x, y, at = NaN) {
      if (waiting && !(near(waiting[0], waiting[1]) && near(x, y))) keep()
      waiting = [x, y, at]
    },
    finish() {
      keep()
      return out
    },
  }
}

/** False positive rate against true positive rate; empty without positives or negatives. */
export function rocCurve(ranking: Ranking, steps = 200): Curve {
  return falseRateCurve(ranking, ranking.hits, ranking.positives, 1, steps)
}

/** False positive rate up to `limit` against the mean covered part of the regions. */
export function proCurve(ranking: Ranking, limit = 0.3, steps = 200): Curve {
  return falseRateCurve(ranking, ranking.weights, 1, limit, steps)
}

function falseRateCurve(
  { falseFrom, falseAbove, positives, negatives }: Ranking,
  gains: ArrayLike<number>,
  total: number,
  limit: number,
  steps: number,
): Curve {
  if (positives === 0 || negatives === 0) return { x: [], y: [] }
  const curve = tracer(steps)
  let [rate, height] = [0, 0]
  curve.to(rate, height)
  const to = (nextRate: number, nextHeight: number) => {
    if (rate >= limit) return
    const end = Math.min(nextRate, limit)
    height += nextRate > rate ? ((nextHeight - height) * (end - rate)) / (nextRate - rate) : nextHeight - height
    rate = end
    curve.to(rate, height)
  }
  let found = 0
  for (let g = gains.length - 1; g >= 0 && rate < limit; g--) {
    to(falseAbove[g]! / negatives, Math.min(1, found / total))
    found += gains[g]!
    to(falseFrom[g]! / negatives, Math.min(1, found / total))
  }
  to(1, 1)
  const { x, y } = curve.finish()
  return { x, y }
}

/** Recall against precision; empty without positives. */
export function precisionRecallCurve({ hits, falseFrom, positives }: Ranking, steps = 200): Curve {
  const curve = tracer(steps)
  let found = 0
  for (let g = hits.length - 1; g >= 0; g--) {
    found += hits[g]!
    curve.to(found / positives, found / (found + falseFrom[g]!))
  }
  const { x, y } = curve.finish()
  return { x, y }
}
