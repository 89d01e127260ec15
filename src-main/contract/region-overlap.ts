import { z } from 'zod'
import type { Label } from './records'

/** How well maps cover the regions that masks mark, over the share of sound pixels that is called odd. */
export const RegionOverlap = z.object({
  /** Pixels that count, those of them in regions, and the regions. */
  pixels: z.int(),
  defective: z.int(),
  regions: z.int(),
  /** Area under the curve up to `mostFalseAlarms`, over that. */
  aupro: z.number(),
  /** From nothing to every pixel called odd: shares of the sound pixels and of each region, the mean, from a threshold on. */
  points: z.array(z.object({ falseAlarms: z.number(), overlap: z.number(), threshold: z.number() })),
})
export type RegionOverlap = z.infer<typeof RegionOverlap>

/** The false positive rate up to which the overlap of regions is measured (Bergmann et al., 2021). */
export const mostFalseAlarms = 0.3

/** What is known of a picture's pixels: the mask of what is wrong, null where nothing is; undefined where nobody said. A mask counts whatever the label. */
export function pixelTruth(label: Label | undefined, mask: string | undefined): string | null | undefined {
  return mask ?? (label === 'good' ? null : undefined)
}

/** A point of the curve: what is called odd from `threshold` on. */
export type OverlapPoint = RegionOverlap['points'][number]

/** Where a threshold stands on the curve: at the point of the next higher threshold, none of the others being as much as a pixel of the drawing away. */
export function overlapAt(points: readonly OverlapPoint[], threshold: number): OverlapPoint {
  let [from, to] = [0, points.length - 1]
  while (from < to) {
    const middle = (from + to + 1) >> 1
    if (points[middle]!.threshold >= threshold) from = middle
    else to = middle - 1
  }
  return points[from]!
}

/** The part of the curve that is measured, cut where it leaves that. */
export function upToMost(points: readonly OverlapPoint[]): OverlapPoint[] {
  const beyond = points.findIndex(({ falseAlarms }) => falseAlarms > mostFalseAlarms)
  if (beyond < 1) return [...points]
  const [from, to] = [points[beyond - 1]!, points[beyond]!]
  const part = (mostFalseAlarms - from.falseAlarms) / (to.falseAlarms - from.falseAlarms)
  const overlap = from.overlap + part * (to.overlap - from.overlap)
  return [...points.slice(0, beyond), { ...to, falseAlarms: mostFalseAlarms, overlap }]
}
