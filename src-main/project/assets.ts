import { Asset, Id } from '@contract'
import { lstat, readdir, readFile, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { sweepParts, writeFileAtomic } from '../lib/atomic-file'
import { asNagareError, NagareError } from '../lib/errors'
import type { Log } from '../lib/log'
import type { Layout } from './layout'
import { uniqueName } from './names'

export interface AssetListener {
  changed(asset: Asset): void
  removed(id: string): void
}

/** What the project holds: a record per asset in memory, each saved as `asset.json` in the asset's folder. */
export interface AssetStore {
  /** All of them, oldest first. */
  list(): Asset[]
  has(id: string): boolean
  /** Throws `not-found`. */
  get(id: string): Asset
  /** `name`, or with a number when another asset has it. */
  freeName(name: string, except?: string): string
  /** Saves the record, old or new. */
  put(asset: Asset): Promise<void>
  /** Shows a record that could not be saved, where what it says can be told from elsewhere when the project opens. */
  show(asset: Asset): void
  /** Takes in the complete folder `staged` as the asset's, in one step. */
  enter(asset: Asset, staged: string): Promise<void>
  rename(id: string, name: string): Promise<void>
  /** Deletes the asset and its files; a link in its place is cut, never followed. */
  remove(id: string): Promise<void>
  /** Takes the asset out of sight and leaves its files, which other documents are made of. */
  keep(id: string): Promise<void>
  /** Ids of assets that were so kept. */
  kept(): Promise<string[]>
  /** Deletes the files of one of them. */
  dropKept(id: string): Promise<void>
  subscribe(listener: AssetListener): void
}

const recordFile = (folder: string) => join(folder, 'asset.json')
const keptFile = (folder: string) => join(folder, 'kept.json')

/** Writes the record of an asset into `folder`. */
export const writeAssetRecord = (folder: string, asset: Asset) =>
  writeFileAtomic(recordFile(folder), JSON.stringify(asset, null, 2))

/** Reads the assets of a project; a folder that holds no sound record is left alone and told to `log`. */
export async function openAssets(paths: Layout, log: Log): Promise<AssetStore> {
  const assets = new Map<string, Asset>()
  const listeners = new Set<AssetListener>()

  for (const entry of await readdir(paths.assets, { withFileTypes: true })) {
    if (!entry.isDirectory() || !Id.safeParse(entry.name).success) continue
    if (await isThere(keptFile(paths.asset(entry.name)))) continue
    try {
      const asset = Asset.parse(JSON.parse(await readFile(recordFile(paths.asset(entry.name)), 'utf8')))
      if (asset.id !== entry.name)
        throw new NagareError('corrupt', `expected the record of ${entry.name}, found ${asset.id}`)
      assets.set(asset.id, asset)
      await sweepParts(paths.asset(asset.id))
    } catch (thrown) {
      log.warn('asset-skipped', { folder: entry.name, error: thrown })
    }
  }

  const get = (id: string) => {
    const asset = assets.get(id)
    if (!asset)
      throw new NagareError('not-found', `The project has no asset ${id}.`, { hint: 'It may have been removed.' })
    return asset
  }
  const tell = (asset: Asset) => {
    assets.set(asset.id, asset)
    for (const listener of listeners) listener.changed(asset)
  }
  const freeName = (name: string, except?: string) =>
    uniqueName(
      name,
      [...assets.values()].filter(({ id }) => id !== except).map((asset) => asset.name),
    )
  const gone = (id: string) => {
    assets.delete(id)
    for (const listener of listeners) listener.removed(id)
  }
  /** Deletes an asset's folder; a link in its place is cut, never followed. */
  const wipe = async (id: string, name: string) => {
    const folder = paths.asset(id)
    const trash = join(paths.work, `removed-${id}`)
    try {
      const found = await lstat(folder).catch(() => undefined)
      if (found?.isSymbolicLink()) await unlink(folder)
      else if (found) {
        await rename(folder, trash)
        await rm(trash, { recursive: true, force: true })
      }
    } catch (thrown) {
      throw asNagareError(thrown, name)
    }
  }
  const put = async (asset: Asset) => {
    await writeAssetRecord(paths.asset(asset.id), asset)
    tell(asset)
  }
  return {
    list: () => [...assets.values()].sort((a, b) => a.createdAt.localeCompare(b.createdAt)),
    has: (id) => assets.has(id),
    get,
    freeName,
    put,
    show: tell,
    async enter(asset, staged) {
      await rename(staged, paths.asset(asset.id)).catch((thrown: unknown) => {
        throw asNagareError(thrown, asset.name)
      })
      tell(asset)
    },
    rename: (id, name) => put({ ...get(id), name: freeName(name, id) }),
    async remove(id) {
      await wipe(id, get(id).name)
      gone(id)
    },
    async keep(id) {
      const folder = paths.asset(id)
      await rename(recordFile(folder), keptFile(folder)).catch((thrown: unknown) => {
        throw asNagareError(thrown, get(id).name)
      })
      gone(id)
    },
    async kept() {
      const found: string[] = []
      for (const name of await readdir(paths.assets))
        if (Id.safeParse(name).success && (await isThere(keptFile(paths.asset(name))))) found.push(name)
      return found
    },
    dropKept: (id) => wipe(id, id),
    subscribe: (listener) => void listeners.add(listener),
  }
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )
