import { alarmRate, confusion, fixedRange, lineKey, type Asset, type HeatRange, type Origin } from '@contract'
import { findsOf } from './finds'

/** What a person says of a picture; others carry no label. */
export type Label = 'good' | 'bad' | 'unsure'

/** One inspected picture of a model's set: the newest result of each source. */
export interface Judged {
  source: string
  score: number
  label: Label | undefined
  low: number
  high: number
}

const labels: readonly unknown[] = ['good', 'bad', 'unsure']

/** The pictures among `assets` that were inspected as `origin` was: by the same model, on the same scale. */
export function setOf(assets: readonly Asset[], origin: Origin): Judged[] {
  const key = lineKey(origin)
  const newest = new Map<string, Asset>()
  for (const asset of assets) {
    const { origin: made } = asset
    if (!made || made.role !== 'heatmap' || lineKey(made) !== key || !findsOf(made)) continue
    const known = newest.get(made.source)
    if (!known || known.createdAt < asset.createdAt) newest.set(made.source, asset)
  }
  return [...newest].map(([source, asset]) => {
    const { score, low, high } = findsOf(asset.origin!)!
    const told: unknown = (assets.find(({ id }) => id === source) as { label?: unknown } | undefined)?.label
    return { source, score, low, high, label: labels.includes(told) ? (told as Label) : undefined }
  })
}

/** The values of all maps of a set, from the lowest to the highest; 0 to 1 where they are all one. */
export function rangeOf(set: readonly Judged[]): HeatRange {
  const low = Math.min(...set.map((each) => each.low))
  const high = Math.max(...set.map((each) => each.high))
  return high > low ? { low, high } : fixedRange
}

export interface Bin {
  from: number
  good: number
  bad: number
  other: number
}

/** Scores from 0 to 1 in `count` bins, by label. */
export function scoreBins(set: readonly Judged[], count = 40): Bin[] {
  const bins = Array.from({ length: count }, (_, i): Bin => ({ from: i / count, good: 0, bad: 0, other: 0 }))
  for (const { score, label } of set) {
    const bin = bins[Math.min(count - 1, Math.max(0, Math.floor(score * count)))]!
    bin[label === 'good' || label === 'bad' ? label : 'other']++
  }
  return bins
}

/** How the labelled pictures of a set come out at a threshold. */
export function atThreshold(set: readonly Judged[], threshold: number) {
  const told = set.filter(({ label }) => label === 'good' || label === 'bad')
  return confusion(
    told.map(({ score }) => score),
    told.map(({ label }) => label === 'bad'),
    threshold,
  )
}

export interface RocPoint {
  /** False alarms, and found defects, as shares of the good and of the bad pictures. */
  falseAlarms: number
  found: number
  threshold: number
}

/** The receiver operating characteristic of the labelled pictures, from no alarm at all to all of them, ties as one step, and the area under it; null where one kind is missing. */
export function rocOf(set: readonly Judged[]): { points: RocPoint[]; area: number } | null {
  const good = set.filter(({ label }) => label === 'good').map(({ score }) => score)
  const bad = set.filter(({ label }) => label === 'bad').map(({ score }) => score)
  if (good.length === 0 || bad.length === 0) return null
  const thresholds = [...new Set([...good, ...bad])].sort((a, b) => b - a)
  const points: RocPoint[] = [
    { falseAlarms: 0, found: 0, threshold: Infinity },
    ...thresholds.map((threshold) => ({
      falseAlarms: alarmRate(good, threshold),
      found: alarmRate(bad, threshold),
      threshold,
    })),
  ]
  const area = points.slice(1).reduce((sum, { falseAlarms, found }, i) => {
    const before = points[i]!
    return sum + ((falseAlarms - before.falseAlarms) * (found + before.found)) / 2
  }, 0)
  return { points, area }
}
