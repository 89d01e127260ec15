import { Pack } from '@contract'
import { cp, readdir, rm } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { writeAside } from '../lib/atomic-file'
import { NagareError } from '../lib/errors'
import { openPack, readManifest } from './pack'
import { voicesIn } from './voices'

export interface PackFolder {
  folder: string
  origin: Pack['origin']
}

/** A pack on disk with its record for the window. */
export interface PackEntry {
  path: string
  record: Pack
}

/** The packs in `folders`, by name; what is no pack is left out and told to `onBad`. A missing folder counts as empty. */
export async function catalogue(
  folders: readonly PackFolder[],
  onBad: (path: string, why: Error) => void = () => {},
): Promise<PackEntry[]> {
  const entries: PackEntry[] = []
  for (const { folder, origin } of folders)
    for (const name of (await readdir(folder).catch(() => [])).sort()) {
      if (name.startsWith('.')) continue
      const path = join(folder, name)
      try {
        entries.push(await packEntry(path, origin))
      } catch (thrown) {
        onBad(path, thrown as Error)
      }
    }
  return entries
}

async function packEntry(path: string, origin: Pack['origin']): Promise<PackEntry> {
  const pack = await readManifest(path)
  const { manifest, sha256, bytes } = pack
  const { kind, name, description, licence, metrics, frontEnd } = manifest
  const rate = frontEnd['sampleRate']
  const mel = Pack.shape.mel.safeParse(frontEnd)
  const id = basename(path, extname(path) === '.nagare' ? '.nagare' : '')
  // A model whose voices cannot be read is listed, so that somebody sees that it is damaged.
  const voices = await voicesIn(pack).catch(() => undefined)
  return {
    path,
    record: {
      id,
      kind,
      name,
      description,
      licence,
      metrics,
      bytes,
      sha256,
      origin,
      sampleRate: typeof rate === 'number' && Number.isFinite(rate) ? rate : null,
      ...(mel.success && mel.data ? { mel: mel.data } : {}),
      ...(voices
        ? { voices: voices.map(({ name, seconds, sample }) => ({ name, seconds, sample: sample !== undefined })) }
        : {}),
    },
  }
}

/** The pack named `id` (an id of the catalogue), or the first of `kinds`, in their order, when `id` is left out; throws `not-found` naming what is there. */
export function choosePack(entries: readonly PackEntry[], kinds: readonly string[], id?: string): PackEntry {
  const fitting = kinds.flatMap((kind) => entries.filter((entry) => entry.record.kind === kind))
  const found = id === undefined ? fitting[0] : entries.find((entry) => entry.record.id === id)
  const wanted = kinds.join(' or ')
  if (found && !kinds.includes(found.record.kind))
    throw new NagareError('bad-input', `The model ${id} is a ${found.record.kind} model; this needs ${wanted}.`)
  if (found) return found
  const there = fitting.map((entry) => entry.record.id).join(', ') || 'none'
  throw new NagareError(
    'not-found',
    id === undefined
      ? `There is no ${wanted} model.`
      : `There is no model ${id}; of kind ${wanted} there is: ${there}.`,
    {
      hint: 'See `nagare models list`, or add one with `nagare models add FILE`.',
    },
  )
}

/** Checks the pack at `path` whole and copies it into `folder`; throws `conflict` when one of that id is in the folder or among `taken`. */
export async function addPack(path: string, folder: string, taken: readonly PackEntry[]): Promise<PackEntry> {
  const { manifest, file } = await openPack(path)
  for (const name of Object.keys(manifest.files)) await file(name)
  const name = basename(path).replace(/[^A-Za-z0-9._-]+/g, '-')
  const target = join(folder, name)
  const id = basename(name, '.nagare')
  const onDisk = (await readdir(folder).catch(() => [])).map((there) => basename(there, '.nagare'))
  if ([...onDisk, ...taken.map(({ record }) => record.id)].includes(id))
    throw new NagareError('conflict', `A model named ${id} is there already.`, {
      file: path,
      hint: 'Remove it first, or rename the file.',
    })
  await writeAside(target, (part) => cp(path, part, { recursive: true, errorOnExist: true }))
  return packEntry(target, 'user')
}

/** Deletes a user's pack; throws `no-permission` for one that came with Nagare. */
export async function removePack(entry: PackEntry): Promise<void> {
  if (entry.record.origin === 'starter')
    throw new NagareError('no-permission', `${entry.record.name} came with Nagare and stays.`, { file: entry.path })
  await rm(entry.path, { recursive: true, force: true })
}
