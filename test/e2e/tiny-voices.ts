import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundle } from '../helpers/bundle'

/** A pack of three voices whose model is tiny and converts at once; it shows as “Tiny voices”. */
export async function tinyVoices(): Promise<Buffer> {
  const built = await bundle({ pack: 'test/helpers/blow-pack.ts' })
  const folder = await mkdtemp(join(tmpdir(), 'nagare-e2e-pack-'))
  try {
    const helper = (await import(
      pathToFileURL(join(built.folder, 'pack.mjs')).href
    )) as typeof import('../helpers/blow-pack')
    const small = { frame: 256, blocks: 2, flows: 2, channels: 16 }
    return await readFile(await helper.writeTinyBlow(join(folder, 'voices.nagare'), small))
  } finally {
    await rm(folder, { recursive: true, force: true })
    await built.remove()
  }
}
