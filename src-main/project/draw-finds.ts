import { regionFinder, valuesOf, type Asset, type HeatColours, type Line } from '@contract'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { bitMask, createPng, heatMap, overlay, picture, withChannels, type Picture, type Pyramid } from '../image'
import { asNagareError, NagareError } from '../lib/errors'
import { stem } from '../lib/names'
import { exportName, type Exported } from './export-asset'
import { mapRows } from './map-regions'
import type { Project } from './open-project'
import { isMap } from './tiles'

export interface DrawOptions {
  map: string
  what: 'heatmap' | 'mask' | 'overlay' | 'difference'
  line: Line
  colours: HeatColours
  /** Values of the first and the last colour. */
  low: number
  high: number
  /** Share of the map in an overlay. */
  opacity: number
}

type Rows = { y: number; rows: number; levels: Uint16Array }
type Paint = (rows: Rows) => Promise<Uint8Array> | Uint8Array

/**
 * Draws a map in colours, its mask by a line, its colours over the picture, or how far the reconstruction is from the picture, and writes that to `exports/` as a
 * PNG, which appears when complete. Throws `bad-input` for what is no map, `not-found`, `disk-full`, `cancelled`.
 */
export async function drawFinds(project: Project, options: DrawOptions, signal?: AbortSignal): Promise<Exported> {
  const { map, what } = options
  const asset = project.assets.get(map)
  if (!isMap(asset)) throw new NagareError('bad-input', `${asset.name}: expected the map of an inspection.`)
  const source = project.assets.get(asset.origin!.source)
  const name = exportName(project, `${map} ${JSON.stringify(options)}`, `${stem(source.name)} (${what})`, '.png')
  const path = join(project.paths.exports, name)
  try {
    await project.tiles.withPyramid(map, async (pyramid) => {
      const { channels, paint } = await painter(project, asset, pyramid, options, signal)
      const { width, height } = pyramid.shape
      const writer = await createPng(path, { width, height, depth: 8, channels })
      try {
        for await (const rows of mapRows(pyramid, signal)) await writer.write(await paint(rows))
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

/** How the rows of a map become those of what is drawn. */
async function painter(
  project: Project,
  { origin }: Asset,
  pyramid: Pyramid,
  { what, line, colours, low, high, opacity }: DrawOptions,
  signal: AbortSignal | undefined,
): Promise<{ channels: 1 | 3; paint: Paint }> {
  const heat = { scale: colours, low, high }
  switch (what) {
    case 'heatmap':
      return { channels: 3, paint: ({ levels }) => heatMap(valuesOf(levels), heat) }
    case 'overlay': {
      const under = (rows: Rows) => rowsOf(project, origin!.source, rows)
      return {
        channels: 3,
        paint: async (rows) => overlay(await under(rows), valuesOf(rows.levels), { ...heat, opacity }),
      }
    }
    case 'mask': {
      const mask = await maskOf(pyramid, line, signal)
      return { channels: 1, paint: ({ y, rows }) => mask.rows(y, rows) }
    }
    case 'difference': {
      const made = project.assets
        .list()
        .find((other) => other.origin?.job === origin!.job && other.origin.role === 'reconstruction')
      if (!made) throw new NagareError('not-found', 'The model made no reconstruction of this picture.')
      const channels = made.image!.channels === 1 ? 1 : project.assets.get(origin!.source).image!.channels
      return {
        channels,
        async paint(rows) {
          const a = withChannels(await rowsOf(project, origin!.source, rows), channels).data
          const b = withChannels(await rowsOf(project, made.id, rows), channels).data
          return Uint8Array.from(a, (value, i) => Math.abs(Math.round(255 * value) - Math.round(255 * b[i]!)))
        },
      }
    }
  }
}

async function maskOf(pyramid: Pyramid, line: Line, signal: AbortSignal | undefined) {
  const { width, height } = pyramid.shape
  const mask = bitMask(width, height)
  const finder = regionFinder(width, { ...line, speck: mask.clear })
  for await (const { y, levels } of mapRows(pyramid, signal)) {
    const values = valuesOf(levels)
    mask.set(y, values, line.threshold)
    finder.push(values)
  }
  finder.finish()
  return mask
}

/** Rows of a picture. */
const rowsOf = (project: Project, id: string, { y, rows }: Rows): Promise<Picture> =>
  project.tiles.withPyramid(id, ({ read, shape: { width, channels, depth } }) => {
    const { levels } = read(0, { x: 0, y, width, height: rows })
    const most = depth === 16 ? 65535 : 255
    return picture(
      width,
      rows,
      channels,
      Float32Array.from(levels, (level) => level / most),
      depth,
    )
  })
