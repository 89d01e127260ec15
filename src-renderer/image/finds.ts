import type { Line, Origin, Region } from '@contract'

/** A part of a picture that lies at or above the threshold. */
export type Find = Region

/** What inspecting a picture found. */
export interface Finds {
  label: 'normal' | 'odd'
  /** 0 to 1. */
  score: number
  threshold: number
  /** The regions, highest peak first; there may be more of them, `count` in all. */
  regions: Find[]
  count: number
  /** Share of the picture's pixels in them. */
  share: number
  notes: string[]
  /** Lowest and highest value of the map; 0 and 1 where the record does not say. */
  low: number
  high: number
}

export const inspectTask = 'inspect'

/** What a result's record says was found in its picture; undefined where it says no such thing. */
export function findsOf({ task, facts, settings }: Origin): Finds | undefined {
  if (task !== inspectTask || typeof facts?.score !== 'number') return undefined
  const { label, score, count, share, regions, notes, low, high } = facts as Partial<Finds>
  return {
    label: label === 'odd' ? 'odd' : 'normal',
    score: score!,
    threshold: typeof settings.threshold === 'number' ? settings.threshold : 0.5,
    regions: Array.isArray(regions) ? regions : [],
    count: count ?? 0,
    share: share ?? 0,
    notes: Array.isArray(notes) ? notes : [],
    low: low ?? 0,
    high: high ?? 1,
  }
}

/** What a result found, called normal or odd by a line; its regions are those of its own line. */
export function judged(origin: Origin, { threshold }: Line): Finds | undefined {
  const finds = findsOf(origin)
  return finds && { ...finds, threshold, label: finds.score >= threshold ? 'odd' : 'normal' }
}
