import type { Readable } from './picture'
import { readTile, tileCount, type Tile, type TilePlan } from './tiles'

/** Finished rows of a map over the whole picture. */
export interface MapBand {
  /** First row. */
  readonly y: number
  readonly rows: number
  /** [rows, width]. */
  readonly data: Float32Array
}

/** Finished rows of several maps, one after another: [planes, rows, width]. */
export type PlanesBand = MapBand

export interface StitchOptions {
  /** Most tiles given to `score` at once. */
  batch?: number
  /** Called after every batch with tiles done and in all; may throw to stop. */
  progress?: (done: number, total: number) => void
}

type Score = (tiles: readonly Tile[]) => Promise<readonly Float32Array[]> | readonly Float32Array[]

/**
 * Scores a picture tile by tile and yields the blended map from top to bottom; memory is one row of tiles, whatever the picture's height. `score` gives one map
 * [size, size] per tile. Blending is done in double precision: maps that agree where they overlap come back as they are.
 */
export const stitchTiles = (
  reader: Pick<Readable, 'read'>,
  plan: TilePlan,
  score: Score,
  options: StitchOptions = {},
): AsyncGenerator<MapBand> => stitchPlanes(reader, plan, score, options)

/** As `stitchTiles`, for several maps at once: `score` gives [planes, size, size] per tile, as many planes for each, and bands are [planes, rows, width]. */
export async function* stitchPlanes(
  reader: Pick<Readable, 'read'>,
  plan: TilePlan,
  score: Score,
  { batch = 16, progress }: StitchOptions = {},
): AsyncGenerator<PlanesBand> {
  const { width, height, size, columns, rows } = plan
  /** Sums of each plane, [size, width]; made when the first tile says how many there are. */
  let sums: Float64Array[] = []
  const total = tileCount(plan)
  let done = 0
  let top = 0
  for (let row = 0; row < rows.starts.length; row++) {
    for (let first = 0; first < columns.starts.length; first += batch) {
      const count = Math.min(batch, columns.starts.length - first)
      const tiles = Array.from({ length: count }, (_, i) => readTile(reader, plan, row, first + i))
      const maps = await score(tiles)
      tiles.forEach((tile, i) => blendAll(tile, maps[i]))
      done += count
      progress?.(done, total)
    }
    const next = rows.starts[row + 1] ?? height
    const length = (next - top) * width
    const data = new Float32Array(sums.length * length)
    sums.forEach((plane, i) => {
      data.set(plane.subarray(0, length), i * length)
      plane.copyWithin(0, length)
      plane.fill(0, plane.length - length)
    })
    yield { y: top, rows: next - top, data }
    top = next
  }

  function blendAll(tile: Tile, map: Float32Array | undefined): void {
    const area = size * size
    if (sums.length === 0 && map && map.length > 0 && map.length % area === 0)
      sums = Array.from({ length: map.length / area }, () => new Float64Array(width * size))
    if (!map || sums.length === 0 || map.length !== sums.length * area)
      throw new RangeError(`A map of ${size} × ${size} was expected for a tile, got ${map?.length} values.`)
    sums.forEach((plane, i) => blend(plan, tile, map.subarray(i * area, (i + 1) * area), plane, top))
  }

  function blend(at: TilePlan, tile: Tile, map: Float32Array, into: Float64Array, firstRow: number): void {
    const across = at.columns.weights[tile.column]!
    const down = at.rows.weights[tile.row]!
    const left = Math.max(0, tile.x)
    const right = Math.min(width, tile.x + size)
    for (let y = Math.max(0, tile.y); y < Math.min(height, tile.y + size); y++) {
      const from = (y - tile.y) * size - tile.x
      const to = (y - firstRow) * width
      const weight = down[y - tile.y]!
      if (weight === 0) continue
      for (let x = left; x < right; x++) into[to + x]! += weight * across[x - tile.x]! * map[from + x]!
    }
  }
}
