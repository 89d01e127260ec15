import type { AssetFormat, ExportFormat } from '@contract'
import { constants } from 'node:fs'
import { copyFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { createFlac, createWav, openAudio, type AudioReader, type AudioWriter } from '../dsp'
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
): Promise<AudioWriter> {
  if (format === 'flac-16' || format === 'flac-24')
    return createFlac(path, { sampleRate, channels, bits: format === 'flac-16' ? 16 : 24 })
  const sampleFormat = format.slice(4) as 's16' | 's24' | 'f32'
  // Dither where bits are lost; whole numbers that fit are kept as they are.
  const dither = sampleFormat === 's16' && encoding !== 's16' && encoding !== 'u8'
  return createWav(path, { sampleRate, channels, format: sampleFormat, dither })
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
  const base = stem(safeFileName(asset.name))
  const name = exportName(project, `${id} ${format} ${base}`, base, ending)
  const path = join(project.paths.exports, name)
  try {
    refuseAborted(signal)
    if (format === 'as-is') await writeAside(path, (part) => copyFile(source, part, constants.COPYFILE_FICLONE))
    else await writeSound(project, source, path, format, signal)
    return { url: `/exports/${encodeURIComponent(name)}`, name, bytes: (await stat(path)).size }
  } catch (thrown) {
    throw asNagareError(thrown, name)
  }
}

async function writeSound(
  project: Project,
  source: string,
  path: string,
  format: ExportFormat,
  signal: AbortSignal | undefined,
): Promise<void> {
  const reader = await openAudio(source, { spoolFolder: project.paths.work })
  let writer: AudioWriter | undefined
  try {
    writer = await startWriter(path, format, reader.info)
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
