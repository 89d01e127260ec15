import { levelOf, regionFinder, valuesOf, type Region } from '@contract'
import { bitMask, createPng, heatMap, overlay, type PictureReader, type PngWriter } from '../../image'
import type { Bands } from '../../models/anomaly/scanner'

/** Files that the finds of a picture are drawn into. */
export interface DrawnFiles {
  heatmap: string
  mask: string
  overlay: string
  /** The map itself, grey, 16 bits: 65535 stands for 1. */
  map?: string
  /** What the model makes of the picture, where it makes anything. */
  reconstruction?: string
}

/** What lies in a picture at or above a threshold. */
export interface Found {
  /** The largest regions first to be looked at, those of the highest peaks. */
  regions: Region[]
  /** How many there are in all, and the share of pixels in them. */
  count: number
  share: number
  /** Lowest and highest value of the map. */
  low: number
  high: number
}

/** Most regions that are told of one picture. */
const mostRegions = 200

interface DrawOptions {
  files: DrawnFiles
  threshold: number
  /** Regions of fewer pixels are left out. */
  minArea: number
  check?: () => void
}

/**
 * Draws a picture's map, band by band, once it is brought to the 16 bits that it is kept in: its colours on the fixed scale of 0 to 1, white in the regions that lie at or
 * above `threshold`, and the colours over the picture. No file appears before the whole map is there. Throws `disk-full`, `no-permission`, and what `check` throws.
 */
export async function drawMap(
  picture: PictureReader,
  bands: Bands,
  { files, threshold, minArea, check = () => {} }: DrawOptions,
): Promise<Found & { hasReconstruction: boolean }> {
  const { width, height } = picture.info
  const size = { width, height, depth: 8 as const }
  const mask = bitMask(width, height)
  const finder = regionFinder(width, { threshold, minArea, most: mostRegions, speck: mask.clear })
  const writers = new Map<keyof DrawnFiles, PngWriter>()
  const begin = async (name: keyof DrawnFiles, path: string, format: { channels: 1 | 3; depth?: 16 }) => {
    const writer = await createPng(path, { ...size, ...format })
    writers.set(name, writer)
    return writer
  }
  let [low, high] = [Infinity, -Infinity]
  try {
    const heat = await begin('heatmap', files.heatmap, { channels: 3 })
    const over = await begin('overlay', files.overlay, { channels: 3 })
    const kept = files.map === undefined ? undefined : await begin('map', files.map, { channels: 1, depth: 16 })
    for await (const { y, rows, data, reconstruction } of bands) {
      check()
      const levels = Uint16Array.from(data, levelOf)
      const values = valuesOf(levels)
      for (const value of values) {
        if (value < low) low = value
        if (value > high) high = value
      }
      // What the finder clears must be set before.
      mask.set(y, values, threshold)
      finder.push(values)
      await kept?.write(levels)
      await heat.write(heatMap(values))
      await over.write(overlay(picture.read({ x: 0, y, width, height: rows }), values))
      if (reconstruction && files.reconstruction !== undefined) {
        const channels = reconstruction.length === 3 * data.length ? 3 : 1
        const made =
          writers.get('reconstruction') ?? (await begin('reconstruction', files.reconstruction, { channels }))
        await made.write(reconstruction)
      }
    }
    const { regions, count } = finder.finish()
    const writer = await begin('mask', files.mask, { channels: 1 })
    for (let y = 0; y < height; y += 64) {
      check()
      await writer.write(mask.rows(y, Math.min(64, height - y)))
    }
    for (const each of writers.values()) await each.finish()
    const share = mask.count() / (width * height)
    return { regions, count, share, low, high, hasReconstruction: writers.has('reconstruction') }
  } catch (thrown) {
    for (const each of writers.values()) await each.abort()
    throw thrown
  }
}
