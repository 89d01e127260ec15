import type { EditList, Segment } from '@contract'
import type { Planar } from '../audio'
import { cutSeconds, gainAt, lengthOf } from './edit-list'

/** Where two segments meet that do not go on into each other. */
export interface Join {
  /** Number of the segment behind it. */
  segment: number
  /** Sample of the list at which that starts, and samples on either side over which the two are mixed. */
  at: number
  half: number
}

/** Whether `b` goes on where `a` ends, at the same gain. */
function isContinuous(a: Segment, b: Segment): boolean {
  if (a.asset === null || b.asset === null) return a.asset === b.asset
  if (a.asset !== b.asset || a.to !== b.from || a.mono !== b.mono) return false
  const [before, after] = [gainAt(a, a.to), gainAt(b, b.from)]
  return Math.abs(before - after) <= 1e-9 * Math.max(before, after)
}

/** A list as it is read: where each segment starts, and its joins in order. No two joins overlap. */
export interface Plan {
  starts: Float64Array
  frames: number
  joins: Join[]
}

/** Where the segments of a list start and which of them are joined by a cross-fade. */
export function planOf({ segments, sampleRate }: EditList): Plan {
  const starts = new Float64Array(segments.length)
  const joins: Join[] = []
  let at = 0
  for (const [i, segment] of segments.entries()) {
    starts[i] = at
    const before = segments[i - 1]
    if (before && !isContinuous(before, segment)) {
      const wanted = (segment.join ?? Math.round(cutSeconds * sampleRate)) / 2
      const half = Math.floor(Math.min(wanted, lengthOf(before) / 2, lengthOf(segment) / 2))
      if (half > 0) joins.push({ segment: i, at, half })
    }
    at += lengthOf(segment)
  }
  return { starts, frames: at, joins }
}

/** Number of the last of `starts`, which rise, that is not above `at`; −1 where all are. */
export function lastUpTo(starts: ArrayLike<number>, at: number): number {
  let [low, high] = [0, starts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (starts[middle]! <= at) low = middle + 1
    else high = middle
  }
  return low - 1
}

/**
 * Mixes `left` into `right` over their whole length, at equal power: weights w of a line from one to the other are divided by
 * √(w₁² + w₂² + 2 r w₁ w₂), where r is the correlation of the two (0 where it is below). So nothing swells or sinks, whether the two sides are alike, as a
 * recording and what a model made of it, or have nothing to do with each other, as those of a cut.
 */
export function crossfade(left: Planar, right: Planar): Planar {
  let [product, one, other] = [0, 0, 0]
  for (const [c, a] of left.entries()) {
    const b = right[c]!
    for (let i = 0; i < a.length; i++) {
      product += a[i]! * b[i]!
      one += a[i]! * a[i]!
      other += b[i]! * b[i]!
    }
  }
  const power = Math.sqrt(one * other)
  const alike = power > 0 ? Math.min(1, Math.max(0, product / power)) : 0
  const length = left[0]?.length ?? 0
  return left.map((a, c) => {
    const b = right[c]!
    const out = new Float32Array(length)
    for (let i = 0; i < length; i++) {
      const x = (i + 0.5) / length
      const scale = Math.sqrt((1 - x) ** 2 + x * x + 2 * alike * x * (1 - x))
      out[i] = ((1 - x) * a[i]! + x * b[i]!) / scale
    }
    return out
  })
}
