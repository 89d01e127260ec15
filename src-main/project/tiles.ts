import type { Asset } from '@contract'
import { readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import {
  encodeTile,
  inEightBits,
  openDraft,
  openPyramid,
  tileSide,
  writePyramid,
  type Draft,
  type Levels,
  type Pyramid,
} from '../image'
import { NagareError } from '../lib/errors'
import type { Log } from '../lib/log'
import type { AssetStore } from './assets'
import type { Layout } from './layout'

/** Most bytes of pyramids kept on disk beside the one in use. */
const mostBytes = 3 * 2 ** 30
/** Most pyramids held open. */
const mostOpen = 12

/** Pictures in tiles of 512 pixels and in halves of their size, made when first asked for and kept in the project's folder as long as there is room. */
export interface Tiles {
  /** A tile for showing, a PNG of 8 bits. Throws `not-found`, `bad-input`, and what reading the picture throws. */
  picture(id: string, level: number, column: number, row: number): Promise<Uint8Array>
  /** A tile about as `picture` will answer it, where that takes long: of the smaller levels of a large picture whose pyramid is being made. Undefined where there is none. */
  draft(id: string, level: number, column: number, row: number): Promise<Uint8Array | undefined>
  /** A tile's own integers, [height, width, channels], little-endian; of a map's smaller levels the highest of those each stands for. */
  values(id: string, level: number, column: number, row: number): Promise<Uint8Array>
  /** The integers of one pixel. */
  pixel(id: string, x: number, y: number): Promise<number[]>
  /** Lets `use` read a picture's pyramid, which stays while it does. */
  withPyramid<T>(id: string, use: (pyramid: Pyramid) => Promise<T> | T): Promise<T>
  close(): Promise<void>
}

/** Pictures over so many pixels have a draft while their pyramid is made. */
const draftPixels = 16_000_000

/** Whether a picture's integers are the values of a map. */
export const isMap = ({ origin }: Asset): boolean => origin?.role === 'map'

interface TileParts {
  paths: Layout
  assets: AssetStore
  closing: AbortSignal
  log: Log
  /** The file that holds a picture. */
  contentFile(id: string): Promise<string>
}

interface Entry {
  pyramid: Promise<Pyramid>
  /** While the pyramid is made, what is there before it. */
  draft: Promise<Draft | undefined> | undefined
  users: number
}

/** Opens the tiles of a project; what belongs to no picture, or is not whole, is wiped. */
export async function openTiles({ paths, assets, closing, log, contentFile }: TileParts): Promise<Tiles> {
  /** Pyramids held open, the one that was used least lately first. */
  const open = new Map<string, Entry>()
  const folderOf = (id: string) => join(paths.tiles, id)
  for (const name of await readdir(paths.tiles))
    if (!assets.has(name)) await rm(folderOf(name), { recursive: true, force: true })

  const shut = async (id: string, entry: Entry) => {
    open.delete(id)
    await entry.pyramid.then((pyramid) => pyramid.close()).catch(() => undefined)
  }
  assets.subscribe({
    changed() {},
    removed(id) {
      const entry = open.get(id)
      const gone = async () => {
        if (entry) await shut(id, entry)
        await rm(folderOf(id), { recursive: true, force: true, maxRetries: 3 })
      }
      void gone().catch((thrown: unknown) => log.warn('tiles-not-removed', { asset: id, error: thrown }))
    },
  })

  /** What shows something of a large picture before its pyramid is there; undefined where that is there, or comes as soon. */
  const draftOf = async (asset: Asset): Promise<Draft | undefined> => {
    const { width, height } = asset.image!
    if (isMap(asset) || width * height <= draftPixels) return undefined
    if (await stat(folderOf(asset.id)).catch(() => undefined)) return undefined
    // What is wrong with the picture is said when all of it is read.
    return openDraft(await contentFile(asset.id)).catch(() => undefined)
  }

  const make = async (asset: Asset, draft: Promise<unknown>): Promise<Pyramid> => {
    const folder = folderOf(asset.id)
    const known = await openPyramid(folder).catch(() => undefined)
    if (known) return known
    // One after the other: the draft would come late if both read at once.
    await draft
    await rm(folder, { recursive: true, force: true })
    const part = join(paths.work, `tiles-${asset.id}`)
    try {
      const reduction = isMap(asset) ? 'max' : 'mean'
      await writePyramid(await contentFile(asset.id), part, { reduction, signal: closing, spoolFolder: paths.work })
      await rename(part, folder)
    } catch (thrown) {
      await rm(part, { recursive: true, force: true })
      throw thrown
    }
    void trim(asset.id).catch((thrown: unknown) => log.warn('tiles-not-trimmed', { error: thrown }))
    return openPyramid(folder)
  }

  /** Removes what was used least lately until the rest fits; what is open or `except` stays. */
  const trim = async (except: string) => {
    const found: { id: string; bytes: number; used: number }[] = []
    for (const id of await readdir(paths.tiles)) {
      let bytes = 0
      for (const name of await readdir(folderOf(id))) bytes += (await stat(join(folderOf(id), name))).size
      found.push({ id, bytes, used: (await stat(folderOf(id))).mtimeMs })
    }
    let total = found.reduce((sum, { id, bytes }) => sum + (id === except ? 0 : bytes), 0)
    for (const { id, bytes } of found.sort((a, b) => a.used - b.used)) {
      if (total <= mostBytes) return
      if (id === except || open.get(id)?.users) continue
      const entry = open.get(id)
      if (entry) await shut(id, entry)
      await rm(folderOf(id), { recursive: true, force: true })
      total -= bytes
    }
  }

  const begin = (asset: Asset): Entry => {
    const draft = draftOf(asset)
    const entry: Entry = { pyramid: make(asset, draft), draft, users: 0 }
    const over = () => (entry.draft = undefined)
    entry.pyramid.then(over, over)
    return entry
  }

  const withPyramid = async <T>(id: string, use: (pyramid: Pyramid) => Promise<T> | T): Promise<T> => {
    const asset = assets.get(id)
    if (!asset.image) throw new NagareError('bad-input', `${asset.name} is no picture.`)
    const entry = open.get(id) ?? begin(asset)
    open.delete(id)
    open.set(id, entry)
    entry.users++
    try {
      const pyramid = await entry.pyramid.catch((thrown: unknown) => {
        if (open.get(id) === entry) open.delete(id)
        throw thrown
      })
      for (const [other, idle] of open)
        if (open.size > mostOpen && idle.users === 0 && other !== id) {
          const now = new Date()
          await utimes(folderOf(other), now, now).catch(() => undefined)
          await shut(other, idle)
        }
      return await use(pyramid)
    } finally {
      entry.users--
    }
  }

  const boxOf = (column: number, row: number) => {
    return { x: column * tileSide, y: row * tileSide, width: tileSide, height: tileSide }
  }
  const tile = (id: string, level: number, column: number, row: number) =>
    withPyramid(id, (pyramid) => ({
      ...pyramid.read(level, boxOf(column, row)),
      channels: pyramid.shape.channels,
    }))
  return {
    async picture(id, level, column, row) {
      const { levels, ...size } = await tile(id, level, column, row)
      return encodeTile(inEightBits(levels), size)
    },
    async draft(id, level, column, row) {
      // Begins the pyramid, whose failure is said to those who want it.
      if (!open.has(id)) void withPyramid(id, () => undefined).catch(() => undefined)
      const draft = await open.get(id)?.draft
      const found = draft?.read(level, boxOf(column, row))
      if (!draft || !found) return undefined
      const { levels, ...size } = found
      return encodeTile(inEightBits(levels), { ...size, channels: draft.shape.channels })
    },
    async values(id, level, column, row) {
      const { levels } = await tile(id, level, column, row)
      return bytesOf(levels)
    },
    pixel: (id, x, y) => withPyramid(id, (pyramid) => [...pyramid.read(0, { x, y, width: 1, height: 1 }).levels]),
    withPyramid,
    async close() {
      for (const [id, entry] of open) await shut(id, entry)
    },
  }
}

const bytesOf = (levels: Levels) => new Uint8Array(levels.buffer, levels.byteOffset, levels.byteLength)
