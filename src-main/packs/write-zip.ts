import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import yazl from 'yazl'
import { writeAside } from '../lib/atomic-file'

/** A file of a zip: what it is called there (with `/`), and where its content is. */
export interface ZipItem {
  readonly name: string
  readonly content: { readonly file: string } | { readonly text: string }
}

/** Writes a zip that appears at `path` when complete; files are streamed and, pictures mostly, not compressed again. Throws `disk-full`, `cancelled` by `signal`. */
export async function writeZip(path: string, items: readonly ZipItem[], signal?: AbortSignal): Promise<void> {
  await writeAside(path, async (part) => {
    const zip = new yazl.ZipFile()
    // A file that cannot be read is told by an event of the zip, and its stream would wait for ever.
    const broken = new Promise<never>((_, fail) => zip.on('error', fail))
    for (const { name, content } of items) {
      if ('file' in content) zip.addFile(content.file, name, { compress: false, mtime: new Date(0), mode: 0o100644 })
      else zip.addBuffer(Buffer.from(content.text), name, { compress: true, mtime: new Date(0), mode: 0o100644 })
    }
    zip.end()
    await Promise.race([pipeline(zip.outputStream, createWriteStream(part), signal ? { signal } : {}), broken])
    const handle = await open(part, 'r+')
    await handle.sync().finally(() => handle.close())
  })
}
