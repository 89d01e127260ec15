/** A rectangle of whole pixels; x to the right, y down. */
export interface PixelBox {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A connected part of a map that lies at or above a threshold. */
export interface Region {
  /** Pixels. */
  readonly area: number
  /** Highest value, and where it is. */
  readonly peak: number
  readonly peakAt: { readonly x: number; readonly y: number }
  readonly mean: number
  readonly box: PixelBox
}

export interface RegionOptions {
  /** Pixels of this value or more belong to regions. */
  threshold: number
  /** Regions of fewer pixels are left out. */
  minArea?: number
  /** Only this many, those of the highest peaks, are kept. */
  most?: number
  /** Told of every region that is left out for its size: its runs, each a row, its first pixel and one past its last. */
  speck?: (runs: readonly number[]) => void
}

/** Finds the regions of a map that arrives from top to bottom. */
export interface RegionFinder {
  /** Takes whole rows, [rows, width]. */
  push(rows: Float32Array): void
  /** The regions, highest peak first, and how many there were before `most` cut them. */
  finish(): { regions: Region[]; count: number }
}

interface Growing {
  /** The region it was joined to. */
  into: Growing | null
  area: number
  sum: number
  peak: number
  peakX: number
  peakY: number
  left: number
  right: number
  top: number
  bottom: number
  /** Its runs, three numbers each, while it is too small and somebody wants to know. */
  runs: number[] | null
}

interface Run {
  readonly from: number
  /** One past its last pixel. */
  readonly to: number
  readonly region: Growing
}

function root(region: Growing): Growing {
  while (region.into) {
    if (region.into.into) region.into = region.into.into
    region = region.into
  }
  return region
}

/** A finder over rows of `width` pixels, 8-connected; memory is two rows' runs and the regions kept, whatever the height. */
export function regionFinder(
  width: number,
  { threshold, minArea = 1, most = 1000, speck }: RegionOptions,
): RegionFinder {
  let above: Run[] = []
  let kept: Growing[] = []
  let count = 0
  let y = 0

  const keep = (region: Growing) => {
    if (region.area < minArea) return speck?.(region.runs!)
    count++
    kept.push(region)
    if (kept.length >= 2 * most + 1000) kept = kept.sort(byPeak).slice(0, most)
  }
  const row = (values: Float32Array, at: number) => {
    const runs: Run[] = []
    let under = 0
    for (let x = 0; x < width; x++) {
      if (!(values[at + x]! >= threshold)) continue
      const from = x
      let region: Growing = {
        ...{ into: null, area: 0, sum: 0, peak: -Infinity, peakX: x, peakY: y },
        ...{ left: x, right: x, top: y, bottom: y, runs: null },
      }
      for (; x < width && values[at + x]! >= threshold; x++) {
        const value = values[at + x]!
        region.area++
        region.sum += value
        if (value > region.peak) [region.peak, region.peakX] = [value, x]
      }
      region.right = x - 1
      if (speck && region.area < minArea) region.runs = [y, from, x]
      while (under < above.length && above[under]!.to < from) under++
      for (let k = under; k < above.length && above[k]!.from <= x; k++)
        region = join(root(above[k]!.region), root(region), minArea)
      runs.push({ from, to: x, region })
    }
    const alive = new Set(runs.map((run) => root(run.region)))
    for (const ended of new Set(above.map((run) => root(run.region)))) if (!alive.has(ended)) keep(ended)
    above = runs
    y++
  }
  return {
    push(rows) {
      for (let at = 0; at < rows.length; at += width) row(rows, at)
    },
    finish() {
      for (const ended of new Set(above.map((run) => root(run.region)))) keep(ended)
      above = []
      return { regions: kept.sort(byPeak).slice(0, most).map(finished), count }
    },
  }
}

/** The regions of a whole map, [height, width]; highest peak first. */
export function findRegions(map: Float32Array, width: number, options: RegionOptions): Region[] {
  const finder = regionFinder(width, options)
  finder.push(map)
  return finder.finish().regions
}

const byPeak = (a: Growing, b: Growing) => b.peak - a.peak || b.area - a.area || a.top - b.top || a.left - b.left

function join(a: Growing, b: Growing, minArea: number): Growing {
  if (a === b) return a
  a.runs = a.runs && b.runs && a.area + b.area < minArea ? a.runs.concat(b.runs) : null
  b.runs = null
  a.area += b.area
  a.sum += b.sum
  if (b.peak > a.peak) [a.peak, a.peakX, a.peakY] = [b.peak, b.peakX, b.peakY]
  a.left = Math.min(a.left, b.left)
  a.right = Math.max(a.right, b.right)
  a.top = Math.min(a.top, b.top)
  a.bottom = Math.max(a.bottom, b.bottom)
  b.into = a
  return a
}

const finished = (region: Growing): Region => ({
  area: region.area,
  peak: region.peak,
  peakAt: { x: region.peakX, y: region.peakY },
  mean: region.sum / region.area,
  box: {
    x: region.left,
    y: region.top,
    width: region.right - region.left + 1,
    height: region.bottom - region.top + 1,
  },
})
