import {
  planTiles,
  readFitted,
  stitchPlanes,
  unfitBands,
  type MapBand,
  type Picture,
  type Placement,
  type Readable,
} from '../../image'
import type { Detector } from './detector'
import { keptTerms } from './kept-terms'
import { imagesOf, placed, type View } from './view'

/** What a detector found in one picture: each term, of its oddest tile where it has several. */
export type Terms = Record<string, number>

/** Rows of a map, and of what the detector makes of the picture where it makes any: [rows, width, channels of its view], 0 to 1. */
export interface Band extends MapBand {
  readonly reconstruction?: Float32Array
}

/** A map over a whole picture, from top to bottom. Where it is not read to its end nothing more is computed. */
export type Bands = Iterable<Band> | AsyncIterable<Band>

/** Reads a map to its end and forgets it: what works by tiles computes as its map is read. */
export async function drained(bands: Bands): Promise<void> {
  for await (const _ of bands);
}

export interface ScanHooks {
  /** Called after each part of the work; throws to stop it. */
  progress?: (done: number, total: number) => void
  /** For each picture a mask of its size, over 0.5 where it does not count: left out of its terms. */
  ignored?: readonly (Readable | undefined)[]
}

/** Looks at pictures of any size through a detector. */
export interface Scanner {
  readonly view: View
  /** How many pictures at a time cost least. */
  readonly together: number
  /** Each picture's terms; `use` gets its map, and reads it to its end. */
  scan(
    pictures: readonly Readable[],
    use: (index: number, bands: Bands) => Promise<void>,
    hooks?: ScanHooks,
  ): Promise<Terms[]>
  close(): Promise<void>
}

/** Pictures, and tiles of one picture, at a time. */
const TOGETHER = 32

/** A scanner that sees pictures as `view` says; `close` closes the detector. Memory grows with a picture's width alone. */
export function openScanner(detector: Detector, view: View): Scanner {
  return {
    view,
    together: view.mode === 'whole' ? TOGETHER : 1,
    async scan(pictures, use, hooks = {}) {
      if (view.mode === 'whole') return scanWhole(detector, view, pictures, use, hooks)
      const found: Terms[] = []
      for (const [i, picture] of pictures.entries()) found.push(await scanTiles(detector, view, picture, i, use, hooks))
      return found
    },
    close: () => detector.close(),
  }
}

async function scanWhole(
  detector: Detector,
  view: View,
  pictures: readonly Readable[],
  use: (index: number, bands: Bands) => Promise<void>,
  { progress, ignored }: ScanHooks,
): Promise<Terms[]> {
  const found: Terms[] = []
  for (let first = 0; first < pictures.length; first += TOGETHER) {
    const some = pictures.slice(first, first + TOGETHER)
    const images = imagesOf(
      some.map((picture) => readFitted(picture, view.size)),
      view,
    )
    const check = progress && (() => progress(first, pictures.length))
    const { terms, map, reconstruction } = await detector.score(images, check)
    const pixels = view.size ** 2
    const values = reconstruction && (reconstruction.data as Float32Array)
    for (const [i, picture] of some.entries()) {
      const own = (map.data as Float32Array).subarray(i * pixels, (i + 1) * pixels)
      const all = Object.fromEntries(Object.entries(terms).map(([name, values]) => [name, values[i]!]))
      const mask = ignored?.[first + i]
      found.push(mask ? keptTerms(all, own, keptOf(readFitted(mask, view.size)), detector.pools) : all)
      const at = placed(picture, view)
      const planes = values && values.subarray(i * pixels * view.channels, (i + 1) * pixels * view.channels)
      await use(first + i, planes ? unfitBoth(own, planes, at) : unfitBands(own, at))
      progress?.(first + i + 1, pictures.length)
    }
  }
  return found
}

async function scanTiles(
  detector: Detector,
  view: View,
  picture: Readable,
  index: number,
  use: (index: number, bands: Bands) => Promise<void>,
  { progress, ignored }: ScanHooks,
): Promise<Terms> {
  const most: Terms = {}
  /** What a picture is said to have of which nothing counts. */
  const lowest: Terms = {}
  const mask = ignored?.[index]
  const plan = planTiles(picture.info, view.size, view.overlap)
  const pixels = view.size ** 2
  const bands = stitchPlanes(
    picture,
    plan,
    async (tiles) => {
      const images = imagesOf(
        tiles.map((tile) => tile.picture),
        view,
      )
      const { terms, map, reconstruction } = await detector.score(images)
      const maps = tiles.map((_, i) => (map.data as Float32Array).subarray(i * pixels, (i + 1) * pixels))
      for (const [i, tile] of tiles.entries()) {
        let own = Object.fromEntries(Object.entries(terms).map(([name, values]) => [name, values[i]!]))
        if (mask) {
          const kept = keptOf(mask.read({ x: tile.x, y: tile.y, width: view.size, height: view.size }))
          own = kept.includes(1) ? keptTerms(own, maps[i]!, kept, detector.pools) : {}
        }
        for (const [name, value] of Object.entries(own)) most[name] = Math.max(most[name] ?? -Infinity, value)
        for (const [name, values] of Object.entries(terms))
          lowest[name] = Math.min(lowest[name] ?? Infinity, values[i]!)
      }
      if (!reconstruction) return maps
      const size = pixels * view.channels
      return maps.map((own, i) => {
        const planes = new Float32Array(pixels + size)
        planes.set(own)
        planes.set((reconstruction.data as Float32Array).subarray(i * size, (i + 1) * size), pixels)
        return planes
      })
    },
    { batch: TOGETHER, ...(progress ? { progress } : {}) },
  )
  await use(index, apart(bands, picture.info.width))
  return { ...lowest, ...most }
}

/** The map's rows and, where there are more planes than that, the reconstruction's. */
async function* apart(bands: AsyncIterable<MapBand>, width: number): AsyncGenerator<Band> {
  for await (const { y, rows, data } of bands) {
    const pixels = rows * width
    const band = { y, rows, data: data.subarray(0, pixels) }
    yield data.length === pixels ? band : { ...band, reconstruction: interleaved(data.subarray(pixels), pixels) }
  }
}

/** The bands of a map and of a reconstruction, [channels, size, size], of one square. */
function* unfitBoth(map: Float32Array, planes: Float32Array, at: Placement): Generator<Band> {
  const channels = Array.from({ length: planes.length / map.length }, (_, c) =>
    unfitBands(planes.subarray(c * map.length, (c + 1) * map.length), at),
  )
  for (const band of unfitBands(map, at)) {
    const data = new Float32Array(band.data.length * channels.length)
    channels.forEach((bands, c) => data.set(bands.next().value!.data, c * band.data.length))
    yield { ...band, reconstruction: interleaved(data, band.data.length) }
  }
}

/** Planes −1 to 1, [channels, pixels], as a picture's values 0 to 1, [pixels, channels]. */
function interleaved(planes: Float32Array, pixels: number): Float32Array {
  const channels = planes.length / pixels
  const out = new Float32Array(planes.length)
  for (let c = 0; c < channels; c++)
    for (let p = 0; p < pixels; p++) out[p * channels + c] = Math.min(Math.max((planes[c * pixels + p]! + 1) / 2, 0), 1)
  return out
}

/** 1 where a mask of what does not count is off. */
const keptOf = ({ data }: Picture) => Uint8Array.from(data, (value) => (value > 0.5 ? 0 : 1))
