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

export interface StitchOptions {
  /** Most tiles given to `score` at once. */
  batch?: number
  /** Called after every batch with tiles done and in all; may throw to stop. */
  progress?: (done: number, total: number) => void
}

/**
 * Scores a picture tile by tile and yields the blended map from top to bottom; memory is one row of tiles, whatever the picture's height. `score` gives one map
 * [size, size] per tile. Blending is done in double precision: maps that agree where they overlap come back as they are.
 */
export async function* stitchTiles(
  reader: Pick<Readable, 'read'>,
  plan: TilePlan,
  score: (tiles: readonly Tile[]) => Promise<readonly Float32Array[]> | readonly Float32Array[],
  { batch = 16, progress }: StitchOptions = {},
): AsyncGenerator<MapBand> {
  const { width, height, size, columns, rows } = plan
  const sums = new Float64Array(width * size)
  const total = tileCount(plan)
  let done = 0
  let top = 0
  for (let row = 0; row < rows.starts.length; row++) {
    for (let first = 0; first < columns.starts.length; first += batch) {
      const count = Math.min(batch, columns.starts.length - first)
      const tiles = Array.from({ length: count }, (_, i) => readTile(reader, plan, row, first + i))
      const maps = await score(tiles)
      tiles.forEach((tile, i) => blend(plan, tile, maps[i]!, sums, top))
      done += count
      progress?.(done, total)
    }
    const next = rows.starts[row + 1] ?? height
    const data = Float32Array.from(sums.subarray(0, (next - top) * width))
    sums.copyWithin(0, data.length)
    sums.fill(0, sums.length - data.length)
    yield { y: top, rows: next - top, data }
    top = next
  }

  function blend(at: TilePlan, tile: Tile, map: Float32Array, into: Float64Array, firstRow: number): void {
    if (map?.length !== size * size)
      throw new RangeError(`A map of ${size} × ${size} was expected for a tile, got ${map?.length} values.`)
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
