/** How cells lie in a grid of a width, all sizes in CSS pixels. */
export interface Grid {
  columns: number
  rows: number
  cell: { width: number; height: number }
  gap: number
  padding: number
  height: number
}

const cell = { width: 136, height: 148 }
const gap = 8
const padding = 16

/** A grid of `count` cells in a room of `width`; cells share out what is left over. */
export function gridOf(count: number, width: number): Grid {
  const room = Math.max(cell.width, width - 2 * padding)
  const columns = Math.max(1, Math.floor((room + gap) / (cell.width + gap)))
  const rows = Math.ceil(count / columns)
  const wide = Math.floor((room - gap * (columns - 1)) / columns)
  const height = rows === 0 ? 0 : 2 * padding + rows * (cell.height + gap) - gap
  return { columns, rows, cell: { width: wide, height: cell.height }, gap, padding, height }
}

/** Where cell `index` lies. */
export function placeOf({ columns, cell, gap, padding }: Grid, index: number): { x: number; y: number } {
  return {
    x: padding + (index % columns) * (cell.width + gap),
    y: padding + Math.floor(index / columns) * (cell.height + gap),
  }
}

/** The first cell, and one past the last, of the rows that are seen, with `spare` rows above and below. */
export function seenOf(
  { columns, rows, cell, gap, padding }: Grid,
  count: number,
  top: number,
  height: number,
  spare = 3,
): { from: number; to: number } {
  const step = cell.height + gap
  const first = Math.max(0, Math.floor((top - padding) / step) - spare)
  const last = Math.min(rows, Math.ceil((top + height - padding) / step) + spare)
  return { from: Math.min(count, first * columns), to: Math.max(0, Math.min(count, last * columns)) }
}

/** The scroll position that brings a cell's row into sight, moved no further than it must. */
export function scrolledTo(grid: Grid, index: number, top: number, height: number): number {
  const { y } = placeOf(grid, index)
  const above = y - grid.padding
  const below = y + grid.cell.height + grid.padding - height
  return above < top ? above : below > top ? below : top
}
