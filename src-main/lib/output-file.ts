import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { partPath } from './atomic-file'
import { asNagareError, NagareError } from './errors'

/** A file that grows beside its final place and is moved there when it is complete. */
export interface OutputFile {
  append(bytes: Uint8Array): Promise<void>
  /** Overwrites `bytes` at `position`. */
  patch(bytes: Uint8Array, position: number): Promise<void>
  /** Flushes to disk, unless the file is temporary, and renames into place. */
  finish(): Promise<void>
  /** Removes the unfinished file; harmless after `finish`. */
  abort(): Promise<void>
}

/**
 * Starts an output for `path`; any failure removes the part file and throws `disk-full`, `no-permission` … naming `path`, `bad-input` where
 * something else than a plain file is there, so that no device is replaced.
 */
export async function outputFile(
  path: string,
  { temporary = false }: { temporary?: boolean } = {},
): Promise<OutputFile> {
  const part = partPath(path)
  const begin = async () => {
    const there = await stat(path).catch(() => undefined)
    if (there && !there.isFile())
      throw new NagareError(
        'bad-input',
        `${path}: expected the name of a file, found ${there.isDirectory() ? 'a folder' : 'a device or pipe'}.`,
        { hint: 'Choose another name.', file: path },
      )
    await mkdir(dirname(path), { recursive: true })
    return open(part, 'wx+')
  }
  const handle = await begin().catch((thrown: unknown) => {
    throw asNagareError(thrown, path)
  })
  let length = 0
  let ended = false

  const abort = async () => {
    if (ended) return
    ended = true
    await handle.close().catch(() => undefined)
    await rm(part, { force: true })
  }
  const guarded = async (work: () => Promise<void>) => {
    try {
      await work()
    } catch (thrown) {
      await abort()
      throw asNagareError(thrown, path)
    }
  }
  const writeAll = async (bytes: Uint8Array, position: number) => {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done)
      done += bytesWritten
    }
  }

  return {
    append: (bytes) =>
      guarded(async () => {
        const at = length
        length += bytes.length
        await writeAll(bytes, at)
      }),
    patch: (bytes, position) => guarded(() => writeAll(bytes, position)),
    finish: () =>
      guarded(async () => {
        if (!temporary) await handle.sync()
        await handle.close()
        await rename(part, path)
        ended = true
      }),
    abort,
  }
}
