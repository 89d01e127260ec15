import { regionFinder, valuesOf, type HeatColours, type Line } from '@contract'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { bitMask, createPng, heatMap, overlay } from '../image'
import { asNagareError, NagareError } from '../lib/errors'
import { stem } from '../lib/names'
import { exportName, type Exported } from './export-asset'
import { mapRows } from './map-regions'
import type { Project } from './open-project'
import { isMap } from './tiles'

export interface DrawOptions {
  map: string
  what: 'heatmap' | 'mask' | 'overlay'
  line: Line
  colours: HeatColours
  /** Values of the first and the last colour. */
  low: number
  high: number
  /** Share of the map in an overlay. */
  opacity: number
}

/**
 * Draws a map in colours, its mask by a line, or its colours over the picture, and writes that to `exports/` as a PNG, which appears when complete.
 * Throws `bad-input` for what is no map, `not-found`, `disk-full`, `cancelled`.
 */
export async function drawFinds(project: Project, options: DrawOptions, signal?: AbortSignal): Promise<Exported> {
  const { map, what, line, colours, low, high, opacity } = options
  const asset = project.assets.get(map)
  if (!isMap(asset)) throw new NagareError('bad-input', `${asset.name}: expected the map of an inspection.`)
  const source = project.assets.get(asset.origin!.source)
  const name = exportName(project, `${map} ${JSON.stringify(options)}`, `${stem(source.name)} (${what})`, '.png')
  const path = join(project.paths.exports, name)
  const heat = { scale: colours, low, high }
  try {
    await project.tiles.withPyramid(map, async (pyramid) => {
      const { width, height } = pyramid.shape
      const mask = bitMask(width, height)
      if (what === 'mask') {
        const finder = regionFinder(width, { ...line, speck: mask.clear })
        for await (const { y, levels } of mapRows(pyramid, signal)) {
          const values = valuesOf(levels)
          mask.set(y, values, line.threshold)
          finder.push(values)
        }
        finder.finish()
      }
      const writer = await createPng(path, { width, height, depth: 8, channels: what === 'mask' ? 1 : 3 })
      try {
        for await (const { y, rows, levels } of mapRows(pyramid, signal)) {
          if (what === 'mask') await writer.write(mask.rows(y, rows))
          else if (what === 'heatmap') await writer.write(heatMap(valuesOf(levels), heat))
          else {
            const under = await project.tiles.withPyramid(source.id, ({ read, shape }) => ({
              channels: shape.channels,
              data: Float32Array.from(
                read(0, { x: 0, y, width, height: rows }).levels,
                (level) => level / (shape.depth === 16 ? 65535 : 255),
              ),
            }))
            await writer.write(overlay(under, valuesOf(levels), { ...heat, opacity }))
          }
        }
        await writer.finish()
      } catch (thrown) {
        await writer.abort()
        throw thrown
      }
    })
    return { url: `/exports/${encodeURIComponent(name)}`, name, bytes: (await stat(path)).size }
  } catch (thrown) {
    throw asNagareError(thrown, name)
  }
}
