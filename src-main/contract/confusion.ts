/** How labels and decisions agree; a score of the threshold or more is called a defect. */
export interface Confusion {
  readonly truePositives: number
  readonly falsePositives: number
  readonly trueNegatives: number
  readonly falseNegatives: number
  /** Of those called defects, the part that are; null when none was. */
  readonly precision: number | null
  /** Of the defects, the part called so; null when there are none. */
  readonly recall: number | null
  /** Of the normals, the part called defects; null when there are none. */
  readonly falseAlarmRate: number | null
  readonly f1: number | null
  readonly accuracy: number | null
}

/** Counts decisions at `threshold`; `labels` are true for defects. */
export function confusion(
  scores: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
  threshold: number,
): Confusion {
  let [tp, fp, tn, fn] = [0, 0, 0, 0]
  for (let i = 0; i < scores.length; i++) {
    const called = scores[i]! >= threshold
    if (labels[i]) called ? tp++ : fn++
    else called ? fp++ : tn++
  }
  const part = (of: number, all: number) => (all > 0 ? of / all : null)
  return {
    truePositives: tp,
    falsePositives: fp,
    trueNegatives: tn,
    falseNegatives: fn,
    precision: part(tp, tp + fp),
    recall: part(tp, tp + fn),
    falseAlarmRate: part(fp, fp + tn),
    f1: part(2 * tp, 2 * tp + fp + fn),
    accuracy: part(tp + tn, tp + fp + tn + fn),
  }
}
