import { createWriteStream } from 'node:fs'
import { lstat, mkdir, open, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import type yauzl from 'yauzl'
import yazl from 'yazl'
import { asNagareError, NagareError } from '../lib/errors'
import { openGuardedZip } from './guarded-zip'
import { maxPackFile, PackFileName } from './manifest'

/** Weights hardly shrink; what grows more than so many times over while it is unpacked was made to fill the memory. */
const mostGrowth = 100

/** Named files on disk, in a folder or in a zip: what a pack is kept in. */
export interface Container {
  readonly names: readonly string[]
  /** Reads one file whole, at most `limit` bytes. */
  read(name: string, limit?: number): Promise<Uint8Array>
  close(): void
}

/** Opens a pack's folder or zip. Throws `not-found`, `corrupt`; names that are not plain file names are refused. */
export async function openContainer(path: string): Promise<Container> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) return await openFolder(path)
    if (found.isFile()) return await openZip(path)
    throw new NagareError('bad-input', `${path}: expected a pack, found a device or pipe.`, { file: path })
  } catch (thrown) {
    throw asNagareError(thrown, path)
  }
}

async function openFolder(path: string): Promise<Container> {
  const names = (await readdir(path)).filter((name) => PackFileName.safeParse(name).success)
  return {
    names,
    async read(name, limit = maxPackFile) {
      const file = join(path, plain(name, path))
      const found = await lstat(file)
      if (!found.isFile()) throw new NagareError('corrupt', `${file} is not a plain file.`, { file })
      if (found.size > limit) throw tooLarge(file, found.size, limit)
      return readFile(file)
    },
    close() {},
  }
}

async function openZip(path: string): Promise<Container> {
  const zip = await openGuardedZip(path).catch((cause: unknown) => {
    throw new NagareError('corrupt', `${path} is neither a pack's folder nor a readable zip.`, {
      file: path,
      hint: 'Choose a .nagare file, or get it again.',
      cause,
    })
  })
  const entries = new Map<string, yauzl.Entry>()
  try {
    for await (const entry of zip.eachEntry()) {
      if (entries.size >= 1000) throw new NagareError('corrupt', `${path} holds over 1000 files.`, { file: path })
      const name = plain(entry.fileName, path)
      if (entries.has(name)) throw new NagareError('corrupt', `${path} holds two files named ${name}.`, { file: path })
      entries.set(name, entry)
    }
  } catch (thrown) {
    zip.close()
    if (thrown instanceof NagareError) throw thrown
    throw new NagareError('corrupt', `${path} is a damaged zip: ${(thrown as Error).message}.`, {
      file: path,
      hint: 'Copy or download the file again.',
      cause: thrown,
    })
  }
  return {
    names: [...entries.keys()],
    async read(name, limit = maxPackFile) {
      const entry = entries.get(name)
      if (!entry) throw new NagareError('not-found', `${path} holds no ${name}.`, { file: path })
      if (entry.uncompressedSize > limit) throw tooLarge(`${path}: ${name}`, entry.uncompressedSize, limit)
      if (entry.uncompressedSize > 1e6 && entry.uncompressedSize > mostGrowth * entry.compressedSize)
        throw new NagareError('corrupt', `${path}: ${name} would grow over ${mostGrowth} times when unpacked.`, {
          file: path,
        })
      try {
        const bytes = await filled(await zip.openReadStreamPromise(entry), entry.uncompressedSize)
        if (crc32(bytes) !== entry.crc32) throw new Error('its checksum differs')
        return bytes
      } catch (cause) {
        throw new NagareError('corrupt', `${path}: ${name} cannot be read: ${(cause as Error).message}.`, {
          file: path,
          hint: 'Copy or download the file again.',
          cause,
        })
      }
    },
    close: () => zip.close(),
  }
}

/** All `size` bytes of a stream, in one piece of memory. Throws where it holds fewer or more. */
async function filled(stream: Readable, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(size)
  let at = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (at + chunk.length > size) throw new Error('it is longer than the zip says')
    bytes.set(chunk, at)
    at += chunk.length
  }
  if (at < size) throw new Error('it is shorter than the zip says')
  return bytes
}

/** Writes `files` as a new folder at `path`, or as a zip where `path` ends in `.nagare`; flushed, but not renamed: give it a part path. */
export async function writeContainer(
  path: string,
  files: ReadonlyMap<string, Uint8Array>,
  asZip: boolean,
): Promise<void> {
  if (!asZip) {
    await mkdir(path)
    for (const [name, bytes] of files) await writeFile(join(path, plain(name, path)), bytes, { flush: true })
    return
  }
  const zip = new yazl.ZipFile()
  for (const [name, bytes] of files)
    zip.addBuffer(Buffer.from(bytes), plain(name, path), { compress: false, mtime: new Date(0) })
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(path))
  const handle = await open(path, 'r+')
  await handle.sync().finally(() => handle.close())
}

function plain(name: string, path: string): string {
  if (PackFileName.safeParse(name).success) return name
  throw new NagareError(
    'corrupt',
    `${path} holds a file with a name that packs do not have: ${JSON.stringify(name)}.`,
    { file: path },
  )
}

function tooLarge(file: string, bytes: number, limit: number) {
  return new NagareError('bad-input', `${file} has ${bytes} bytes; at most ${limit} are read.`, { file })
}
