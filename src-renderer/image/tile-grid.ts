import type { Box } from './camera'

/** Side of a tile, pixels. */
export const tileSide = 512

/** Where a tile lies: level 0 is the picture itself, each level half as large as the one before. */
export interface TileAt {
  level: number
  column: number
  row: number
}

export interface Size {
  width: number
  height: number
}

export const levelSize = ({ width, height }: Size, level: number): Size => ({
  width: Math.ceil(width / 2 ** level),
  height: Math.ceil(height / 2 ** level),
})

/** The last level: the first that fits in one tile. */
export function lastLevel({ width, height }: Size): number {
  let level = 0
  for (let side = Math.max(width, height); side > tileSide; side = Math.ceil(side / 2)) level++
  return level
}

/** The smallest level that has a pixel for each of the screen's; `scale` is screen pixels for each of the picture's. */
export const levelFor = (size: Size, scale: number): number =>
  Math.min(lastLevel(size), Math.max(0, Math.floor(Math.log2(1 / scale) + 1e-6)))

/** The tiles of a level that show something of `seen`, a box of the picture, from its middle outwards. */
export function tilesIn(size: Size, level: number, seen: Box): TileAt[] {
  const side = tileSide * 2 ** level
  const { width, height } = levelSize(size, level)
  const last = { column: Math.ceil(width / tileSide) - 1, row: Math.ceil(height / tileSide) - 1 }
  const from = { column: Math.max(0, Math.floor(seen.x / side)), row: Math.max(0, Math.floor(seen.y / side)) }
  const to = {
    column: Math.min(last.column, Math.ceil((seen.x + seen.width) / side) - 1),
    row: Math.min(last.row, Math.ceil((seen.y + seen.height) / side) - 1),
  }
  const found: TileAt[] = []
  for (let row = from.row; row <= to.row; row++)
    for (let column = from.column; column <= to.column; column++) found.push({ level, column, row })
  const middle = { x: (seen.x + seen.width / 2) / side - 0.5, y: (seen.y + seen.height / 2) / side - 0.5 }
  const off = ({ column, row }: TileAt) => (column - middle.x) ** 2 + (row - middle.y) ** 2
  return found.sort((a, b) => off(a) - off(b))
}

/** The tile that holds the same place `levels` further up. */
export const above = ({ level, column, row }: TileAt, levels: number): TileAt => ({
  level: level + levels,
  column: column >> levels,
  row: row >> levels,
})

/** The box of a tile in its level's pixels. */
export function tileBox(size: Size, { level, column, row }: TileAt): Box {
  const { width, height } = levelSize(size, level)
  const [x, y] = [column * tileSide, row * tileSide]
  return { x, y, width: Math.min(tileSide, width - x), height: Math.min(tileSide, height - y) }
}

export const keyOf = (asset: string, { level, column, row }: TileAt) => `${asset}/${level}/${column}-${row}`
