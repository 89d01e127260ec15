import type { Box } from '../image/camera'

/** Side of the tiles that are kept to take a change back. */
const side = 128

/** What a mask was like before a change: the tiles that it touched, eight pixels a byte. */
export interface Before {
  readonly tiles: ReadonlyMap<number, Uint8Array>
  /** Memory that it takes. */
  readonly bytes: number
}

/** A mask that is drawn on: one byte for each pixel, 0 or 1, changed by runs of pixels, each change taken back to the pixel. */
export interface BitMask {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
  /** How many pixels are on. */
  readonly on: number
  /** Begins a change. */
  begin(): void
  /** Sets a run of a row, clipped to the mask. */
  span(y: number, from: number, to: number, value: 0 | 1): void
  /** Ends the change, and answers what was before it; null where nothing changed. */
  end(): Before | null
  /** Brings back what was before a change, and answers what was before that. */
  restore(before: Before): Before
  /** What changed since it was last asked. */
  takeDirty(): Box | null
  /** Eight pixels a byte, the first the highest, row after row without gaps. */
  packed(): Uint8Array
}

/** A mask over `data`, [height, width], that is taken over. */
export function bitMask(width: number, height: number, data: Uint8Array = new Uint8Array(width * height)): BitMask {
  const across = Math.ceil(width / side)
  let on = 0
  for (const value of data) on += value
  let saved: Map<number, Uint8Array> | undefined
  let dirty: { left: number; top: number; right: number; bottom: number } | null = null
  let changed = false

  const spoil = (left: number, top: number, right: number, bottom: number) => {
    if (!dirty) dirty = { left, top, right, bottom }
    else {
      dirty.left = Math.min(dirty.left, left)
      dirty.top = Math.min(dirty.top, top)
      dirty.right = Math.max(dirty.right, right)
      dirty.bottom = Math.max(dirty.bottom, bottom)
    }
  }
  const boxOf = (tile: number) => {
    const left = (tile % across) * side
    const top = Math.floor(tile / across) * side
    return { left, top, right: Math.min(width, left + side), bottom: Math.min(height, top + side) }
  }
  const keep = (tile: number): Uint8Array => {
    const { left, top, right, bottom } = boxOf(tile)
    const bits = new Uint8Array((side * side) / 8)
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++)
        if (data[y * width + x]) bits[((y - top) * side + x - left) >> 3]! |= 128 >> ((x - left) & 7)
    return bits
  }
  const bytesOf = (tiles: ReadonlyMap<number, Uint8Array>) => tiles.size * ((side * side) / 8)

  return {
    width,
    height,
    data,
    get on() {
      return on
    },
    begin() {
      saved = new Map()
      changed = false
    },
    span(y, from, to, value) {
      if (y < 0 || y >= height) return
      const left = Math.max(0, from)
      const right = Math.min(width, to)
      if (left >= right) return
      const row = y * width
      if (saved) {
        const above = Math.floor(y / side) * across
        for (let column = Math.floor(left / side); column <= Math.floor((right - 1) / side); column++)
          if (!saved.has(above + column)) saved.set(above + column, keep(above + column))
      }
      let count = 0
      for (let x = left; x < right; x++) {
        if (data[row + x] === value) continue
        data[row + x] = value
        count++
      }
      if (count === 0) return
      on += value ? count : -count
      changed = true
      spoil(left, y, right, y + 1)
    },
    end() {
      const tiles = saved
      saved = undefined
      return tiles && changed ? { tiles, bytes: bytesOf(tiles) } : null
    },
    restore({ tiles }) {
      const now = new Map<number, Uint8Array>()
      for (const [tile, bits] of tiles) {
        now.set(tile, keep(tile))
        const { left, top, right, bottom } = boxOf(tile)
        for (let y = top; y < bottom; y++)
          for (let x = left; x < right; x++) {
            const value = (bits[((y - top) * side + x - left) >> 3]! >> (7 - ((x - left) & 7))) & 1
            on += value - data[y * width + x]!
            data[y * width + x] = value
          }
        spoil(left, top, right, bottom)
      }
      return { tiles: now, bytes: bytesOf(now) }
    },
    takeDirty() {
      const box = dirty && {
        x: dirty.left,
        y: dirty.top,
        width: dirty.right - dirty.left,
        height: dirty.bottom - dirty.top,
      }
      dirty = null
      return box
    },
    packed() {
      const bits = new Uint8Array(Math.ceil(data.length / 8))
      for (let i = 0; i < data.length; i++) if (data[i]) bits[i >> 3]! |= 128 >> (i & 7)
      return bits
    },
  }
}
