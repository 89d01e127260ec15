import { createHash } from 'node:crypto'
import { rename, rm, stat } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { partPath, writeAside } from '../lib/atomic-file'
import { NagareError } from '../lib/errors'
import type { NDArrays } from '../lib/ndarray'
import { openContainer, writeContainer, type Container } from './container'
import { Manifest } from './manifest'
import { decodeSafetensors, encodeSafetensors } from './safetensors'

/** A pack of which only the card was read. */
export interface PackFiles {
  path: string
  manifest: Manifest
  /** sha256 of `pack.json`, which names the hash of every other file. */
  sha256: string
  /** Size of all its files. */
  bytes: number
  /** Extra files of the pack (`speakers.json`, `optimizer.safetensors` …), checked against their hash; throws for more than `limit` bytes. */
  file(name: string, limit?: number): Promise<Uint8Array>
}

/** A trained model in memory: its card, its weights, and whatever else its folder or zip holds. */
export interface OpenPack extends Omit<PackFiles, 'bytes'> {
  weights: NDArrays
}

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Reads and checks only the card of the pack at `path`; throws `not-found` or `corrupt`. */
export async function readManifest(path: string): Promise<PackFiles> {
  const container = await openContainer(path)
  try {
    const { manifest, sha256, bytes } = await manifestOf(container, path)
    return { path, manifest, sha256, bytes, file: fileOf(path, manifest) }
  } finally {
    container.close()
  }
}

/** Reads files of the pack at `path`, which is opened for each anew. */
const fileOf = (path: string, manifest: Manifest) => async (name: string, limit?: number) => {
  const container = await openContainer(path)
  return checked(container, path, manifest, name, limit).finally(() => container.close())
}

/** A file of an open pack; throws `corrupt` where it is not the one that the card describes. */
async function checked(container: Container, path: string, { files }: Manifest, name: string, limit = Infinity) {
  const entry = files[name]
  if (!entry) throw new NagareError('not-found', `${path}: the card names no file ${name}.`, { file: path })
  const bytes = await container.read(name, Math.min(entry.bytes, limit))
  if (bytes.length === entry.bytes && hashOf(bytes) === entry.sha256) return bytes
  throw new NagareError('corrupt', `${path}: ${name} is not the file that pack.json describes (its sha256 differs).`, {
    file: path,
    hint: 'The pack is damaged or was changed. Get it again.',
  })
}

async function manifestOf(container: Container, path: string) {
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
    const weights = decodeSafetensors(
      await checked(container, path, manifest, 'weights.safetensors'),
      `${path}: weights.safetensors`,
    )
    return { path, manifest, sha256, weights, file: fileOf(path, manifest) }
  } finally {
    container.close()
  }
}

export type PackCard = Omit<Manifest, 'format' | 'version' | 'files'>

/** Writes a pack to `path` in one step: a zip where the name ends in `.nagare`, else a folder; an older one there is replaced. */
export const writePack = (
  path: string,
  card: PackCard,
  weights: NDArrays,
  extra: Record<string, Uint8Array> = {},
): Promise<void> => writePackFiles(path, card, { ...extra, 'weights.safetensors': encodeSafetensors(weights) })

async function writePackFiles(path: string, card: PackCard, contents: Record<string, Uint8Array>): Promise<void> {
  const files = new Map<string, Uint8Array>(Object.entries(contents))
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

/** All files of a pack but its card, as they are. */
async function contentsOf({ manifest, file }: PackFiles): Promise<Record<string, Uint8Array>> {
  const contents: Record<string, Uint8Array> = {}
  for (const name of Object.keys(manifest.files)) contents[name] = await file(name)
  return contents
}

/** Writes `metrics` into the card of the pack at `path`; those of the same name give way. */
export async function recordMetrics(path: string, metrics: Manifest['metrics']): Promise<void> {
  const pack = await readManifest(path)
  const names = metrics.map(({ name }) => name)
  const others = pack.manifest.metrics.filter(({ name }) => !names.includes(name))
  await writePackFiles(path, { ...pack.manifest, metrics: [...others, ...metrics] }, await contentsOf(pack))
}

/** Writes another name, description or licence into the card of the pack at `path`; what is left out stays. */
export async function describePack(
  path: string,
  about: { [key in 'name' | 'description' | 'licence']?: string | undefined },
): Promise<void> {
  const pack = await readManifest(path)
  const { name, description, licence } = pack.manifest
  const card = {
    name: about.name ?? name,
    description: about.description ?? description,
    licence: about.licence ?? licence,
  }
  await writePackFiles(path, { ...pack.manifest, ...card }, await contentsOf(pack))
}

/**
 * Copies the pack at `path` to `output` with its weights rounded to 16 bits, at half the size; the card says so. Its figures are those of the
 * exact weights: `evaluate --record` measures them again. Throws what `openPack` throws, `bad-input` where 16 bits do not hold them.
 */
export async function halvePack(path: string, output: string): Promise<void> {
  const { manifest, weights } = await openPack(path)
  const contents = await contentsOf(await readManifest(path))
  const rounded = encodeSafetensors(weights, undefined, 'float16')
  const { notes } = manifest.provenance
  const note = 'The weights are rounded to 16 bits.'
  const provenance = { ...manifest.provenance, notes: notes.includes(note) ? notes : `${notes} ${note}`.trim() }
  await writePackFiles(output, { ...manifest, provenance }, { ...contents, 'weights.safetensors': rounded })
}

async function isPackFolder(path: string): Promise<boolean> {
  return readManifest(path).then(
    () => true,
    () => false,
  )
}
