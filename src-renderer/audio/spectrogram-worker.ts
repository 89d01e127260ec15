import { colourMap } from './colour-map'
import { mixDown, readPcm, type PcmSource } from './pcm'
import { columnMaker, loudest, planFor, quietest } from './spectrum'

export interface TileRequest {
  key: string
  source: PcmSource
  /** Frame at the tile's left edge, and frames from column to column. */
  from: number
  hop: number
  columns: number
}

export interface TileAnswer {
  key: string
  image?: ImageBitmap
  error?: string
}

/** Windows that are read one by one, rather than the whole stretch, when columns lie further apart than this many windows. */
const sparse = 24
const readers = 6

const mono = async (source: PcmSource, from: number, count: number) => mixDown(await readPcm(source, from, count))

/** Draws one tile: reads its stretch of samples, or only the windows around its columns where the stretch is long. */
async function draw({ source, from, hop, columns }: TileRequest): Promise<ImageBitmap> {
  const plan = planFor(source.sampleRate)
  const { size, rows } = plan
  const fill = columnMaker(plan, source.sampleRate)
  const image = new ImageData(columns, rows)
  const levels = new Float32Array(rows)
  const paint = (column: number, samples: Float32Array, centre: number) => {
    fill(samples, centre, levels)
    for (let row = 0; row < rows; row++) {
      const share = (levels[row]! - quietest) / (loudest - quietest)
      const colour = Math.round(255 * Math.min(1, Math.max(0, share))) * 4
      image.data.set(colourMap.subarray(colour, colour + 4), ((rows - 1 - row) * columns + column) * 4)
    }
  }
  const centre = (column: number) => from + (column + 0.5) * hop

  if (hop <= size * sparse) {
    const first = Math.max(0, Math.floor(from - size / 2))
    const samples = await mono(source, first, Math.ceil(columns * hop + size) + 1)
    for (let column = 0; column < columns; column++)
      if (centre(column) < source.frames) paint(column, samples, centre(column) - first)
  } else {
    let next = 0
    const work = async () => {
      for (let column = next++; column < columns && centre(column) < source.frames; column = next++) {
        const first = Math.max(0, Math.round(centre(column) - size / 2))
        paint(column, await mono(source, first, size), size / 2)
      }
    }
    await Promise.all(Array.from({ length: readers }, work))
  }
  return createImageBitmap(image)
}

self.addEventListener('message', ({ data }: MessageEvent<TileRequest>) => {
  draw(data).then(
    (image) => self.postMessage({ key: data.key, image } satisfies TileAnswer, { transfer: [image] }),
    (error: unknown) => self.postMessage({ key: data.key, error: String(error) } satisfies TileAnswer),
  )
})
