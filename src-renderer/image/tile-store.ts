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
  /** A tile that is drawn as it is; undefined until it is there, or what comes before it. One that is not `isWanted` is not fetched. */
  picture(asset: string, at: TileAt, isWanted?: boolean): PictureTile | undefined
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

/** A tile of a picture, or what is shown until it is there. */
export interface PictureTile {
  bitmap: ImageBitmap
  isDraft: boolean
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
/** Most of these that wait for what is shown as a draft: the engine answers them only when it has read the whole picture. */
const mostForDrafts = 2
const pixelBytes = 4 * tileSide * tileSide

/** Tiles from `/media/`; `changed` is told when one arrived or cannot be had. */
export function tileStore(changed: () => void): TileStore {
  const pictures = leastRecent<PictureTile>(most.pictures, ({ bitmap }) => bitmap.close())
  const levels = leastRecent<LevelTile>(most.levels)
  const painted = leastRecent<Painted>(most.painted)
  const failed = new Map<string, string>()
  const leaving = new AbortController()
  /** Wanted and not yet asked for, the first to be drawn first; then what is shown as a draft. */
  let wanted = new Map<string, () => Promise<void>>()
  let better = new Map<string, () => Promise<void>>()
  const running = new Set<string>()
  let forDrafts = 0

  const start = (key: string, load: () => Promise<void>, over: () => void) => {
    running.add(key)
    void load().finally(() => {
      running.delete(key)
      over()
      if (leaving.signal.aborted) return
      changed()
      pump()
    })
  }
  const pump = () => {
    for (const [key, load] of wanted) {
      if (running.size >= mostAtOnce) return
      wanted.delete(key)
      if (!running.has(key)) start(key, load, () => {})
    }
    for (const [key, load] of better) {
      if (running.size >= mostAtOnce || forDrafts >= mostForDrafts) return
      better.delete(key)
      if (running.has(key)) continue
      forDrafts++
      start(key, load, () => forDrafts--)
    }
  }
  const want = (
    kind: Kind,
    asset: string,
    at: TileAt,
    take: (response: Response) => Promise<void>,
    { draft = false, isBetter = false } = {},
  ) => {
    const key = `${kind} ${keyOf(asset, at)}`
    const list = isBetter ? better : wanted
    if (failed.has(asset) || running.has(key) || list.has(key)) return
    list.set(key, async () => {
      try {
        const path = `/media/${asset}/${kind}/${at.level}/${at.column}-${at.row}${draft ? '?draft' : ''}`
        await take(await fetchTile(path, leaving.signal))
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
      const take = async (response: Response) => {
        // As the file has it: no colour is changed on the way to the canvas.
        const options = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' } as const
        const bitmap = await createImageBitmap(await response.blob(), options)
        const isDraft = response.headers.has('nagare-draft')
        if (leaving.signal.aborted) bitmap.close()
        else pictures.put(key, { bitmap, isDraft }, 4 * bitmap.width * bitmap.height)
      }
      if (isWanted && (!known || known.isDraft))
        want('tiles', asset, at, take, known ? { isBetter: true } : { draft: true })
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
      better = new Map()
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
