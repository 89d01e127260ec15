import { leastRecent } from './least-recent'
import { keyOf, tileBox, tileSide, type Size, type TileAt } from './tile-grid'

/** What a tile is fetched as: a picture to be drawn, or the levels of a map, 0 to 65535. */
type Kind = 'tiles' | 'values'

/** Levels of a map's tile, [height, width]. */
export interface LevelTile {
  levels: Uint16Array
  width: number
  height: number
}

/** Tiles of pictures and maps, fetched when first wanted; those used least lately are given up. */
export interface TileStore {
  /** A tile that is drawn as it is; undefined until it is there. One that is not `isWanted` is not fetched. */
  picture(asset: string, at: TileAt, isWanted?: boolean): ImageBitmap | undefined
  /** A map's tile; `size` is the map's. Undefined until it is there. */
  values(asset: string, size: Size, at: TileAt, isWanted?: boolean): LevelTile | undefined
  /** A drawing of a map's tile, kept by `look`, made by `paint` from its levels. */
  painted(
    asset: string,
    size: Size,
    at: TileAt,
    look: string,
    paint: (tile: LevelTile) => Painted,
    isWanted?: boolean,
  ): Painted | undefined
  /** Between them a drawing is made: what was wanted before and is not now need not be fetched any more. */
  begin(): void
  end(): void
  /** Assets whose tiles cannot be had, with why. */
  readonly failed: ReadonlyMap<string, string>
  /** Bytes of decoded tiles that are held. */
  readonly bytes: number
  close(): void
}

/** What a map's tile is drawn as. */
export interface Painted {
  image?: OffscreenCanvas
  lines?: Path2D
}

/** Most bytes of decoded pictures, of levels, and of what is drawn from them. */
const most = { pictures: 112 * 2 ** 20, levels: 40 * 2 ** 20, painted: 72 * 2 ** 20 }
/** Most tiles fetched at a time; the browser sends six at once to one host, and calls go there too. */
const mostAtOnce = 5
const pixelBytes = 4 * tileSide * tileSide

/** Tiles from `/media/`; `changed` is told when one arrived or cannot be had. */
export function tileStore(changed: () => void): TileStore {
  const pictures = leastRecent<ImageBitmap>(most.pictures, (bitmap) => bitmap.close())
  const levels = leastRecent<LevelTile>(most.levels)
  const painted = leastRecent<Painted>(most.painted)
  const failed = new Map<string, string>()
  const leaving = new AbortController()
  /** Wanted and not yet asked for, the first to be drawn first. */
  let wanted = new Map<string, () => Promise<void>>()
  const running = new Set<string>()

  const pump = () => {
    for (const [key, load] of wanted) {
      if (running.size >= mostAtOnce) return
      if (running.has(key)) continue
      wanted.delete(key)
      running.add(key)
      void load().finally(() => {
        running.delete(key)
        if (leaving.signal.aborted) return
        changed()
        pump()
      })
    }
  }
  const want = (kind: Kind, asset: string, at: TileAt, take: (response: Response) => Promise<void>) => {
    const key = `${kind} ${keyOf(asset, at)}`
    if (failed.has(asset) || running.has(key) || wanted.has(key)) return
    wanted.set(key, async () => {
      try {
        await take(await fetchTile(`/media/${asset}/${kind}/${at.level}/${at.column}-${at.row}`, leaving.signal))
      } catch (thrown) {
        if (!leaving.signal.aborted) failed.set(asset, thrown instanceof Error ? thrown.message : String(thrown))
      }
    })
  }
  const values = (asset: string, size: Size, at: TileAt, isWanted = true) => {
    const key = keyOf(asset, at)
    const known = levels.get(key)
    if (!known && isWanted)
      want('values', asset, at, async (response) => {
        const { width, height } = tileBox(size, at)
        const found = new Uint16Array(await response.arrayBuffer())
        if (found.length !== width * height)
          throw new Error(`Expected ${width * height} levels of a tile, found ${found.length}.`)
        levels.put(key, { levels: found, width, height }, found.byteLength)
      })
    return known
  }
  return {
    failed,
    picture(asset, at, isWanted = true) {
      const key = keyOf(asset, at)
      const known = pictures.get(key)
      if (!known && isWanted)
        want('tiles', asset, at, async (response) => {
          // As the file has it: no colour is changed on the way to the canvas.
          const options = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' } as const
          const bitmap = await createImageBitmap(await response.blob(), options)
          if (leaving.signal.aborted) bitmap.close()
          else pictures.put(key, bitmap, 4 * bitmap.width * bitmap.height)
        })
      return known
    },
    values,
    painted(asset, size, at, look, paint, isWanted = true) {
      const key = `${keyOf(asset, at)} ${look}`
      const known = painted.get(key)
      if (known) return known
      const tile = values(asset, size, at, isWanted)
      if (!tile) return undefined
      const made = paint(tile)
      painted.put(key, made, made.image ? 4 * tile.width * tile.height : pixelBytes / 8)
      return made
    },
    begin() {
      wanted = new Map()
    },
    end: pump,
    get bytes() {
      return pictures.cost + levels.cost + painted.cost
    },
    close() {
      leaving.abort()
      for (const store of [pictures, levels, painted]) store.drop(() => true)
    },
  }
}

/** Asks for a tile, again while the engine is being restarted. Throws with the engine's words where there is none. */
export async function fetchTile(url: string, signal: AbortSignal): Promise<Response> {
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(url, { signal })
    if (response.ok) return response
    const { error } = (await response.json().catch(() => ({}))) as { error?: { message?: string } }
    const isComing = response.status === 503 || response.headers.has('retry-after')
    if (!isComing || attempt > 200) throw new Error(error?.message ?? `Status ${response.status}.`)
    await new Promise((resolve) => setTimeout(resolve, Math.min(2000, 150 * 1.5 ** attempt)))
    signal.throwIfAborted()
  }
}
