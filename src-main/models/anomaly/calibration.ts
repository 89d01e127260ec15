import { alarmThreshold, justAbove } from '@contract'
import { z } from 'zod'
import { NagareError } from '../../lib/errors'
import { standardised, standardOf } from './standardise'

const Terms = z.record(z.string(), z.array(z.number()))
type Terms = z.infer<typeof Terms>

/** What a detector found in pictures that it did not learn from: `calibration.json` of a pack, one for each way to score. */
export const Calibration = z.object({
  /** Each term of the normal pictures. */
  normal: Terms,
  /** Each term of known odd ones, where the rule asks for them. */
  odd: Terms.optional(),
  /** Whether those were painted. */
  synthetic: z.boolean(),
  /** What decides where good ends, unless something else is asked for. */
  rule: z.enum(['false-alarms', 'f1']),
  /** A normal pixel's value (the median), and the largest value of each normal picture. */
  map: z.object({ typical: z.number(), most: z.array(z.number()) }),
})
export type Calibration = z.infer<typeof Calibration>

/** Where good ends, and what is typical of it. */
export interface Line {
  threshold: number
  typical: number
}

/**
 * A value between 0 and 1 whose 0.5 is the threshold and whose 0.25 is the typical normal value: 0.5 + r / (2 (1 + |r|)), r = (value − threshold) /
 * (threshold − typical). It keeps the order of all values, however far they lie.
 */
export function onScale(value: number, { threshold, typical }: Line): number {
  const reach = Math.max(threshold - typical, 1e-12 + 1e-6 * Math.abs(threshold))
  const r = (value - threshold) / reach
  return 0.5 + (0.5 * r) / (1 + Math.abs(r))
}

/** Share of alarms among new normal pictures that a threshold lets through, unless another is asked for. */
export const usualFalseAlarms = 0.01

/** Σ weight · (term − mean) / deviation for one picture's terms, by the mean and deviation that held-out normal pictures have. */
export function weigher(
  { normal }: Pick<Calibration, 'normal'>,
  weights: Readonly<Record<string, number>>,
): (terms: Readonly<Record<string, number>>) => number {
  const parts = Object.entries(weights).map(([name, weight]) => {
    const known = normal[name]
    if (!known?.length) throw new NagareError('corrupt', `The model's calibration lacks the term ${name}.`)
    return { name, weight, standard: standardOf(known) }
  })
  return (terms) =>
    parts.reduce((sum, { name, weight, standard }) => sum + weight * standardised(terms[name]!, standard), 0)
}

/** The scores of the normal pictures of a calibration. */
export const normalScores = (
  calibration: Pick<Calibration, 'normal'>,
  weights: Readonly<Record<string, number>>,
): number[] => rows(calibration.normal).map(weigher(calibration, weights))

/** Where good ends by a calibration's rule, or by `falseAlarms` where that is given. */
export function lineOf(
  calibration: Calibration,
  weights: Readonly<Record<string, number>>,
  falseAlarms?: number,
): { score: Line; map: Line } {
  const weigh = weigher(calibration, weights)
  const scoresOf = (terms: Terms) => rows(terms).map(weigh)
  const normals = scoresOf(calibration.normal)
  const rate = falseAlarms ?? usualFalseAlarms
  const { odd, rule, map } = calibration
  const threshold =
    rule === 'f1' && odd && falseAlarms === undefined
      ? bestF1Threshold(normals, scoresOf(odd)).threshold
      : falseAlarmThreshold(normals, rate)
  return {
    score: { threshold, typical: median(normals) },
    map: { threshold: falseAlarmThreshold(map.most, rate), typical: map.typical },
  }
}

/** Terms of many pictures as one record for each. */
function rows(terms: Terms): Record<string, number>[] {
  const names = Object.keys(terms)
  return (terms[names[0]!] ?? []).map((_, i) => Object.fromEntries(names.map((name) => [name, terms[name]![i]!])))
}

/** One record for each picture as a list for each term. */
export const columns = (found: readonly Readonly<Record<string, number>>[]): Terms =>
  Object.fromEntries(Object.keys(found[0] ?? {}).map((name) => [name, found.map((terms) => terms[name]!)]))

/** Ascending copy. */
const sorted = (scores: ArrayLike<number>) => Float32Array.from(scores).sort()

/** The middle of numbers. */
export const median = (numbers: ArrayLike<number>): number => sorted(numbers)[Math.floor(numbers.length / 2)] ?? 0

/**
 * The threshold above which new normal images fall with a probability of at most `rate`: the ⌈(n + 1)(1 − rate)⌉-th smallest of n held-out normal
 * scores (conformal prediction; Vovk et al., 2005, §2.2), or just above the largest where n is too small to tell.
 */
export function falseAlarmThreshold(normals: ArrayLike<number>, rate: number): number {
  const ascending = sorted(normals)
  if (ascending.length === 0)
    throw new NagareError('bad-input', 'A threshold needs scores of held-out normal images; there are none.')
  return alarmThreshold(ascending, rate)
}

/** The score that as a threshold (≥ counts as odd) gives the largest F1; of equal ones the highest. Throws `bad-input` without odd scores. */
export function bestF1Threshold(normals: ArrayLike<number>, odd: ArrayLike<number>): { threshold: number; f1: number } {
  if (odd.length === 0)
    throw new NagareError('bad-input', 'The best F1 needs scores of known odd images; there are none.')
  const all = [
    ...Array.from(normals, (score) => ({ score, isOdd: 0 })),
    ...Array.from(odd, (score) => ({ score, isOdd: 1 })),
  ].sort((a, b) => b.score - a.score)
  let best = { threshold: justAbove(all[0]!.score), f1: 0 }
  let hits = 0
  for (const [i, { score, isOdd }] of all.entries()) {
    hits += isOdd
    if (all[i + 1]?.score === score) continue
    const f1 = (2 * hits) / (i + 1 + odd.length)
    if (f1 > best.f1) best = { threshold: score, f1 }
  }
  return best
}
