import type { Origin } from '@contract'
import type { Box, Point } from './camera'

/** A part of a picture that lies at or above the threshold. */
export interface Find {
  /** Pixels. */
  area: number
  /** Highest value, and where. */
  peak: number
  peakAt: Point
  mean: number
  box: Box
}

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
}

export const inspectTask = 'inspect'

/** What a result's record says was found in its picture; undefined where it says no such thing. */
export function findsOf({ task, facts, settings }: Origin): Finds | undefined {
  if (task !== inspectTask || typeof facts?.score !== 'number') return undefined
  const { label, score, count, share, regions, notes } = facts as Partial<Finds>
  return {
    label: label === 'odd' ? 'odd' : 'normal',
    score: score!,
    threshold: typeof settings.threshold === 'number' ? settings.threshold : 0.5,
    regions: Array.isArray(regions) ? regions : [],
    count: count ?? 0,
    share: share ?? 0,
    notes: Array.isArray(notes) ? notes : [],
  }
}
