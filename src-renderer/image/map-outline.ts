import type { Covered } from './outline'
import { speckPlaces, type Specks } from './specks'
import { levelSize, tileSide, type Size, type TileAt } from './tile-grid'
import type { LevelTile } from './tile-store'

/**
 * What of a map's tile reaches the level `from`, with its neighbours' border; `tileAt` gives a tile where it is at hand. Beyond the picture nothing does, and
 * where a neighbour is not at hand the border is taken as the tile's own, so that no edge is drawn there.
 */
export function coveredTile(
  size: Size,
  at: TileAt,
  { from, specks }: { from: number; specks: Specks | null },
  tileAt: (at: TileAt) => LevelTile | undefined,
): Covered | undefined {
  const tile = tileAt(at)
  if (!tile) return undefined
  const { width, height } = tile
  const whole = levelSize(size, at.level)
  const covered = new Uint8Array((width + 2) * (height + 2))
  const stride = width + 2
  fill(covered, tile, from, specks && speckPlaces(specks, size, at))
  for (const [dx, dy] of [
    [-1, 0],
    [1, 0],
    [0, -1],
    [0, 1],
  ] as const) {
    const beside = { level: at.level, column: at.column + dx, row: at.row + dy }
    const isInside =
      beside.column >= 0 &&
      beside.row >= 0 &&
      beside.column * tileSide < whole.width &&
      beside.row * tileSide < whole.height
    if (!isInside) continue
    const other = tileAt(beside)
    const places = other && specks ? new Set(speckPlaces(specks, size, beside)) : undefined
    const length = dx === 0 ? width : height
    for (let i = 0; i < length; i++) {
      const here = dx === 0 ? { x: i, y: dy < 0 ? -1 : height } : { x: dx < 0 ? -1 : width, y: i }
      const own =
        (Math.min(Math.max(here.y, 0), height - 1) + 1) * stride + Math.min(Math.max(here.x, 0), width - 1) + 1
      let value = covered[own]!
      if (other) {
        const place =
          dx === 0
            ? (dy < 0 ? other.height - 1 : 0) * other.width + i
            : i * other.width + (dx < 0 ? other.width - 1 : 0)
        value = other.levels[place]! >= from && !places?.has(place) ? 1 : 0
      }
      covered[(here.y + 1) * stride + here.x + 1] = value
    }
  }
  const endsRight = at.column * tileSide + width >= whole.width
  const endsBottom = at.row * tileSide + height >= whole.height
  return { covered, width, height, endsRight, endsBottom }
}

function fill(
  covered: Uint8Array,
  { levels, width, height }: LevelTile,
  from: number,
  specks: readonly number[] | null,
) {
  const stride = width + 2
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0, to = (y + 1) * stride + 1; x < width; x++, at++, to++) if (levels[at]! >= from) covered[to] = 1
  for (const place of specks ?? []) covered[(Math.floor(place / width) + 1) * stride + (place % width) + 1] = 0
}
