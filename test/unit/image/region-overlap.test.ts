import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { levelOf, mostFalseAlarms, overlapAt, upToMost, valuesOf, type RegionOverlap } from '@contract'
import {
  labelRegions,
  overlapShare,
  overlapSum,
  pixelMetrics,
  regionRuns,
  type Mask,
  type OverlapShare,
} from '../../../src-main/image'
import { random } from '../../../src-main/lib/random'
import { readNpz } from '../../../src-main/packs'

interface Marked {
  levels: Uint16Array
  width: number
  mask: Mask | null
  ignored?: Uint8Array
}

/** The share of a map that comes in bands of `rows` rows. */
function shareOf({ levels, width, mask, ignored }: Marked, rows = 3) {
  const runs = mask && regionRuns(width)
  const bands = <T extends Uint8Array | Uint16Array>(all: T) =>
    Array.from({ length: Math.ceil(all.length / (rows * width)) }, (_, i) =>
      all.slice(i * rows * width, (i + 1) * rows * width),
    ) as T[]
  if (mask) for (const band of bands(mask.data)) runs!.push(band)
  const taker = overlapShare(width, runs && runs.finish())
  const skipped = ignored && bands(ignored)
  bands(levels).forEach((band, i) => taker.push(band, skipped?.[i]))
  return taker.finish()
}

function regionOverlap(shares: readonly OverlapShare[]) {
  const sum = overlapSum()
  for (const share of shares) sum.add(share)
  return sum.finish()
}

const measured = (maps: readonly Marked[]) =>
  pixelMetrics(() => maps.map(({ levels, mask }) => ({ map: valuesOf(levels), mask })))

/** The curve's point of a threshold by its definition. */
function pointAt(maps: readonly Marked[], threshold: number) {
  let [sound, alarms, covered, regions] = [0, 0, 0, 0]
  for (const { levels, mask } of maps) {
    const { labels, count } = mask ? labelRegions(mask) : { labels: new Int32Array(levels.length), count: 0 }
    const [areas, found] = [new Array<number>(count + 1).fill(0), new Array<number>(count + 1).fill(0)]
    valuesOf(levels).forEach((value, i) => {
      areas[labels[i]!]!++
      if (value >= threshold) found[labels[i]!]!++
    })
    sound += areas[0]!
    alarms += found[0]!
    regions += count
    for (let r = 1; r <= count; r++) covered += found[r]! / areas[r]!
  }
  return { falseAlarms: alarms / sound, overlap: covered / regions }
}

function painted(seed: number, steps = mostSteps): Marked[] {
  const rng = random(seed)
  const [width, height] = [31, 17]
  return Array.from({ length: 5 }, (_, k) => {
    const data = new Uint8Array(width * height)
    for (let blob = 0; blob < 4; blob++) {
      const [x, y, r] = [rng.uniform() * width, rng.uniform() * height, 1 + 3 * rng.uniform()]
      for (let i = 0; i < data.length; i++)
        if (Math.hypot((i % width) - x, Math.floor(i / width) - y) < r) data[i] = 255
    }
    const levels = Uint16Array.from(data, (on) =>
      levelOf(Math.round(steps * (0.35 + 0.15 * rng.normal() + (on ? 0.25 : 0))) / steps),
    )
    return { levels, width, mask: k === 4 ? null : { width, height, data } }
  })
}
const mostSteps = 65535

const area = (points: RegionOverlap['points']) =>
  points.slice(1).reduce((sum, to, i) => {
    const from = points[i]!
    return sum + ((to.falseAlarms - from.falseAlarms) * (from.overlap + to.overlap)) / 2
  }, 0)

describe('regions as runs', () => {
  it.each([1, 2, 3, 4])('are those that a mask’s labels number, whatever the bands (seed %i)', (seed) => {
    const rng = random(seed)
    const [width, height] = [23, 19]
    const data = Uint8Array.from({ length: width * height }, () => (rng.uniform() < 0.3 + 0.1 * seed ? 1 : 0))
    const { labels, count } = labelRegions({ width, height, data })
    const taker = regionRuns(width)
    for (let at = 0; at < data.length; at += seed * width) taker.push(data.subarray(at, at + seed * width))
    const { areas, rows, runs } = taker.finish()
    expect(rows).toHaveLength(height + 1)
    expect(areas).toHaveLength(count)
    const found = new Int32Array(data.length)
    for (let y = 0; y < height; y++)
      for (let run = rows[y]!; run < rows[y + 1]!; run++)
        found.fill(runs[3 * run + 2]! + 1, y * width + runs[3 * run]!, y * width + runs[3 * run + 1]!)
    expect([...found]).toEqual([...labels])
    areas.forEach((pixels, i) => expect(pixels).toBe(labels.filter((label) => label === i + 1).length))
  })
})

describe('the overlap of maps of 16 bits', () => {
  it('has the area of the reference', async () => {
    const golden = await readNpz(join(import.meta.dirname, '../../golden/inspect/anomaly_metrics.npz'))
    const all = golden.amap!.data as Float32Array
    const [low, high] = [Math.min(...all), Math.max(...all)]
    const maps = Array.from({ length: 5 }, (_, i): Marked => {
      const part = (data: ArrayLike<number>) => Array.from(data).slice(i * 576, (i + 1) * 576)
      return {
        levels: Uint16Array.from(part(all), (score) => levelOf((score - low) / (high - low))),
        width: 24,
        mask: { width: 24, height: 24, data: Uint8Array.from(part(golden.gt!.data)) },
      }
    })
    const found = regionOverlap(maps.map((map) => shareOf(map)))!
    expect(found).toMatchObject({ pixels: 5 * 576, regions: 4 })
    // Sixteen bits put a few scores of the reference on one level.
    expect(found.aupro).toBeCloseTo(golden.aupro_fpr03!.data[0]!, 3)
    expect(found.aupro).toBeCloseTo((await measured(maps))!.aupro!, 12)
  })

  it.each([
    [1, mostSteps],
    [2, mostSteps],
    [3, 20],
    [4, 4],
  ])('is what the measure finds in the same maps (seed %i, %i steps)', async (seed, steps) => {
    const maps = painted(seed, steps)
    const found = regionOverlap(maps.map((map) => shareOf(map, seed)))!
    const expected = (await measured(maps))!
    expect(found.aupro).toBeCloseTo(expected.aupro!, 12)
    expect(found).toMatchObject({
      ...{ pixels: expected.pixels, defective: expected.defective, regions: expected.regions },
    })
    expect(found.points.length).toBeLessThan(700)
    expect(found.points[0]).toMatchObject({ falseAlarms: 0, overlap: 0 })
    expect(found.points.at(-1)).toMatchObject({ falseAlarms: 1 })
    const shown = upToMost(found.points)
    expect(shown.at(-1)!.falseAlarms).toBe(mostFalseAlarms)
    expect(area(shown) / mostFalseAlarms).toBeCloseTo(found.aupro, 2)
    for (const { threshold, ...point } of found.points) {
      const wanted = pointAt(maps, threshold)
      expect(point.falseAlarms).toBeCloseTo(wanted.falseAlarms, 12)
      expect(point.overlap).toBeCloseTo(wanted.overlap, 9)
    }
    // Between the points, and at the ends: within what a drawing shows.
    for (let threshold = 0; threshold <= 1.05; threshold += 0.0237) {
      const [at, wanted] = [overlapAt(found.points, threshold), pointAt(maps, threshold)]
      expect(Math.abs(at.falseAlarms - wanted.falseAlarms)).toBeLessThan(1 / 200)
      expect(Math.abs(at.overlap - wanted.overlap)).toBeLessThan(1 / 200)
    }
  })

  it('leaves out what does not count, as if it were not there', () => {
    const [map] = painted(6) as [Marked]
    const { levels, width, mask } = map
    const cut = 5
    const ignored = Uint8Array.from(levels, (_, i) => (i < cut * width ? 1 : 0))
    const kept = Uint8Array.from(mask!.data, (on, i) => (ignored[i] ? 0 : on))
    const below = { ...mask!, height: mask!.height - cut, data: mask!.data.slice(cut * width) }
    const found = regionOverlap([shareOf({ levels, width, mask: { ...mask!, data: kept }, ignored })])
    expect(found).toEqual(regionOverlap([shareOf({ levels: levels.slice(cut * width), width, mask: below })]))
  })

  it('is nothing without a region, and without a sound pixel', () => {
    const levels = Uint16Array.of(1, 2, 3, 4)
    expect(regionOverlap([shareOf({ levels, width: 2, mask: null })])).toBeNull()
    const all = { width: 2, height: 2, data: new Uint8Array(4).fill(1) }
    expect(regionOverlap([shareOf({ levels, width: 2, mask: all })])).toBeNull()
    expect(regionOverlap([])).toBeNull()
  })
})
