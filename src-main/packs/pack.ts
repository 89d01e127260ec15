import { createHash } from 'node:crypto'
import { rename, rm, stat } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { partPath, writeAside } from '../lib/atomic-file'
import { NagareError } from '../lib/errors'
import type { NDArrays } from '../lib/ndarray'
import { openContainer, writeContainer } from './container'
import { Manifest } from './manifest'
import { decodeSafetensors, encodeSafetensors } from './safetensors'

/** A trained model in memory: its card, its weights, and whatever else its folder or zip holds. */
export interface OpenPack {
  path: string
  manifest: Manifest
  /** sha256 of `pack.json`, which names the hash of every other file. */
  sha256: string
  weights: NDArrays
  /** Extra files of the pack (`speakers.json`, `optimizer.safetensors` …), checked against their hash. */
  file(name: string): Promise<Uint8Array>
}

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Reads and checks only the card of the pack at `path`; throws `not-found` or `corrupt`. */
export async function readManifest(path: string): Promise<{ manifest: Manifest; sha256: string; bytes: number }> {
  const container = await openContainer(path)
  try {
    return await manifestOf(container, path)
  } finally {
    container.close()
  }
}

async function manifestOf(container: Awaited<ReturnType<typeof openContainer>>, path: string) {
  if (!container.names.includes('pack.json'))
    throw new NagareError('bad-input', `${path} holds no pack.json: it is no Nagare pack.`, {
      file: path,
      hint: 'Choose a .nagare file, or import a checkpoint with `nagare import`.',
    })
  const raw = await container.read('pack.json', 4_000_000)
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(raw).toString('utf8'))
  } catch (cause) {
    throw new NagareError('corrupt', `${path}: pack.json is no JSON.`, { file: path, cause })
  }
  const parsed = Manifest.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw new NagareError('corrupt', `${path}: pack.json: ${issue.path.join('.')}: ${issue.message}.`, {
      file: path,
      hint: 'The pack may come from a newer Nagare, or be damaged.',
    })
  }
  const bytes = raw.length + Object.values(parsed.data.files).reduce((sum, file) => sum + file.bytes, 0)
  return { manifest: parsed.data, sha256: hashOf(raw), bytes }
}

/** Opens the pack at `path` (folder or `.nagare` zip); throws `corrupt` when any file's size or hash differs from the card. */
export async function openPack(path: string): Promise<OpenPack> {
  const container = await openContainer(path)
  try {
    const { manifest, sha256 } = await manifestOf(container, path)
    const checked = async (from: typeof container, name: string) => {
      const entry = manifest.files[name]
      if (!entry) throw new NagareError('not-found', `${path}: the card names no file ${name}.`, { file: path })
      const bytes = await from.read(name, entry.bytes)
      if (bytes.length === entry.bytes && hashOf(bytes) === entry.sha256) return bytes
      throw new NagareError(
        'corrupt',
        `${path}: ${name} is not the file that pack.json describes (its sha256 differs).`,
        {
          file: path,
          hint: 'The pack is damaged or was changed. Get it again.',
        },
      )
    }
    const weights = decodeSafetensors(await checked(container, 'weights.safetensors'), `${path}: weights.safetensors`)
    return {
      path,
      manifest,
      sha256,
      weights,
      async file(name) {
        const again = await openContainer(path)
        return checked(again, name).finally(() => again.close())
      },
    }
  } finally {
    container.close()
  }
}

export type PackCard = Omit<Manifest, 'format' | 'version' | 'files'>

/** Writes a pack to `path` in one step: a zip where the name ends in `.nagare`, else a folder; an older one there is replaced. */
export async function writePack(
  path: string,
  card: PackCard,
  weights: NDArrays,
  extra: Record<string, Uint8Array> = {},
): Promise<void> {
  const files = new Map<string, Uint8Array>(
    Object.entries({ ...extra, 'weights.safetensors': encodeSafetensors(weights) }),
  )
  const entries = [...files].map(([name, bytes]) => [name, { sha256: hashOf(bytes), bytes: bytes.length }])
  const manifest = Manifest.parse({ format: 'nagare-pack', version: 1, ...card, files: Object.fromEntries(entries) })
  files.set('pack.json', Buffer.from(JSON.stringify(manifest, null, 2) + '\n'))
  const asZip = extname(basename(path)) === '.nagare'
  const old = await stat(path).catch(() => undefined)
  if (old?.isDirectory() && !(await isPackFolder(path)))
    throw new NagareError('conflict', `${path} is a folder that is no pack; it is left as it is.`, {
      file: path,
      hint: 'Choose another name.',
    })
  const aside = old?.isDirectory() ? partPath(path) : undefined
  await writeAside(path, async (part) => {
    await writeContainer(part, files, asZip)
    if (aside) await rename(path, aside)
  })
  if (aside) await rm(aside, { recursive: true, force: true })
}

/** Writes `metrics` into the card of the pack at `path`; those of the same name give way. */
export async function recordMetrics(path: string, metrics: Manifest['metrics']): Promise<void> {
  const { manifest, weights, file } = await openPack(path)
  const names = metrics.map(({ name }) => name)
  const extra: Record<string, Uint8Array> = {}
  for (const name of Object.keys(manifest.files)) if (name !== 'weights.safetensors') extra[name] = await file(name)
  await writePack(
    path,
    { ...manifest, metrics: [...manifest.metrics.filter(({ name }) => !names.includes(name)), ...metrics] },
    weights,
    extra,
  )
}

async function isPackFolder(path: string): Promise<boolean> {
  return readManifest(path).then(
    () => true,
    () => false,
  )
}
