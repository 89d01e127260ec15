import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { asNagareError } from '../../lib/errors'
import { sniffedBytes, sniffPicture } from '../sniff-picture'

/** The pictures in a folder by content, sorted by name, and the names of other files; hidden ones are skipped. Throws `not-found`, `no-permission`. */
export async function listPictures(folder: string): Promise<{ names: string[]; others: string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((thrown: unknown) => {
    throw asNagareError(thrown, folder)
  })
  const files = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort()
  const names: string[] = []
  const others: string[] = []
  for (let i = 0; i < files.length; i += 32) {
    const some = files.slice(i, i + 32)
    const are = await Promise.all(some.map((name) => isPicture(join(folder, name))))
    some.forEach((name, k) => (are[k] ? names : others).push(name))
  }
  return { names, others }
}

async function isPicture(path: string): Promise<boolean> {
  try {
    const handle = await open(path, 'r')
    try {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(sniffedBytes), 0, sniffedBytes, 0)
      return sniffPicture(buffer.subarray(0, bytesRead)) !== null
    } finally {
      await handle.close()
    }
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EISDIR') return false
    throw asNagareError(thrown, path)
  }
}

/** Names of the folders in a folder, sorted; hidden ones are skipped. A missing folder has none. */
export async function listFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw asNagareError(thrown, folder)
  })
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort()
}

/** A sentence on files that were left out, none where there were none. */
export function leftOut(where: string, others: readonly string[]): string[] {
  if (others.length === 0) return []
  const shown = others.slice(0, 3).join(', ') + (others.length > 3 ? ' …' : '')
  return [
    `${others.length} file${others.length === 1 ? '' : 's'} in ${where} ${others.length === 1 ? 'is' : 'are'} no picture and left out: ${shown}.`,
  ]
}
