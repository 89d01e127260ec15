import { tileBox, type Size, type TileAt } from './tile-grid'

/** Runs of regions that are too small to count, sorted by row: a row, its first pixel and one past its last, each. */
export type Specks = Uint32Array

/** The runs by their rows. */
export function sortedSpecks(runs: ArrayLike<number>): Specks {
  const order = Array.from({ length: runs.length / 3 }, (_, i) => 3 * i).sort((a, b) => runs[a]! - runs[b]!)
  const out = new Uint32Array(runs.length)
  order.forEach((at, i) => out.set([runs[at]!, runs[at + 1]!, runs[at + 2]!], 3 * i))
  return out
}

/** The places in a tile, row by row, that lie in specks; on smaller levels every pixel that stands for a part of one. */
export function speckPlaces(specks: Specks, size: Size, at: TileAt): number[] {
  const { x, y, width, height } = tileBox(size, at)
  const places: number[] = []
  const { level } = at
  let low = 0
  let high = specks.length / 3
  while (low < high) {
    const middle = (low + high) >> 1
    if (specks[3 * middle]! >> level < y) low = middle + 1
    else high = middle
  }
  for (let i = 3 * low; i < specks.length; i += 3) {
    const row = (specks[i]! >> level) - y
    if (row >= height) break
    const from = Math.max(0, (specks[i + 1]! >> level) - x)
    const to = Math.min(width - 1, ((specks[i + 2]! - 1) >> level) - x)
    for (let column = from; column <= to; column++) places.push(row * width + column)
  }
  return places
}
