import type { Box } from './picture'

/** Whether EXIF orientation `code` (1 to 8) lays the stored picture on its side (CIPA DC-008, tag 0x0112). */
export const swapsSides = (code: number): boolean => code >= 5
const flipsX = (code: number) => code === 2 || code === 3 || code === 7 || code === 8
const flipsY = (code: number) => code === 3 || code === 4 || code === 6 || code === 7

/** Where a box of the upright picture lies in the stored one, whose sides are `width` and `height`. */
export function storedBox(code: number, box: Box, width: number, height: number): Box {
  const {
    x,
    y,
    width: w,
    height: h,
  } = swapsSides(code) ? { x: box.y, y: box.x, width: box.height, height: box.width } : box
  return { x: flipsX(code) ? width - x - w : x, y: flipsY(code) ? height - y - h : y, width: w, height: h }
}

/** Index of the first pixel, and the steps to the right and down, that walk a stored box of `width` × `height` pixels upright. */
export function uprightWalk(
  code: number,
  width: number,
  height: number,
): { start: number; right: number; down: number } {
  const alongX = flipsX(code) ? -1 : 1
  const alongY = flipsY(code) ? -width : width
  const start = (flipsX(code) ? width - 1 : 0) + (flipsY(code) ? (height - 1) * width : 0)
  return swapsSides(code) ? { start, right: alongY, down: alongX } : { start, right: alongX, down: alongY }
}
