import { addPack, catalogue, removePack, type PackEntry, type PackFolder } from '../packs'
import { sweepParts } from '../lib/atomic-file'
import { NagareError } from '../lib/errors'
import type { Log } from '../lib/log'

/** The models at hand. */
export interface PackShelf {
  list(): PackEntry[]
  /** Checks the pack at `path` whole and copies it to the person's own. */
  add(path: string): Promise<PackEntry>
  /** Throws `not-found`, `no-permission` (one that came with Nagare). */
  remove(id: string): Promise<void>
}

/** Reads the packs in `folders`; new ones go to the first folder of the person's own. */
export async function openShelf(folders: readonly PackFolder[], log: Log): Promise<PackShelf> {
  const read = () => catalogue(folders, (path, error) => log.warn('pack-skipped', { path, error }))
  const own = folders.find(({ origin }) => origin === 'user')?.folder
  if (own !== undefined) await sweepParts(own, 24 * 3600 * 1000)
  let entries = await read()
  return {
    list: () => entries,
    async add(path) {
      if (own === undefined) throw new NagareError('unavailable', 'There is no folder for models of your own.')
      const added = await addPack(path, own, await read())
      entries = await read()
      return added
    },
    async remove(id) {
      const entry = entries.find(({ record }) => record.id === id)
      if (!entry) throw new NagareError('not-found', `There is no model ${id}.`)
      await removePack(entry)
      entries = await read()
    },
  }
}
