import { open, readFile, stat, type FileHandle } from 'node:fs/promises'
import { asNagareError, NagareError } from './errors'

async function writeLine(handle: FileHandle, line: string): Promise<void> {
  await handle.appendFile(line)
  await handle.datasync()
}

/**
 * Adds a line to the file at `path`, flushed to disk; one that could not be written whole is taken back. `write` writes it; tests put a full disk there.
 * Throws `disk-full`, `no-permission`.
 */
export async function appendLine(path: string, line: string, write = writeLine): Promise<void> {
  const handle = await open(path, 'a').catch((thrown: unknown) => {
    throw asNagareError(thrown, path)
  })
  try {
    const { size } = await handle.stat()
    await write(handle, `${line}\n`).catch(async (thrown: unknown) => {
      await handle.truncate(size).catch(() => undefined)
      throw asNagareError(thrown, path)
    })
  } finally {
    await handle.close()
  }
}

/** The whole lines of the file at `path`, none where there is no file; a last line that a crash tore is cut off the file. Throws `corrupt` over `largest` bytes. */
export async function readLines(path: string, largest: number): Promise<string[]> {
  try {
    const { size } = await stat(path)
    if (size > largest)
      throw new NagareError('corrupt', `${path}: expected at most ${largest} bytes, found ${size}.`, { file: path })
    const bytes = await readFile(path)
    const whole = bytes.lastIndexOf('\n') + 1
    if (whole < bytes.length) {
      const handle = await open(path, 'r+')
      await handle.truncate(whole).finally(() => handle.close())
    }
    return bytes.toString('utf8', 0, whole).split('\n').slice(0, -1)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw asNagareError(thrown, path)
  }
}
