import type { Asset, AssetFormat, ExportFormat, Stretch } from '@contract'
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

/** A file name in `exports/`: `base` and `ending`, with a number where other `content` has it. */
export function exportName(project: Project, content: string, base: string, ending: string): string {
  const names = taken.get(project) ?? new Map<string, string>()
  taken.set(project, names)
  for (const [name, holds] of names) if (holds === content) return name
  const name = uniqueName(`${safeFileName(base)}${ending}`, names.keys())
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
 * Writes an asset to `exports/`, sound in a format, all of it or the samples of `range`, or anything as the file that the project holds; the file appears
 * when complete.
 * Throws `cancelled`, `disk-full`, `unsupported`, `not-found`.
 */
export async function exportAsset(
  project: Project,
  id: string,
  wanted: AssetFormat,
  signal?: AbortSignal,
  range?: Stretch,
): Promise<Exported> {
  const asset = project.assets.get(id)
  // Of what was edited there is no file as it is.
  const isMade = asset.edit !== undefined || range !== undefined
  const format = wanted === 'as-is' && isMade ? 'wav-f32' : wanted
  const source = await contentFile(project, id)
  if (format !== 'as-is' && asset.kind !== 'audio')
    throw new NagareError('unsupported', `${asset.name}: expected sound to export, this is a ${asset.kind} asset.`, {
      hint: asset.kind === 'mel' ? 'Vocode it, and export what comes of it.' : 'Export it as it is.',
      file: asset.name,
    })
  const ending = format === 'as-is' ? extname(source) : format.startsWith('flac') ? '.flac' : '.wav'
  const base = `${stem(safeFileName(asset.name))}${range ? ' (selection)' : ''}`
  const name = exportName(project, JSON.stringify([id, asset.edit?.version, format, range, base]), base, ending)
  const path = join(project.paths.exports, name)
  try {
    refuseAborted(signal)
    if (format === 'as-is') await writeAside(path, (part) => copyFile(source, part, constants.COPYFILE_FICLONE))
    else await writeSound(project, source, path, { format, range, tags: await tagsOf(project, asset), signal })
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

export interface SoundOptions {
  format: ExportFormat
  /** The samples to write; all where left out. */
  range?: Stretch | undefined
  tags: Tags
  signal?: AbortSignal | undefined
}

/** Writes the sound of a file in a format, with what is written about it; the file appears when complete. */
export async function writeSound(
  project: Project,
  source: string,
  path: string,
  { format, range, tags, signal }: SoundOptions,
): Promise<void> {
  const reader = await openAudio(source, { spoolFolder: project.paths.work })
  let writer: AudioWriter | undefined
  try {
    const { frames } = reader.info
    const { from, to } = range ?? { from: 0, to: frames }
    if (to > frames)
      throw new NagareError('bad-input', `Expected a stretch within ${frames} samples, found ${from} to ${to}.`, {
        hint: 'Select the stretch again.',
      })
    writer = await startWriter(path, format, reader.info, tags)
    if (from > 0) await reader.seek(from)
    for (let at = from; at < to;) {
      refuseAborted(signal)
      const block = await reader.read(Math.min(blockFrames, to - at))
      if (!block) break
      at += block[0]!.length
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
