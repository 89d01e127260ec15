import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { places } from '../files'
import { NagareError } from '../lib/errors'
import { catalogue, choosePack, readManifest, type PackFolder } from '../packs'

export const packFolders = (): PackFolder[] => [
  { folder: places().starterPacks, origin: 'starter' },
  { folder: places().userPacks, origin: 'user' },
]

/** Path of a pack given by path or by its id in the catalogue. */
export async function findPack(given: string): Promise<string> {
  if (existsSync(given)) return resolve(given)
  const entries = await catalogue(packFolders())
  const found = entries.find(({ record }) => record.id === given)
  if (found) return found.path
  throw new NagareError('not-found', `There is no model ${given}, neither as a file nor in the catalogue.`, {
    hint: 'See `nagare models list`.',
  })
}

/** As `findPack`, for a pack of one of `kinds`; the first of the catalogue when none is named. Throws `bad-input` for another kind. */
export async function findPackOfKind(kinds: readonly string[], given: string | undefined): Promise<string> {
  if (given === undefined) return choosePack(await catalogue(packFolders()), kinds).path
  const path = await findPack(given)
  const { manifest } = await readManifest(path)
  if (kinds.includes(manifest.kind)) return path
  throw new NagareError('bad-input', `${given} is a ${manifest.kind} model; this needs ${kinds.join(' or ')}.`, {
    file: path,
  })
}
