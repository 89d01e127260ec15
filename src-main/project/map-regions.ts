import { regionFinder, valuesOf, type Line, type Region } from '@contract'
import { setImmediate } from 'node:timers/promises'
import type { Pyramid } from '../image'
import { refuseAborted } from './measure'

/** Most regions that are told of one map, as many as an inspection tells. */
const mostRegions = 200
/** Most numbers of left-out runs that are told. */
const mostSpecks = 600_000

export interface MapRegions {
  regions: Region[]
  count: number
  /** Share of the pixels in them. */
  share: number
  /** Runs of the regions left out, three numbers each; null where they are too many. */
  specks: Uint32Array | null
}

/** Rows of a map in values, from top to bottom; others may work between them. */
export async function* mapRows(
  pyramid: Pyramid,
  signal?: AbortSignal,
): AsyncGenerator<{ y: number; rows: number; levels: Uint16Array }> {
  const { width, height } = pyramid.shape
  const band = Math.max(1, Math.floor(2 ** 19 / width))
  for (let y = 0; y < height; y += band) {
    refuseAborted(signal)
    const rows = Math.min(band, height - y)
    yield { y, rows, levels: pyramid.read(0, { x: 0, y, width, height: rows }).levels as Uint16Array }
    await setImmediate()
  }
}

/** The regions of a map, as its inspection finds them. Throws `cancelled`. */
export async function mapRegions(pyramid: Pyramid, line: Line, signal?: AbortSignal): Promise<MapRegions> {
  const { width, height } = pyramid.shape
  const specks: number[] = []
  let covered = 0
  const finder = regionFinder(width, {
    ...line,
    most: mostRegions,
    speck(runs) {
      for (let i = 0; i < runs.length; i += 3) covered -= runs[i + 2]! - runs[i + 1]!
      if (specks.length <= mostSpecks) specks.push(...runs)
    },
  })
  for await (const { levels } of mapRows(pyramid, signal)) {
    const values = valuesOf(levels)
    for (const value of values) if (value >= line.threshold) covered++
    finder.push(values)
  }
  const { regions, count } = finder.finish()
  const told = specks.length > mostSpecks ? null : Uint32Array.from(specks)
  return { regions, count, share: covered / (width * height), specks: told }
}
