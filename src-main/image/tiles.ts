import type { Picture, Readable } from './picture'

/** How tiles lie along one axis and fade into each other. */
export interface TileAxis {
  /** First pixel of each tile; negative where the picture is shorter than a tile and lies in its middle. */
  readonly starts: readonly number[]
  /** Weight of each tile's pixels; at every pixel of the picture the tiles' weights sum to 1. */
  readonly weights: readonly Float64Array[]
}

/** Overlapping square tiles over a picture at its native resolution. */
export interface TilePlan {
  readonly width: number
  readonly height: number
  /** Side of a tile. */
  readonly size: number
  readonly columns: TileAxis
  readonly rows: TileAxis
}

/** Number of tiles of a plan. */
export const tileCount = ({ columns, rows }: TilePlan): number => columns.starts.length * rows.starts.length

/**
 * Plans tiles of side `size` that overlap by `overlap` pixels or more, spread evenly. Neighbours fade into each other by a raised cosine about the middle of their
 * overlap, at most `overlap` wide; nowhere do more than two tiles of an axis share a pixel, so weights are w and 1 − w. Throws RangeError unless 0 ≤ overlap ≤ size / 2.
 */
export function planTiles(
  { width, height }: { width: number; height: number },
  size: number,
  overlap: number = Math.floor(size / 4),
): TilePlan {
  if (!Number.isInteger(size) || size < 1 || !Number.isInteger(overlap) || overlap < 0 || overlap > size / 2)
    throw new RangeError(`Tiles of side ${size} cannot overlap by ${overlap}; 0 to half the side can.`)
  return { width, height, size, columns: tileAxis(width, size, overlap), rows: tileAxis(height, size, overlap) }
}

function tileAxis(length: number, size: number, overlap: number): TileAxis {
  if (length <= size)
    return { starts: [0 - Math.floor((size - length) / 2)], weights: [new Float64Array(size).fill(1)] }
  const count = Math.ceil((length - overlap) / (size - overlap))
  const starts = Array.from({ length: count }, (_, i) => Math.round((i * (length - size)) / (count - 1)))
  const weights = starts.map(() => new Float64Array(size).fill(1))
  const steps = starts.slice(1).map((start, i) => start - starts[i]!)
  const fade = Math.min(overlap, ...steps)
  for (let i = 1; i < count; i++) {
    const [before, after] = [starts[i - 1]!, starts[i]!]
    const from = Math.floor((after + before + size - fade) / 2)
    for (let at = after; at < before + size; at++) {
      const rise = at < from ? 0 : at >= from + fade ? 1 : 0.5 - 0.5 * Math.cos((Math.PI * (at - from + 0.5)) / fade)
      if (rise < 1) weights[i]![at - after] = rise
      if (rise > 0) weights[i - 1]![at - before] = 1 - rise
    }
  }
  return { starts, weights }
}

/** One tile of a plan. */
export interface Tile {
  readonly row: number
  readonly column: number
  /** Its first pixel in the picture. */
  readonly x: number
  readonly y: number
  readonly picture: Picture
}

/** Reads a tile; beyond the picture its edge pixels are repeated. */
export function readTile(reader: Pick<Readable, 'read'>, plan: TilePlan, row: number, column: number): Tile {
  const x = plan.columns.starts[column]!
  const y = plan.rows.starts[row]!
  return { row, column, x, y, picture: reader.read({ x, y, width: plan.size, height: plan.size }) }
}
