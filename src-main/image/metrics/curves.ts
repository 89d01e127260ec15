import type { Ranking } from './ranking'

/** Points of a curve for drawing, x rising. */
export interface Curve {
  readonly x: number[]
  readonly y: number[]
}

/** Takes the points of a curve one by one and keeps those that a drawing of `steps` pixels a side would show. */
function tracer(steps: number): { to(x: number, y: number): void; finish(): Curve } {
  const out: Curve = { x: [], y: [] }
  let waiting: [number, number] | null = null
  const near = (x: number, y: number) =>
    out.x.length > 0 && Math.abs(x - out.x.at(-1)!) < 1 / steps && Math.abs(y - out.y.at(-1)!) < 1 / steps
  const keep = () => {
    if (!waiting) return
    out.x.push(waiting[0])
    out.y.push(waiting[1])
  }
  return {
    to(x, y) {
      if (waiting && !(near(...waiting) && near(x, y))) keep()
      waiting = [x, y]
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
  return curve.finish()
}

/** Recall against precision; empty without positives. */
export function precisionRecallCurve({ hits, falseFrom, positives }: Ranking, steps = 200): Curve {
  const curve = tracer(steps)
  let found = 0
  for (let g = hits.length - 1; g >= 0; g--) {
    found += hits[g]!
    curve.to(found / positives, found / (found + falseFrom[g]!))
  }
  return curve.finish()
}
