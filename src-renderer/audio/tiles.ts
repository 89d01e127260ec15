import type { TileAnswer, TileRequest, TileSource } from './spectrogram-worker'
import type { Viewport } from './viewport'

/** A picture of a stretch of sound, seconds `from` to `to`. */
export interface Tile {
  from: number
  to: number
  scale: number
  image: ImageBitmap
}

const columns = 256
const keep = 96
const atOnce = 2

/** What tells the tiles of one source and picture from others. */
const nameOf = (source: TileSource) =>
  `${source.picture},${source.look.axis},${source.look.colours} ${(source.pcm ?? source.mel).url}`

/** The tiles that show a view: columns per second (a power of two, at least the view's), and which tile numbers. */
export function tilesFor(view: Viewport): { scale: number; first: number; last: number } {
  const scale = 2 ** Math.ceil(Math.log2(view.scale) - 1e-6)
  const end = Math.min(view.duration, view.start + view.width / view.scale)
  return {
    scale,
    first: Math.floor((view.start * scale) / columns),
    last: Math.max(0, Math.ceil((end * scale) / columns) - 1),
  }
}

/** Tiles of spectrograms drawn by a worker, two at a time, the last 96 kept. */
export class Tiles {
  private readonly worker = new Worker(new URL('./spectrogram-worker.ts', import.meta.url), { type: 'module' })
  private readonly tiles = new Map<string, Tile>()
  private readonly drawing = new Set<string>()
  private readonly refused = new Set<string>()
  private wanted: { source: TileSource; view: Viewport } | undefined

  constructor(onTile: () => void, onError: (message: string) => void) {
    this.worker.addEventListener('message', ({ data: { key, image, error } }: MessageEvent<TileAnswer>) => {
      this.drawing.delete(key)
      if (image) this.put(key, image)
      else {
        this.refused.add(key)
        onError(error ?? '')
      }
      this.ask()
      onTile()
    })
  }

  /** Names what is on screen; tiles of it are drawn from now on. */
  want(source: TileSource, view: Viewport) {
    this.wanted = { source, view }
    this.ask()
  }

  /** Tiles at hand that overlap the view, coarse ones first. */
  over(source: TileSource, view: Viewport): Tile[] {
    const end = view.start + view.width / view.scale
    return [...this.tiles]
      .filter(([key, { from, to }]) => key.startsWith(`${nameOf(source)} `) && to > view.start && from < end)
      .map(([, tile]) => tile)
      .sort((a, b) => a.scale - b.scale)
  }

  close() {
    this.worker.terminate()
    for (const { image } of this.tiles.values()) image.close()
    this.tiles.clear()
  }

  private put(key: string, image: ImageBitmap) {
    const [, , scale, index] = key.split(' ')
    const seconds = columns / Number(scale)
    this.tiles.set(key, {
      from: Number(index) * seconds,
      to: (Number(index) + 1) * seconds,
      scale: Number(scale),
      image,
    })
    for (const [oldest, tile] of this.tiles) {
      if (this.tiles.size <= keep) break
      tile.image.close()
      this.tiles.delete(oldest)
    }
  }

  private ask() {
    if (!this.wanted) return
    const { source, view } = this.wanted
    const { scale, first, last } = tilesFor(view)
    for (let index = first; index <= last && this.drawing.size < atOnce; index++) {
      const key = `${nameOf(source)} ${scale} ${index}`
      if (this.tiles.has(key) || this.drawing.has(key) || this.refused.has(key)) continue
      this.drawing.add(key)
      const hop = (source.pcm ?? source.mel).sampleRate / scale
      this.worker.postMessage({ key, source, from: index * columns * hop, hop, columns } satisfies TileRequest)
    }
  }
}
