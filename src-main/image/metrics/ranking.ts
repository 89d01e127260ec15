import { NagareError } from '../../lib/errors'

/**
 * How positives and negatives are ranked by their scores, at every score that a positive has. Every measure below follows from it, exactly: between two of these
 * scores only false alarms change.
 */
export interface Ranking {
  /** Distinct scores of positives, rising. */
  readonly scores: Float64Array
  /** Positives with just that score. */
  readonly hits: Uint32Array
  /** The positives' weights at just that score; they sum to 1 over all. */
  readonly weights: Float64Array
  /** Negatives of that score or more, and of more. */
  readonly falseFrom: Float64Array
  readonly falseAbove: Float64Array
  readonly positives: number
  readonly negatives: number
}

/** As many as 32 bits count. */
const mostNegatives = 2 ** 32 - 1

/** Collects negatives against positives that are known already. */
export interface Ranker {
  /** Counts one negative. */
  add(score: number): void
  finish(): Ranking
}

/** Throws `bad-input` for a score that is not a finite number. */
export function checkScore(score: number): void {
  if (!Number.isFinite(score))
    throw new NagareError('bad-input', `Expected scores that are numbers, found ${score}.`, {
      hint: 'Train the model again; its weights may have diverged.',
    })
}

/**
 * Ranks negatives, given one by one and not kept, against distinct positive scores (rising) with their counts and weights. A negative is found by a table over
 * evenly spaced scores and a binary search in its slot.
 */
export function ranker(scores: Float64Array, hits: Uint32Array, weights: Float64Array): Ranker {
  const groups = scores.length
  const low = scores[0] ?? 0
  const high = scores[groups - 1] ?? 0
  const slots = Math.min(1 << 20, Math.max(1, 2 * groups))
  const factor = high > low ? slots / (high - low) : 0
  const slotOf = (score: number) => Math.min(slots - 1, Math.floor((score - low) * factor))
  const starts = new Uint32Array(slots + 1)
  for (let g = 0; g < groups; g++) starts[slotOf(scores[g]!) + 1]!++
  for (let slot = 0; slot < slots; slot++) starts[slot + 1]! += starts[slot]!
  const equal = new Uint32Array(groups)
  const between = new Uint32Array(groups + 1)
  let negatives = 0

  return {
    add(score) {
      checkScore(score)
      negatives++
      if (!(score >= low)) {
        between[0]!++
        return
      }
      if (score > high) {
        between[groups]!++
        return
      }
      const slot = slotOf(score)
      let from = starts[slot]!
      let to = starts[slot + 1]!
      while (from < to) {
        const middle = (from + to) >>> 1
        if (scores[middle]! <= score) from = middle + 1
        else to = middle
      }
      if (from > 0 && scores[from - 1] === score) equal[from - 1]!++
      else between[from]!++
    },
    finish() {
      if (negatives > mostNegatives)
        throw new NagareError('bad-input', `Expected at most ${mostNegatives} scores to rank, found ${negatives}.`, {
          hint: 'Measure a part of the set.',
        })
      const falseFrom = new Float64Array(groups)
      const falseAbove = new Float64Array(groups)
      let above = between[groups]!
      for (let g = groups - 1; g >= 0; g--) {
        falseAbove[g] = above
        falseFrom[g] = above + equal[g]!
        above = falseFrom[g]! + between[g]!
      }
      const positives = hits.reduce((sum, count) => sum + count, 0)
      return { scores, hits, weights, falseFrom, falseAbove, positives, negatives }
    },
  }
}

/** The ranking of `scores`, of which those with a true label are positives. Throws `bad-input` for scores that are not finite. */
export function rank(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>): Ranking {
  const sorted = Float64Array.from(scores)
    .filter((_, i) => Boolean(labels[i]))
    .sort()
  sorted.forEach(checkScore)
  const distinct = sorted.filter((score, i) => i === 0 || score !== sorted[i - 1])
  const hits = new Uint32Array(distinct.length)
  for (let i = 0, g = -1; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) g++
    hits[g]!++
  }
  const work = ranker(
    distinct,
    hits,
    Float64Array.from(hits, (count) => count / sorted.length),
  )
  for (let i = 0; i < scores.length; i++) if (!labels[i]) work.add(scores[i]!)
  return work.finish()
}
