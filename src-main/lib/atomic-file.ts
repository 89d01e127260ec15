import { randomBytes } from 'node:crypto'
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { asNagareError } from './errors'

/** Name of the file beside `path` that collects an output until it is complete. */
export function partPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.part`)
}

/** Removes what a process that was killed left of outputs in `folder`: part files untouched for `age` milliseconds. A missing folder is none. */
export async function sweepParts(folder: string, age = 0): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (/^\..+\.[0-9a-f]{8}\.part$/.test(name)) {
      const part = join(folder, name)
      const facts = await lstat(part).catch(() => undefined)
      if (facts && Date.now() - facts.mtimeMs >= age) await rm(part, { force: true, recursive: true })
    }
}

/** Runs `write` on a part file beside `path`, then renames it into place; on any error the part is removed and `path` is untouched. */
export async function writeAside<T>(path: string, write: (part: string) => Promise<T>): Promise<T> {
  const part = partPath(path)
  try {
    await mkdir(dirname(path), { recursive: true })
    const result = await write(part)
    await rename(part, path)
    return result
  } catch (thrown) {
    await rm(part, { force: true, recursive: true })
    throw asNagareError(thrown, path)
  }
}

/** Replaces the file at `path` with `data` in one step, flushed to disk. Throws `disk-full`, `no-permission`. */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  await writeAside(path, async (part) => {
    const handle = await open(part, 'wx')
    try {
      await handle.writeFile(data)
      await handle.sync()
    } finally {
      await handle.close()
    }
  })
}
