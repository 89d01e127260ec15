import { mostFalseAlarms, mostLevel, type OverlapPoint, type RegionOverlap } from '@contract'
import type { RegionRuns } from '../region-runs'
import { aupro } from './areas'
import { tracer } from './curves'
import type { Ranking } from './ranking'

/** What one map and its mask add to the per-region overlap of a set: only the levels that occur, rising. */
export interface OverlapShare {
  readonly regions: number
  /** Levels of pixels outside the mask, and how many have each. */
  readonly sound: { readonly levels: Uint16Array; readonly counts: Uint32Array }
  /** Levels of pixels in it, how many have each, and what share of their regions these are, summed over the regions. */
  readonly odd: { readonly levels: Uint16Array; readonly counts: Uint32Array; readonly parts: Float64Array }
}

/** Memory of a share, bytes. */
export const shareBytes = ({ sound, odd }: OverlapShare) => 6 * sound.levels.length + 14 * odd.levels.length + 200

/** Takes a map from top to bottom. */
export interface ShareTaker {
  /** Takes whole rows of 16-bit levels, [rows, width]; pixels where `ignored` is not 0 do not count, and lie in no run. */
  push(levels: Uint16Array, ignored?: Uint8Array): void
  finish(): OverlapShare
}

/** Counts a map of `width` pixels a row against the regions of its mask, `null` where nothing is wrong in the picture. */
export function overlapShare(width: number, regions: RegionRuns | null): ShareTaker {
  const [sound, odd] = [new Uint32Array(mostLevel + 1), new Uint32Array(mostLevel + 1)]
  const parts = new Float64Array(mostLevel + 1)
  let y = 0
  return {
    push(levels, ignored) {
      for (let i = 0; i < levels.length; i++) if (!ignored || ignored[i] === 0) sound[levels[i]!]!++
      for (let at = 0; at < levels.length; at += width, y++) {
        if (!regions) continue
        const { areas, rows, runs } = regions
        for (let run = rows[y]!; run < rows[y + 1]!; run++) {
          const part = 1 / areas[runs[3 * run + 2]!]!
          for (let x = runs[3 * run]!; x < runs[3 * run + 1]!; x++) {
            const level = levels[at + x]!
            sound[level]!--
            odd[level]!++
            parts[level]! += part
          }
        }
      }
    },
    finish() {
      const [outside, inside] = [occurring(sound), occurring(odd)]
      return {
        regions: regions?.areas.length ?? 0,
        sound: { levels: outside, counts: at(sound, outside, new Uint32Array(outside.length)) },
        odd: {
          levels: inside,
          counts: at(odd, inside, new Uint32Array(inside.length)),
          parts: at(parts, inside, new Float64Array(inside.length)),
        },
      }
    },
  }
}

function at<T extends Uint32Array | Float64Array>(all: T, levels: Uint16Array, out: T): T {
  for (let i = 0; i < levels.length; i++) out[i] = all[levels[i]!]!
  return out
}

function occurring(counts: Uint32Array): Uint16Array {
  let many = 0
  for (const count of counts) if (count > 0) many++
  const levels = new Uint16Array(many)
  for (let level = 0, at = 0; at < many; level++) if (counts[level]! > 0) levels[at++] = level
  return levels
}

/**
 * Adds up the maps of a set to the per-region overlap curve (Bergmann et al., 2021) and the area under it up to a false positive rate of 0.3: exactly what `pixelMetrics`
 * finds in maps of 16 bits. Null without a region, or without a pixel outside.
 */
export function overlapSum(): { add(share: OverlapShare): void; finish(): RegionOverlap | null } {
  const [sound, odd] = [new Float64Array(mostLevel + 1), new Float64Array(mostLevel + 1)]
  const parts = new Float64Array(mostLevel + 1)
  let regions = 0
  return {
    add(share) {
      regions += share.regions
      const { sound: outside, odd: inside } = share
      for (let i = 0; i < outside.levels.length; i++) sound[outside.levels[i]!]! += outside.counts[i]!
      for (let i = 0; i < inside.levels.length; i++) {
        const level = inside.levels[i]!
        odd[level]! += inside.counts[i]!
        parts[level]! += inside.parts[i]!
      }
    },
    finish() {
      const ranking = rankLevels(sound, odd, parts, regions)
      const { positives, negatives } = ranking
      const area = aupro(ranking, mostFalseAlarms)
      if (area === null) return null
      return {
        ...{ pixels: positives + negatives, defective: positives, regions, aupro: area },
        points: pointsOf(ranking),
      }
    },
  }
}

/** A ranking at every level that any pixel has, so that each point of the curve has its own threshold. */
function rankLevels(sound: Float64Array, odd: Float64Array, parts: Float64Array, regions: number): Ranking {
  const levels: number[] = []
  for (let level = 0; level <= mostLevel; level++) if (sound[level]! > 0 || odd[level]! > 0) levels.push(level)
  const [falseFrom, falseAbove] = [new Float64Array(levels.length), new Float64Array(levels.length)]
  let [positives, negatives] = [0, 0]
  for (let g = levels.length - 1; g >= 0; g--) {
    falseAbove[g] = negatives
    negatives += sound[levels[g]!]!
    falseFrom[g] = negatives
    positives += odd[levels[g]!]!
  }
  return {
    scores: Float64Array.from(levels, (level) => Math.fround(level / mostLevel)),
    hits: Uint32Array.from(levels, (level) => odd[level]!),
    weights: Float64Array.from(levels, (level) => parts[level]! / regions),
    ...{ falseFrom, falseAbove, positives, negatives },
  }
}

/** Parts of each axis that are told apart. */
const steps = 300

function pointsOf({ scores, weights, falseFrom, negatives }: Ranking): OverlapPoint[] {
  const curve = tracer(steps)
  // A threshold over 1: no pixel reaches it.
  curve.to(0, 0, Math.fround((mostLevel + 1) / mostLevel))
  let overlap = 0
  for (let g = scores.length - 1; g >= 0; g--) {
    overlap += weights[g]!
    curve.to(falseFrom[g]! / negatives, Math.min(1, overlap), scores[g]!)
  }
  const { x, y, at } = curve.finish()
  return x.map((falseAlarms, i) => ({ falseAlarms, overlap: y[i]!, threshold: at[i]! }))
}
