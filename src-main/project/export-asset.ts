import type { Asset, AssetFormat, ExportFormat } from '@contract'
import { constants } from 'node:fs'
import { copyFile, readdir, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import {
  createFlac,
  createWav,
  openAudio,
  readTags,
  riffTagChunks,
  vorbisComment,
  type AudioReader,
  type AudioWriter,
  type Tags,
} from '../dsp'
import { writeAside } from '../lib/atomic-file'
import { asNagareError, NagareError } from '../lib/errors'
import { stem } from '../lib/names'
import { contentFile } from './adopt'
import { refuseAborted } from './measure'
import { safeFileName, uniqueName } from './names'
import type { Project } from './open-project'

const blockFrames = 65_536

export interface Exported {
  /** Where `/exports/` serves it. */
  url: string
  name: string
  bytes: number
}

/** Names of finished exports and what each holds, so that a second export of another asset does not replace a first. */
const taken = new WeakMap<Project, Map<string, string>>()

function exportName(project: Project, id: string, format: AssetFormat, ending: string): string {
  const names = taken.get(project) ?? new Map<string, string>()
  taken.set(project, names)
  const base = stem(safeFileName(project.assets.get(id).name))
  const content = `${id} ${format} ${base}`
  for (const [name, holds] of names) if (holds === content) return name
  const name = uniqueName(`${base}${ending}`, names.keys())
  names.set(name, content)
  return name
}

function startWriter(
  path: string,
  format: ExportFormat,
  { sampleRate, channels, encoding }: AudioReader['info'],
  tags: Tags,
): Promise<AudioWriter> {
  if (format === 'flac-16' || format === 'flac-24')
    return createFlac(path, {
      sampleRate,
      channels,
      bits: format === 'flac-16' ? 16 : 24,
      comment: vorbisComment(tags),
    })
  const sampleFormat = format.slice(4) as 's16' | 's24' | 'f32'
  // Dither where bits are lost; whole numbers that fit are kept as they are.
  const dither = sampleFormat === 's16' && encoding !== 's16' && encoding !== 'u8'
  return createWav(path, { sampleRate, channels, format: sampleFormat, dither, trailer: riffTagChunks(tags) })
}

/**
 * Writes an asset to `exports/`, sound in a format or anything as the file that the project holds; the file appears when complete.
 * Throws `cancelled`, `disk-full`, `unsupported`, `not-found`.
 */
export async function exportAsset(
  project: Project,
  id: string,
  format: AssetFormat,
  signal?: AbortSignal,
): Promise<Exported> {
  const asset = project.assets.get(id)
  const source = await contentFile(project, id)
  if (format !== 'as-is' && asset.kind !== 'audio')
    throw new NagareError('unsupported', `${asset.name}: expected sound to export, this is a ${asset.kind} asset.`, {
      hint: asset.kind === 'mel' ? 'Vocode it, and export what comes of it.' : 'Export it as it is.',
      file: asset.name,
    })
  const ending = format === 'as-is' ? extname(source) : format.startsWith('flac') ? '.flac' : '.wav'
  const name = exportName(project, id, format, ending)
  const path = join(project.paths.exports, name)
  try {
    refuseAborted(signal)
    if (format === 'as-is') await writeAside(path, (part) => copyFile(source, part, constants.COPYFILE_FICLONE))
    else await writeSound(project, source, path, format, { tags: await tagsOf(project, asset), signal })
    return { url: `/exports/${encodeURIComponent(name)}`, name, bytes: (await stat(path)).size }
  } catch (thrown) {
    throw asNagareError(thrown, name)
  }
}

/** What the file that an asset came from, or was made from, says about the recording. */
export async function tagsOf(project: Project, asset: Asset): Promise<Tags> {
  const { assets, paths } = project
  let root = asset
  for (let depth = 0; root.origin && assets.has(root.origin.source) && depth < 32; depth++)
    root = assets.get(root.origin.source)
  const folder = paths.asset(root.id)
  const file = (await readdir(folder).catch(() => [])).find((name) => name.startsWith('source.'))
  return file ? readTags(join(folder, file)).catch(() => ({})) : {}
}

/** Writes the sound of a file in a format, with what is written about it; the file appears when complete. */
export async function writeSound(
  project: Project,
  source: string,
  path: string,
  format: ExportFormat,
  { tags, signal }: { tags: Tags; signal?: AbortSignal | undefined },
): Promise<void> {
  const reader = await openAudio(source, { spoolFolder: project.paths.work })
  let writer: AudioWriter | undefined
  try {
    writer = await startWriter(path, format, reader.info, tags)
    for (let block = await reader.read(blockFrames); block; block = await reader.read(blockFrames)) {
      refuseAborted(signal)
      await writer.write(block)
    }
    await writer.finish()
  } catch (thrown) {
    await writer?.abort()
    throw thrown
  } finally {
    await reader.close()
  }
}
