import { colourMaps } from './colour-map'
import { bandsFor, loudestMel, melColumnMaker, melWindow, quietestMel, readMel, type MelSource } from './mel'
import { readMono, type PcmSource } from './pcm'
import { columnMaker, loudest, planFor, quietest, type SpectrumPlan } from './spectrum'

/** What a picture is drawn from: sound as it is, sound through mel bands, or a mel spectrogram that is there already. */
export type TileSource = { look: TileLook } & (
  { picture: 'spectrum' | 'mel'; pcm: PcmSource } | { picture: 'mel'; pcm?: undefined; mel: MelSource }
)

/** How it is drawn. */
export interface TileLook {
  axis: SpectrumPlan['scale'] | null
  colours: keyof typeof colourMaps
}

export interface TileRequest {
  key: string
  source: TileSource
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
const sparse = 8
const readers = 6
/** Frames that are read at once where columns lie close: a few megabytes. */
const mostRead = 1 << 18
/** Frames of a mel spectrogram that stand for a column where it spans more. */
const mostFrames = 16

/** A picture being drawn: `rows` levels at a time, lowest first, go to a column. */
interface Canvas {
  image: ImageData
  paint(column: number, levels: Float32Array): void
}

function canvas(columns: number, rows: number, low: number, high: number, colours: TileLook['colours']): Canvas {
  const colourMap = colourMaps[colours]
  const image = new ImageData(columns, rows)
  return {
    image,
    paint(column, levels) {
      for (let row = 0; row < rows; row++) {
        const share = (levels[row]! - low) / (high - low)
        const colour = Math.round(255 * Math.min(1, Math.max(0, share))) * 4
        image.data.set(colourMap.subarray(colour, colour + 4), ((rows - 1 - row) * columns + column) * 4)
      }
    },
  }
}

/** Runs `work` on the columns 0 … `columns` − 1, a few at a time. */
async function each(columns: number, work: (column: number) => Promise<void>) {
  let next = 0
  const run = async () => {
    for (let column = next++; column < columns; column = next++) await work(column)
  }
  await Promise.all(Array.from({ length: readers }, run))
}

/** Draws sound: reads its stretch of samples, or only the windows around its columns where the stretch is long. */
async function drawSound(
  picture: 'spectrum' | 'mel',
  source: PcmSource,
  { from, hop, columns, source: { look } }: TileRequest,
) {
  const { sampleRate } = source
  const plan = planFor(sampleRate, 256, look.axis)
  const bands = bandsFor(sampleRate)
  const isMel = picture === 'mel'
  const size = isMel ? melWindow(sampleRate) : plan.size
  const rows = isMel ? bands.mels : plan.rows
  const fill = isMel ? melColumnMaker(bands, sampleRate) : columnMaker(plan, sampleRate)
  const [low, high] = isMel ? [quietestMel, loudestMel] : [quietest, loudest]
  const drawn = canvas(columns, rows, low, high, look.colours)
  const levels = new Float32Array(rows)
  const paint = (column: number, samples: Float32Array, centre: number) => {
    fill(samples, centre, levels)
    drawn.paint(column, levels)
  }
  const centre = (column: number) => from + (column + 0.5) * hop
  const there = Math.min(columns, Math.max(0, Math.ceil((source.frames - from) / hop - 0.5)))

  if (hop <= size * sparse) {
    const atOnce = Math.max(1, Math.floor(mostRead / hop))
    for (let begin = 0; begin < there; begin += atOnce) {
      const end = Math.min(there, begin + atOnce)
      const first = Math.max(0, Math.floor(from + begin * hop - size / 2))
      const samples = await readMono(source, first, Math.ceil((end - begin) * hop + size) + 1)
      for (let column = begin; column < end; column++) paint(column, samples, centre(column) - first)
    }
  } else
    await each(there, async (column) => {
      const first = Math.max(0, Math.round(centre(column) - size / 2))
      paint(column, await readMono(source, first, size), size / 2)
    })
  return drawn.image
}

/** Draws a mel spectrogram: each column is the mean of the frames that it spans, of some of them where they are many. */
async function drawMel(source: MelSource, { from, hop, columns, source: { look } }: TileRequest) {
  const { mels, frames } = source
  const drawn = canvas(columns, mels, quietestMel, loudestMel, look.colours)
  const there = Math.min(columns, Math.max(0, Math.ceil((frames - from) / hop)))
  const paint = (column: number, mel: Float32Array, first: number, last: number) => {
    const levels = new Float32Array(mels)
    for (let frame = first; frame < last; frame++)
      for (let m = 0; m < mels; m++) levels[m]! += mel[frame * mels + m]! / (last - first)
    drawn.paint(column, levels)
  }
  if (hop <= mostFrames) {
    const base = Math.floor(from)
    const mel = await readMel(source, base, Math.ceil(columns * hop) + 1)
    const held = mel.length / mels
    for (let column = 0; column < there; column++) {
      const first = Math.min(held - 1, Math.floor(from + column * hop) - base)
      paint(column, mel, first, Math.min(held, Math.max(first + 1, Math.floor(from + (column + 1) * hop) - base)))
    }
  } else
    await each(there, async (column) => {
      const mel = await readMel(source, Math.floor(from + column * hop), mostFrames)
      paint(column, mel, 0, mel.length / mels)
    })
  return drawn.image
}

async function draw(request: TileRequest): Promise<ImageBitmap> {
  const { source } = request
  return createImageBitmap(
    source.pcm ? await drawSound(source.picture, source.pcm, request) : await drawMel(source.mel, request),
  )
}

self.addEventListener('message', ({ data }: MessageEvent<TileRequest>) => {
  draw(data).then(
    (image) => self.postMessage({ key: data.key, image } satisfies TileAnswer, { transfer: [image] }),
    (error: unknown) => self.postMessage({ key: data.key, error: String(error) } satisfies TileAnswer),
  )
})
