import { createPng, heatMap, overlay, regionFinder, type PictureReader, type Region } from '../../image'
import type { Bands } from '../../models/anomaly/scanner'

/** Files that the finds of a picture are drawn into. */
export interface DrawnFiles {
  heatmap: string
  mask: string
  overlay: string
}

/** What lies in a picture at or above a threshold. */
export interface Found {
  /** The largest regions first to be looked at, those of the highest peaks. */
  regions: Region[]
  /** How many there are in all, and the share of pixels in them. */
  count: number
  share: number
}

/** Most regions that are told of one picture. */
const mostRegions = 200

/**
 * Draws a picture's map, band by band: its colours on the fixed scale of 0 to 1, white where it lies at or above `threshold`, and the colours over the
 * picture. No file appears before the whole map is there. Throws `disk-full`, `no-permission`, and what `check` throws.
 */
export async function drawMap(
  picture: PictureReader,
  bands: Bands,
  { files, threshold, check = () => {} }: { files: DrawnFiles; threshold: number; check?: () => void },
): Promise<Found> {
  const { width, height } = picture.info
  const size = { width, height, depth: 8 as const }
  const finder = regionFinder(width, { threshold, most: mostRegions })
  const writers = {
    heatmap: await createPng(files.heatmap, { ...size, channels: 3 }),
    mask: await createPng(files.mask, { ...size, channels: 1 }),
    overlay: await createPng(files.overlay, { ...size, channels: 3 }),
  }
  let above = 0
  try {
    for await (const { y, rows, data } of bands) {
      check()
      finder.push(data)
      const mask = Uint8Array.from(data, (value) => (value >= threshold ? 255 : 0))
      for (const value of mask) if (value > 0) above++
      await writers.heatmap.write(heatMap(data))
      await writers.mask.write(mask)
      await writers.overlay.write(overlay(picture.read({ x: 0, y, width, height: rows }), data))
    }
    for (const writer of Object.values(writers)) await writer.finish()
  } catch (thrown) {
    for (const writer of Object.values(writers)) await writer.abort()
    throw thrown
  }
  const { regions, count } = finder.finish()
  return { regions, count, share: above / (width * height) }
}
