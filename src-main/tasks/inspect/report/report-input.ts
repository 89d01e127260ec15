import type { RegionOverlap } from '@contract'

/** What inspection found in one picture. */
export interface ReportFacts {
  score: number
  label: 'normal' | 'odd'
  width: number
  height: number
  /** Regions at or above the threshold, and the share of pixels in them. */
  count: number
  share: number
}

/** A picture of a report. */
export interface ReportRow extends ReportFacts {
  name: string
  /** What a person says of it. */
  truth: 'good' | 'bad' | null
  defect: string | null
  picture: string
  /** The picture with its map over it. */
  overlay: string | undefined
}

export interface ReportModel {
  id: string
  name: string
  kind: string
  sha256: string
  description: string
  licence: string
  metrics: readonly { name: string; value: number; unit: string; protocol: string }[]
  /** How many other models or settings some of the pictures were inspected with. */
  others: number
}

export interface ReportInput {
  title: string
  rows: readonly ReportRow[]
  failed: readonly { name: string; reason: string }[]
  threshold: number
  /** How well maps cover what masks mark, where they do. */
  overlap?: RegionOverlap | null
  model: ReportModel
  settings: Record<string, unknown>
  device: string
  seed: number
  version: string
}

/** The facts in a result's record; undefined where they are none of inspection's. */
export function factsOf(facts: Record<string, unknown> | undefined): ReportFacts | undefined {
  const number = (name: string) => (typeof facts?.[name] === 'number' ? facts[name] : 0)
  if (typeof facts?.['score'] !== 'number') return undefined
  return {
    score: facts['score'],
    label: facts['label'] === 'odd' ? 'odd' : 'normal',
    width: number('width'),
    height: number('height'),
    count: number('count'),
    share: number('share'),
  }
}

const quoted = (cell: string) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

/** The scores as a table: `file,score,label,threshold`, and what a person says. */
export function csvOf(rows: readonly ReportRow[], threshold: number): string {
  const lines = rows.map(({ name, score, truth, defect }) =>
    [quoted(name), score, score >= threshold ? 'odd' : 'normal', threshold, truth ?? '', quoted(defect ?? '')].join(
      ',',
    ),
  )
  return ['file,score,label,threshold,truth,defect', ...lines, ''].join('\n')
}
