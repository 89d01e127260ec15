import { NagareError } from '../../lib/errors'

/** Where a detector's scores part good from bad, and how far they reach on images of known kind. */
export interface Calibration {
  /** From here on an image counts as odd. */
  threshold: number
  /** Least and largest score seen while calibrating. */
  least: number
  most: number
  /** How the threshold was found. */
  rule: 'false alarms' | 'best F1'
  /** Held-out normal images, and known odd ones, that it stands on. */
  normals: number
  odd: number
}

/** Ascending copy. */
const sorted = (scores: ArrayLike<number>) => Float32Array.from(scores).sort()

/** The least float32 above `value`. */
function above(value: number): number {
  const bits = new Int32Array(Float32Array.of(value).buffer)
  if (value === 0) return 2 ** -149
  bits[0]! += value > 0 ? 1 : -1
  return new Float32Array(bits.buffer)[0]!
}

/**
 * The threshold above which new normal images fall with a probability of at most `rate`: the ⌈(n + 1)(1 − rate)⌉-th smallest of n held-out normal
 * scores (conformal prediction; Vovk et al., 2005, §2.2), or just above the largest where n is too small to tell.
 */
export function falseAlarmThreshold(normals: ArrayLike<number>, rate: number): number {
  const ascending = sorted(normals)
  if (ascending.length === 0)
    throw new NagareError('bad-input', 'A threshold needs scores of held-out normal images; there are none.')
  const place = Math.ceil((ascending.length + 1) * (1 - rate) - 1e-9)
  return above(ascending[Math.min(Math.max(place, 1), ascending.length) - 1]!)
}

/** Share of wrong alarms among `count` normal images from which on a rate can be told at all: 1 / (count + 1). */
export const leastRate = (count: number): number => 1 / (count + 1)

/** The score that as a threshold (≥ counts as odd) gives the largest F1; of equal ones the highest. Throws `bad-input` without odd scores. */
export function bestF1Threshold(normals: ArrayLike<number>, odd: ArrayLike<number>): { threshold: number; f1: number } {
  if (odd.length === 0)
    throw new NagareError('bad-input', 'The best F1 needs scores of known odd images; there are none.')
  const all = [
    ...Array.from(normals, (score) => ({ score, isOdd: 0 })),
    ...Array.from(odd, (score) => ({ score, isOdd: 1 })),
  ].sort((a, b) => b.score - a.score)
  let best = { threshold: above(all[0]!.score), f1: 0 }
  let hits = 0
  for (const [i, { score, isOdd }] of all.entries()) {
    hits += isOdd
    if (all[i + 1]?.score === score) continue
    const f1 = (2 * hits) / (i + 1 + odd.length)
    if (f1 > best.f1) best = { threshold: score, f1 }
  }
  return best
}

/**
 * Where good ends: by the false alarms that held-out normal images would raise (default at most 1 in 100), or by F1 where known odd images are given.
 * Throws `bad-input` without normal scores.
 */
export function calibrate(
  normals: ArrayLike<number>,
  { falseAlarms = 0.01, odd = [] }: { falseAlarms?: number; odd?: ArrayLike<number> } = {},
): Calibration {
  const byRate = falseAlarmThreshold(normals, falseAlarms)
  const all = sorted([...Array.from(normals), ...Array.from(odd)])
  return {
    threshold: odd.length > 0 ? bestF1Threshold(normals, odd).threshold : byRate,
    rule: odd.length > 0 ? 'best F1' : 'false alarms',
    least: all[0]!,
    most: all.at(-1)!,
    normals: normals.length,
    odd: odd.length,
  }
}

/** A score between 0 and 1 whose 0.5 is the threshold: clip((score − threshold) / (most − least) + 0.5). */
export function normalisedScore(score: number, { threshold, least, most }: Calibration): number {
  const reach = Math.max(most - least, 1e-12 + 1e-6 * Math.abs(threshold))
  return Math.min(1, Math.max(0, (score - threshold) / reach + 0.5))
}

/** Whether a score counts as odd. */
export const isOdd = (score: number, { threshold }: Calibration): boolean => score >= threshold
