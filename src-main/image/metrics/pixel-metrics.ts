import { NagareError } from '../../lib/errors'
import type { Mask } from '../contour'
import { labelRegions } from '../label-regions'
import { auroc, aupro, averagePrecision, bestF1 } from './areas'
import { precisionRecallCurve, proCurve, rocCurve, type Curve } from './curves'
import { checkScore, ranker, type Ranking } from './ranking'

/** A map of scores and the mask of what is defective in it, both [height, width]; no mask means that nothing is. */
export interface ScoredMap {
  readonly map: Float32Array
  readonly mask: Mask | null
}

/** How well maps tell defective pixels from others. */
export interface PixelMetrics {
  readonly pixels: number
  readonly defective: number
  readonly regions: number
  readonly auroc: number | null
  /** Average precision. */
  readonly aupr: number | null
  readonly f1Max: { readonly f1: number; readonly threshold: number } | null
  /** Mean overlap with regions up to a false positive rate of 0.3. */
  readonly aupro: number | null
  readonly roc: Curve
  readonly precisionRecall: Curve
  readonly pro: Curve
}

/** Most connected regions a set of masks may have, so that a float64 holds a score and a region. */
const maxRegions = 2 ** 21

/**
 * Exact measures over the pixels of a set. `maps` is walked twice: first the scores of defective pixels are kept (8 bytes each) and sorted, then every other pixel is
 * ranked against them and forgotten; memory grows with the defective pixels alone. Null where no mask marks anything. Throws `bad-input` for scores that are
 * not finite, masks of another size than their map, and over 2 million regions.
 */
export async function pixelMetrics(maps: Maps): Promise<PixelMetrics | null> {
  const ranking = await rankPixels(maps)
  if (!ranking) return null
  const { regions, ...ranks } = ranking
  return {
    pixels: ranks.positives + ranks.negatives,
    defective: ranks.positives,
    regions,
    auroc: auroc(ranks),
    aupr: averagePrecision(ranks),
    f1Max: bestF1(ranks),
    aupro: aupro(ranks),
    roc: rocCurve(ranks),
    precisionRecall: precisionRecallCurve(ranks),
    pro: proCurve(ranks),
  }
}

const word = new Uint32Array(1)
const float = new Float32Array(word.buffer)

/** An unsigned integer that orders as the float32 does; 0 and −0 are one. */
function orderOf(score: number): number {
  float[0] = score + 0
  const bits = word[0]!
  return bits & 0x80000000 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0
}

function scoreOf(order: number): number {
  word[0] = order & 0x80000000 ? order & 0x7fffffff : ~order
  return float[0]! + 0
}

type Maps = () => Iterable<ScoredMap> | AsyncIterable<ScoredMap>

async function rankPixels(maps: Maps): Promise<(Ranking & { regions: number }) | null> {
  const found = await defectivePixels(maps)
  if (!found) return null
  const work = ranker(found.scores, found.hits, found.weights)
  for await (const { map, mask } of maps())
    for (let i = 0; i < map.length; i++) if (!mask || mask.data[i] === 0) work.add(map[i]!)
  return { ...work.finish(), regions: found.regions }
}

/** The distinct scores of defective pixels, rising, with their counts and with weights by which every region counts alike. */
async function defectivePixels(
  maps: Maps,
): Promise<{ scores: Float64Array; hits: Uint32Array; weights: Float64Array; regions: number } | null> {
  let keys = new Float64Array(1 << 16)
  let used = 0
  const areas: number[] = []
  for await (const { map, mask } of maps()) {
    if (!mask) continue
    if (mask.data.length !== map.length)
      throw new NagareError(
        'bad-input',
        `Expected a mask of ${map.length} pixels, found ${mask.width} × ${mask.height}.`,
      )
    const { labels, count } = labelRegions(mask)
    const first = areas.length - 1
    for (let i = 0; i < count; i++) areas.push(0)
    if (areas.length > maxRegions)
      throw new NagareError('bad-input', `Expected masks of at most ${maxRegions} regions in all, found more.`, {
        hint: 'Check that the masks mark defects, not noise.',
      })
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] === 0) continue
      checkScore(map[i]!)
      const region = first + labels[i]!
      areas[region]!++
      if (used === keys.length) {
        const more = new Float64Array(2 * used)
        more.set(keys)
        keys = more
      }
      keys[used++] = orderOf(map[i]!) * maxRegions + region
    }
  }
  if (used === 0) return null
  const sorted = keys.subarray(0, used).sort()
  const groups = countGroups(sorted)
  const [scores, hits, weights] = [new Float64Array(groups), new Uint32Array(groups), new Float64Array(groups)]
  let g = -1
  let last = -1
  for (const key of sorted) {
    const order = Math.floor(key / maxRegions)
    if (order !== last) {
      scores[++g] = scoreOf(order)
      last = order
    }
    hits[g]!++
    weights[g]! += 1 / (areas[key - order * maxRegions]! * areas.length)
  }
  return { scores, hits, weights, regions: areas.length }
}

function countGroups(sorted: Float64Array): number {
  let groups = 0
  let last = -1
  for (const key of sorted) {
    const order = Math.floor(key / maxRegions)
    if (order !== last) groups++
    last = order
  }
  return groups
}
