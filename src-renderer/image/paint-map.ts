import { heatIndex, heatScale, levelFrom, mostLevel, type HeatColours, type HeatRange } from '@contract'
import type { LevelTile } from './tile-store'

/** A pixel for each level of a map, as canvases hold them: alpha, blue, green, red from the highest byte to the lowest. */
export type LevelTable = Uint32Array

const opaque = 0xff000000

/** The colours of a map's levels. */
export function heatTable(name: HeatColours, range: HeatRange): LevelTable {
  const colours = heatScale(name)
  const table = new Uint32Array(mostLevel + 1)
  for (let level = 0; level <= mostLevel; level++) {
    const at = 3 * heatIndex(Math.fround(level / mostLevel), range)
    table[level] = (opaque | (colours[at + 2]! << 16) | (colours[at + 1]! << 8) | colours[at]!) >>> 0
  }
  return table
}

/** White from `threshold` on, black under it. */
export function maskTable(threshold: number): LevelTable {
  const table = new Uint32Array(mostLevel + 1).fill(opaque)
  return table.fill(0xffffffff, Math.min(levelFrom(threshold), mostLevel + 1))
}

/** A tile drawn by a table; `clear` are places in it that count as level 0. */
export function paintTile({ levels, width, height }: LevelTile, table: LevelTable, clear: readonly number[] = []) {
  const image = new ImageData(width, height)
  const pixels = new Uint32Array(image.data.buffer)
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[levels[i]!]!
  for (const at of clear) pixels[at] = table[0]!
  const canvas = new OffscreenCanvas(width, height)
  canvas.getContext('2d')!.putImageData(image, 0, 0)
  return canvas
}
