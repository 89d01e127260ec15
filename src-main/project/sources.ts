import type { Source } from '@contract'
import { lstat, readdir, realpath, rm, stat } from 'node:fs/promises'
import { basename, isAbsolute, join } from 'node:path'
import { asNagareError, NagareError } from '../lib/errors'
import type { Layout } from './layout'

/** A file on its way into the project. */
export interface IncomingFile {
  file: string
  /** Its name for people. */
  name: string
  /** Whether it belongs to Nagare and is moved; else it is copied. */
  move: boolean
}

const uploadsKept = 24 * 3600 * 1000

/**
 * Finds the file that a window means. Paths only for `trusted` windows, and only of plain files.
 * Throws `no-permission`, `not-found`, `bad-input`.
 */
export async function findSource(
  source: Exclude<Source, { asset: string }>,
  paths: Layout,
  trusted: boolean,
): Promise<IncomingFile> {
  if ('upload' in source) {
    const file = join(paths.incoming, source.upload)
    const found = await lstat(file).catch(() => undefined)
    if (!found?.isFile())
      throw new NagareError('not-found', `${source.name}: its upload is not here.`, { hint: 'Send the file again.' })
    return { file, name: basename(source.name.replaceAll('\\', '/')), move: true }
  }
  if (!trusted)
    throw new NagareError('no-permission', 'This window may not open files of the machine by path.', {
      hint: 'Drop the file on the window, so that it is uploaded.',
    })
  if (!isAbsolute(source.path))
    throw new NagareError('bad-input', `${source.path}: expected a full path.`, { file: source.path })
  try {
    const file = await realpath(source.path)
    const found = await stat(file)
    const refuse = (what: string, hint: string) =>
      new NagareError('bad-input', `${source.path}: expected a file, found ${what}.`, { file: source.path, hint })
    if (found.isDirectory()) throw refuse('a folder', 'Choose a file inside it.')
    if (!found.isFile()) throw refuse('a device or pipe', 'Save it to a file first.')
    return { file, name: basename(source.path), move: false }
  } catch (thrown) {
    throw asNagareError(thrown, source.path)
  }
}

/** Deletes uploads that nobody used for a day, and parts of broken ones. */
export async function sweepUploads(paths: Layout, now = Date.now()): Promise<void> {
  for (const name of await readdir(paths.incoming)) {
    const file = join(paths.incoming, name)
    const found = await lstat(file)
    if (name.endsWith('.part') || now - found.mtimeMs > uploadsKept) await rm(file, { recursive: true, force: true })
  }
}
