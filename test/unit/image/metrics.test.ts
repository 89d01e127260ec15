import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  aupro,
  auroc,
  averagePrecision,
  bestF1,
  confusion,
  histogram,
  imageMetrics,
  labelRegions,
  normaliseMap,
  normaliseScore,
  pixelMetrics,
  proCurve,
  rank,
  rocCurve,
  type ScoredMap,
} from '../../../src-main/image'
import type { NDArrays } from '../../../src-main/lib/ndarray'
import { random } from '../../../src-main/lib/random'
import { readNpz } from '../../../src-main/packs'

let golden: NDArrays
const number = (key: string) => golden[key]!.data[0]!
const close = (found: number | null | undefined, expected: number) =>
  expect(Math.abs(found! - expected)).toBeLessThan(1e-7 * Math.abs(expected))

beforeAll(async () => {
  golden = await readNpz(join(import.meta.dirname, '../../golden/inspect/anomaly_metrics.npz'))
})

const goldenMaps = (): ScoredMap[] => {
  const size = 24 * 24
  return Array.from({ length: 5 }, (_, i) => ({
    map: (golden.amap!.data as Float32Array).slice(i * size, (i + 1) * size),
    mask: { width: 24, height: 24, data: Uint8Array.from(golden.gt!.data.subarray(i * size, (i + 1) * size)) },
  }))
}

describe('golden', () => {
  it('pixel measures', async () => {
    const found = (await pixelMetrics(goldenMaps))!
    close(found.aupro, number('aupro_fpr03'))
    close(found.auroc, number('pixel_auroc'))
    close(found.f1Max!.f1, number('pixel_f1max'))
    expect(found.f1Max!.threshold).toBe(number('pixel_f1_threshold'))
    expect(found.regions).toBe(4)
    expect(found.pixels).toBe(5 * 24 * 24)
  })

  it('connected regions', () => {
    goldenMaps().forEach(({ mask }, i) => {
      const expected = golden.regions!.data.subarray(i * 576, (i + 1) * 576)
      const { labels, count } = labelRegions(mask!)
      const numbers = new Map<number, number>()
      const wrong = labels.filter((label, p) => {
        const known = numbers.get(label) ?? expected[p]!
        numbers.set(label, expected[p]!)
        return (label === 0) !== (expected[p] === 0) || known !== expected[p]
      })
      expect(wrong.length).toBe(0)
      numbers.delete(0)
      expect(new Set(numbers.values()).size).toBe(count)
    })
  })

  it('the overlap curve, at every rate the reference has', async () => {
    const { pro } = (await pixelMetrics(goldenMaps))!
    expect(pro.x.at(-1)).toBe(0.3)
    const [rates, overlaps] = [golden.pro_fpr!.data, golden.pro_curve!.data]
    pro.x.forEach((rate, i) => {
      let at = 0
      while (at + 1 < rates.length && rates[at + 1]! <= rate + 1e-7) at++
      expect(pro.y[i]!).toBeLessThanOrEqual(overlaps[at]! + 1e-6)
    })
  })

  it('image measures and the normalised scores', () => {
    const scores = golden.image_scores!.data
    const labels = golden.image_labels!.data
    const ranking = rank(scores, labels)
    expect(auroc(ranking)).toBe(number('image_auroc'))
    expect(bestF1(ranking)).toEqual({ f1: number('image_f1max'), threshold: number('image_f1_threshold') })
    const scale = {
      threshold: number('image_f1_threshold'),
      low: Math.min(...golden.amap!.data),
      high: Math.max(...golden.amap!.data),
    }
    const images = {
      threshold: scale.threshold,
      low: Math.min(...scores),
      high: Math.max(...scores),
    }
    const expected = golden.normalised_image!.data
    const found = Float32Array.from(scores, (score) => normaliseScore(score, images))
    expect(found).toBeAllclose(expected, { relative: 1e-5, absolute: 1e-6 })
    expect(normaliseMap(Float32Array.of(scale.threshold), scale)[0]).toBe(0.5)
  })
})

/** The measures by their definitions, over every pair and every threshold. */
function plain(scores: number[], labels: boolean[]) {
  const positives = scores.filter((_, i) => labels[i])
  const negatives = scores.filter((_, i) => !labels[i])
  let pairs = 0
  for (const p of positives) for (const n of negatives) pairs += p > n ? 1 : p === n ? 0.5 : 0
  const thresholds = [...new Set(scores)].sort((a, b) => b - a)
  let precision = 0
  let before = 0
  let f1 = 0
  for (const t of thresholds) {
    const tp = positives.filter((s) => s >= t).length
    const fp = negatives.filter((s) => s >= t).length
    precision += ((tp - before) / positives.length) * (tp / (tp + fp))
    before = tp
    f1 = Math.max(f1, (2 * tp) / (positives.length + tp + fp))
  }
  return { auroc: pairs / (positives.length * negatives.length), precision, f1 }
}

describe('properties', () => {
  it.each([1, 2, 3, 4, 5, 6])('equals the definitions, with ties (seed %i)', (seed) => {
    const rng = random(seed)
    const levels = [3, 10, 1000][seed % 3]!
    const labels = Array.from({ length: 200 }, () => rng.uniform() < 0.3)
    const scores = labels.map((label) => Math.floor(levels * (rng.uniform() + (label ? 0.2 : 0))) / levels - 0.4)
    const ranking = rank(scores, labels)
    const expected = plain(scores, labels)
    expect(auroc(ranking)).toBeCloseTo(expected.auroc, 12)
    expect(averagePrecision(ranking)).toBeCloseTo(expected.precision, 12)
    expect(bestF1(ranking)!.f1).toBeCloseTo(expected.f1, 12)
    const at = bestF1(ranking)!
    expect(confusion(scores, labels, at.threshold).f1).toBeCloseTo(at.f1, 12)
  })

  it('perfect, hopeless and constant scores', () => {
    expect(auroc(rank([1, 2, 3, 4], [0, 0, 1, 1]))).toBe(1)
    expect(auroc(rank([4, 3, 2, 1], [0, 0, 1, 1]))).toBe(0)
    expect(auroc(rank([5, 5, 5, 5], [0, 0, 1, 1]))).toBe(0.5)
    expect(aupro(rank([1, 2, 3, 4], [0, 0, 1, 1]))).toBe(1)
    expect(aupro(rank([5, 5, 5, 5], [0, 0, 1, 1]))).toBeCloseTo(0.15, 12)
    expect(auroc(rank([1, 2], [0, 0]))).toBeNull()
    expect(averagePrecision(rank([1, 2], [0, 0]))).toBeNull()
  })

  it('scores that are not finite are refused', () => {
    expect(() => rank([1, NaN], [0, 1])).toThrow(/numbers, found NaN/)
    expect(() => rank([Infinity, 1], [0, 1])).toThrow(/found Infinity/)
  })

  it('every region counts alike in the overlap, whatever its size', async () => {
    const mask = { width: 8, height: 4, data: new Uint8Array(32) }
    for (const i of [0, 1, 2, 8, 9, 10]) mask.data[i] = 1
    mask.data[23] = 1
    const map = new Float32Array(32)
    map[23] = 2
    const found = (await pixelMetrics(() => [{ map, mask }]))!
    expect(found.regions).toBe(2)
    // The small region is found at no false alarm, the large one ties with all the rest: from 1/2 the curve climbs evenly to 1.
    expect(found.aupro).toBeCloseTo((0.5 + 0.65) / 2, 12)
  })

  it('pixel measures equal those of all pixels ranked at once, negative values and maps without masks too', async () => {
    const rng = random(7)
    const maps: ScoredMap[] = Array.from({ length: 6 }, (_, k) => {
      const map = Float32Array.from({ length: 20 * 15 }, () => Math.round(rng.normal() * 20) / 20)
      const data = Uint8Array.from(map, (value) => (rng.uniform() < 0.1 + 0.1 * value ? 255 : 0))
      return { map, mask: k === 5 ? null : { width: 20, height: 15, data } }
    })
    const found = (await pixelMetrics(() => maps))!
    const scores = maps.flatMap(({ map }) => [...map])
    const labels = maps.flatMap(({ map, mask }) => [...(mask?.data ?? new Uint8Array(map.length))])
    const ranking = rank(scores, labels)
    expect(found.auroc).toBeCloseTo(auroc(ranking)!, 12)
    expect(found.aupr).toBeCloseTo(averagePrecision(ranking)!, 12)
    expect(found.f1Max!.f1).toBeCloseTo(bestF1(ranking)!.f1, 12)
    expect(found.f1Max!.threshold).toBe(bestF1(ranking)!.threshold)
  })

  it('no masks, no pixel measures; a mask of another size is refused', async () => {
    const map = new Float32Array(4)
    expect(await pixelMetrics(() => [{ map, mask: null }])).toBeNull()
    const mask = { width: 3, height: 1, data: Uint8Array.of(1, 1, 1) }
    await expect(pixelMetrics(() => [{ map, mask }])).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('thinned curves keep their area', () => {
    const rng = random(3)
    const labels = Array.from({ length: 30_000 }, () => rng.uniform() < 0.2)
    const scores = labels.map((label) => rng.normal() + (label ? 1 : 0))
    const ranking = rank(scores, labels)
    const area = ({ x, y }: { x: number[]; y: number[] }) =>
      x.slice(1).reduce((sum, to, i) => sum + ((to - x[i]!) * (y[i]! + y[i + 1]!)) / 2, 0)
    const roc = rocCurve(ranking)
    expect(roc.x.length).toBeLessThan(500)
    expect(roc.x.at(-1)).toBe(1)
    expect(area(roc)).toBeCloseTo(auroc(ranking)!, 2)
    expect(area(proCurve(ranking)) / 0.3).toBeCloseTo(aupro(ranking)!, 2)
  })
})

describe('imageMetrics', () => {
  it('gives every figure beside F1, and one row per defect', () => {
    const items = [
      ...[0.1, 0.2, 0.3, 0.6].map((score) => ({ score, defect: null })),
      ...[0.9, 0.25].map((score) => ({ score, defect: 'scratch' })),
      { score: 0.8, defect: 'hole' },
    ]
    const found = imageMetrics(items, 0.5)
    expect(found).toMatchObject({ normals: 4, defects: 3, f1OfAll: 0.6 })
    expect(found.atThreshold).toMatchObject({
      truePositives: 2,
      falsePositives: 1,
      falseNegatives: 1,
      trueNegatives: 3,
    })
    expect(found.atThreshold.falseAlarmRate).toBe(0.25)
    expect(found.byDefect).toEqual([
      { defect: 'hole', count: 1, auroc: 1, found: 1 },
      { defect: 'scratch', count: 2, auroc: 0.75, found: 1 },
    ])
    expect(found.histograms.normal.counts.reduce((a, b) => a + b)).toBe(4)
  })

  it('normals alone give no AUROC', () => {
    const found = imageMetrics([{ score: 1, defect: null }], 2)
    expect(found).toMatchObject({ auroc: null, aupr: null, f1Max: null, f1OfAll: null, byDefect: [] })
  })

  it('a histogram counts everything once', () => {
    expect(histogram([0, 0.5, 1, -3, 9], 0, 1, 4).counts).toEqual([2, 0, 1, 2])
  })
})
