import { copyFile, lstat, mkdir, readdir, readFile, realpath, rm } from 'node:fs/promises'
import { constants } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { sweepParts, writeFileAtomic } from '../lib/atomic-file'
import { asNagareError, NagareError } from '../lib/errors'
import { appendLine } from '../lib/line-file'
import { silent, type Log } from '../lib/log'
import { openAssets, type AssetStore } from './assets'
import { openDocuments, type Edits } from './edits'
import { layout, type Layout } from './layout'
import { refuseHeld, takeLock } from './lock'
import { sweepUploads } from './sources'
import { contentIn } from './content'
import { openTiles, type Tiles } from './tiles'

const Manifest = z.object({ version: z.literal(1), name: z.string(), createdAt: z.iso.datetime() })
export type Manifest = z.infer<typeof Manifest>

/** How files get to the disk; tests put a full disk here. */
export interface ProjectIo {
  copy(from: string, to: string): Promise<void>
  write(path: string, data: Uint8Array): Promise<void>
  /** Adds a line to a file, flushed to disk; `appendLine` where it is left out. */
  append?(path: string, line: string): Promise<void>
}

const realIo: Required<ProjectIo> = {
  copy: (from, to) => copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL),
  write: writeFileAtomic,
  append: appendLine,
}

/** A project folder, open and locked for this process. */
export interface Project {
  readonly paths: Layout
  readonly manifest: Manifest
  readonly assets: AssetStore
  readonly tiles: Tiles
  /** What was done to its recordings. */
  readonly edits: Edits
  readonly io: Required<ProjectIo>
  readonly log: Log
  /** Aborted when the project closes. */
  readonly closing: AbortSignal
  /** Keeps the project open until `work` has ended. */
  inBackground(work: Promise<void>): void
  close(): Promise<void>
}

export interface ProjectOptions {
  log?: Log
  io?: ProjectIo
}

/**
 * Opens the project in `folder`, making it when the folder is new or empty; wipes what an earlier process left unfinished.
 * Throws `conflict` (open elsewhere; a folder full of other things), `corrupt`, `unsupported` (from a newer Nagare).
 */
export async function openProject(folder: string, { log = silent, io: given }: ProjectOptions = {}): Promise<Project> {
  const io = { ...realIo, ...given }
  await mkdir(folder, { recursive: true }).catch((thrown: unknown) => {
    throw asNagareError(thrown, folder)
  })
  const paths = layout(await realpath(folder))
  await refuseForeign(paths)
  const lock = await takeLock(paths.lock)
  try {
    const manifest = await readManifest(paths)
    const { assets: kept, work, incoming, exports, recordings, histories, tiles: tileFolder } = paths
    for (const sub of [kept, work, incoming, exports, recordings, histories, tileFolder]) await ownFolder(sub)
    for (const sub of [paths.work, paths.exports])
      for (const name of await readdir(sub)) await rm(join(sub, name), { recursive: true, force: true })
    await sweepParts(paths.folder)
    await sweepUploads(paths)
    const assets = await openAssets(paths, log)
    const controller = new AbortController()
    const background = new Set<Promise<void>>()
    const tiles = await openTiles({
      ...{ paths, assets, closing: controller.signal, log },
      contentFile: (id) => contentIn(paths, assets.get(id)),
    })
    const own = {
      ...{ paths, manifest, assets, tiles, io, log },
      closing: controller.signal,
      inBackground(work: Promise<void>) {
        background.add(work)
        void work.finally(() => background.delete(work)).catch(() => {})
      },
    }
    return {
      ...own,
      edits: await openDocuments(own),
      async close() {
        controller.abort()
        await Promise.allSettled(background)
        await tiles.close()
        await lock.release()
      },
    }
  } catch (thrown) {
    await lock.release()
    throw asNagareError(thrown, folder)
  }
}

/** What the project in `folder` is called; undefined where there is none that can be read. */
export async function projectName(folder: string): Promise<string | undefined> {
  const text = await readFile(layout(folder).manifest, 'utf8').catch(() => undefined)
  try {
    return text === undefined ? undefined : Manifest.parse(JSON.parse(text)).name
  } catch {
    return undefined
  }
}

/** Makes sure that the project in `folder` could be opened now, and changes nothing. Throws `not-found` and what `openProject` throws. */
export async function checkProject(folder: string): Promise<void> {
  const paths = layout(folder)
  try {
    await refuseForeign(paths)
    if (await lstat(paths.manifest).catch(() => undefined)) await readManifest(paths)
    await refuseHeld(paths.lock)
  } catch (thrown) {
    throw asNagareError(thrown, folder)
  }
}

async function refuseForeign(paths: Layout): Promise<void> {
  const names = await readdir(paths.folder)
  const isOurs =
    names.includes(basename(paths.manifest)) || names.every((name) => name.startsWith('.') || name === 'lock')
  if (!isOurs)
    throw new NagareError(
      'conflict',
      `${paths.folder}: expected a Nagare project or an empty folder, found other files.`,
      {
        hint: 'Choose another folder, or make a new one.',
        file: paths.folder,
      },
    )
}

async function readManifest(paths: Layout): Promise<Manifest> {
  const text = await readFile(paths.manifest, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined
    throw asNagareError(thrown, paths.manifest)
  })
  if (text === undefined) {
    const manifest: Manifest = { version: 1, name: basename(paths.folder), createdAt: new Date().toISOString() }
    await writeFileAtomic(paths.manifest, JSON.stringify(manifest, null, 2))
    return manifest
  }
  const corrupt = () =>
    new NagareError(
      'corrupt',
      `${paths.manifest}: expected the description of a Nagare project, found something else.`,
      {
        file: paths.manifest,
        hint: 'Put it back from a copy, or add the recordings in its assets folder to a new project.',
      },
    )
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    throw corrupt()
  }
  const manifest = Manifest.safeParse(found)
  if (manifest.success) return manifest.data
  const version = (found as { version?: unknown } | null)?.version
  if (typeof version === 'number' && version > 1)
    throw new NagareError(
      'unsupported',
      `${paths.folder} was made by a newer Nagare (format ${version}; this one reads 1).`,
      {
        file: paths.manifest,
        hint: 'Update Nagare.',
      },
    )
  throw corrupt()
}

/** Makes sure that `path` is a folder of the project's own and no link out of it. */
async function ownFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch(() => undefined)
  const found = await lstat(path)
  if (!found.isDirectory())
    throw new NagareError(
      'corrupt',
      `${path}: expected a folder, found ${found.isSymbolicLink() ? 'a link' : 'a file'}.`,
      {
        file: path,
        hint: 'Put the folder itself in its place.',
      },
    )
}
