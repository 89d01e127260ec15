import { auroc, averagePrecision, bestF1 } from './areas'
import { confusion, type Confusion } from '@contract'
import { precisionRecallCurve, rocCurve, type Curve } from './curves'
import { histogram, type Histogram } from './histogram'
import { rank } from './ranking'

/** A scored picture of a test set. */
export interface Scored {
  readonly score: number
  /** Null for a normal picture. */
  readonly defect: string | null
}

/** What is known of one kind of defect. */
export interface DefectRow {
  readonly defect: string
  readonly count: number
  /** Against all normal pictures of the set. */
  readonly auroc: number | null
  /** How many are called defects at the threshold. */
  readonly found: number
}

/** How well scores tell defective pictures from normal ones. F1 never stands alone: where most pictures are defective, calling all of them so earns much of it. */
export interface ImageMetrics {
  readonly normals: number
  readonly defects: number
  readonly threshold: number
  /** Null where one kind is missing. */
  readonly auroc: number | null
  /** Average precision. */
  readonly aupr: number | null
  readonly atThreshold: Confusion
  readonly f1Max: { readonly f1: number; readonly threshold: number } | null
  /** F1 of calling every picture a defect. */
  readonly f1OfAll: number | null
  readonly roc: Curve
  readonly precisionRecall: Curve
  readonly histograms: { readonly normal: Histogram; readonly defect: Histogram }
  readonly byDefect: readonly DefectRow[]
}

/** Measures of a scored set at `threshold`. Throws `bad-input` for scores that are not finite. */
export function imageMetrics(items: readonly Scored[], threshold: number): ImageMetrics {
  const scores = items.map(({ score }) => score)
  const labels = items.map(({ defect }) => defect !== null)
  const ranking = rank(scores, labels)
  const of = (wanted: boolean) => scores.filter((_, i) => labels[i] === wanted)
  const [low, high] = scores.reduce(([a, b], s) => [Math.min(a, s), Math.max(b, s)] as const, [Infinity, -Infinity])
  const { positives, negatives } = ranking
  return {
    normals: negatives,
    defects: positives,
    threshold,
    auroc: auroc(ranking),
    aupr: averagePrecision(ranking),
    atThreshold: confusion(scores, labels, threshold),
    f1Max: bestF1(ranking),
    f1OfAll: positives > 0 ? (2 * positives) / (2 * positives + negatives) : null,
    roc: rocCurve(ranking),
    precisionRecall: precisionRecallCurve(ranking),
    histograms: { normal: histogram(of(false), low, high), defect: histogram(of(true), low, high) },
    byDefect: defectRows(items, threshold),
  }
}

function defectRows(items: readonly Scored[], threshold: number): DefectRow[] {
  const normals = items.filter(({ defect }) => defect === null)
  const names = [...new Set(items.flatMap(({ defect }) => defect ?? []))].sort()
  return names.map((defect) => {
    const own = items.filter((item) => item.defect === defect)
    const both = [...own, ...normals]
    const ranking = rank(
      both.map(({ score }) => score),
      both.map((item) => item.defect !== null),
    )
    return {
      defect,
      count: own.length,
      auroc: auroc(ranking),
      found: own.filter(({ score }) => score >= threshold).length,
    }
  })
}
