import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import yauzl from 'yauzl'
import { buffer } from 'node:stream/consumers'

/** A whole file to start from. */
export interface Seed {
  name: string
  bytes: Buffer
  /** Files of a zip; undefined for a stream. */
  files: ReadonlyMap<string, Uint8Array> | undefined
}

/** The checkpoints in `folder`, without those above `limit` bytes. */
export async function readSeeds(folder: string, limit = 100_000): Promise<Seed[]> {
  const seeds: Seed[] = []
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith('.pt'))
    .sort()) {
    const bytes = readFileSync(join(folder, name))
    if (bytes.length > limit) continue
    seeds.push({ name, bytes, files: bytes.subarray(0, 2).toString() === 'PK' ? await unzipped(bytes) : undefined })
  }
  return seeds
}

async function unzipped(bytes: Buffer): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  const zip = await yauzl.fromBufferPromise(bytes)
  for await (const entry of zip.eachEntry())
    files.set(entry.fileName, await buffer(await zip.openReadStreamPromise(entry)))
  return files
}
