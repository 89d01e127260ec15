import type { Asset } from '@contract'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { NagareError } from '../lib/errors'
import { listFile } from './edits/versions'
import type { Layout } from './layout'

/** The file in an asset's folder that holds what it is now: of an edited sound the list of its edits, else as `originalIn`. Throws `not-found`. */
export async function contentIn(paths: Layout, asset: Pick<Asset, 'id' | 'name' | 'edit'>): Promise<string> {
  return asset.edit ? join(paths.asset(asset.id), listFile(asset.edit.version)) : originalIn(paths, asset)
}

/** The file in an asset's folder that holds its samples best, whatever editing made of them: the decoded copy if there is one, else what came in, which mel spectrograms and pictures always are. Throws `not-found`. */
export async function originalIn(paths: Layout, asset: Pick<Asset, 'id' | 'name'>): Promise<string> {
  const folder = paths.asset(asset.id)
  const names = await readdir(folder)
  const name = names.find((name) => name === 'pcm.wav') ?? names.find((name) => name.startsWith('source.'))
  if (!name) throw new NagareError('not-found', `${asset.name}: its file is gone from the project.`, { file: folder })
  return join(folder, name)
}
