import { heatScale } from '@contract'
import { heatValue } from '../image/heat-value'

/** A heat map's values, 0 to 255, [height, width], from the colours it is drawn in. */
export function heatLevels(bitmap: ImageBitmap): { width: number; height: number; levels: Uint8Array } {
  const { width, height } = bitmap
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!
  context.drawImage(bitmap, 0, 0)
  const { data } = context.getImageData(0, 0, width, height)
  const colours = heatScale()
  const known = new Map<number, number>()
  for (let i = 0; i < 256; i++) known.set((colours[3 * i]! << 16) | (colours[3 * i + 1]! << 8) | colours[3 * i + 2]!, i)
  const levels = new Uint8Array(width * height)
  for (let i = 0; i < levels.length; i++) {
    const [r, g, b] = [data[4 * i]!, data[4 * i + 1]!, data[4 * i + 2]!]
    const colour = (r << 16) | (g << 8) | b
    let level = known.get(colour)
    if (level === undefined) {
      level = Math.round(255 * heatValue([r, g, b]))
      known.set(colour, level)
    }
    levels[i] = level
  }
  return { width, height, levels }
}
