import type { Asset, ExportFormat } from '@contract'
import { createWriteStream } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import yazl from 'yazl'
import { writeAside } from '../lib/atomic-file'
import { asNagareError, NagareError } from '../lib/errors'
import { newId } from '../lib/id'
import { contentFile } from './adopt'
import { tagsOf, writeSound, type Exported } from './export-asset'
import { exportNames, type NameFacts } from './export-names'
import { refuseAborted } from './measure'
import { uniqueName } from './names'
import type { Project } from './open-project'

const wordsOf = (project: Project, { name, origin, createdAt }: Asset): NameFacts => {
  const source = origin && project.assets.has(origin.source) ? project.assets.get(origin.source).name : name
  const role = origin && origin.role === 'noise' ? ' noise' : ''
  return {
    name: source,
    task: origin ? `${origin.task}${role}` : 'original',
    model: origin?.pack.name ?? '',
    date: createdAt.slice(0, 10),
  }
}

export interface ExportManyOptions {
  format: ExportFormat
  /** See `exportNames`. */
  pattern: string
  signal?: AbortSignal
  /** Told how many are written. */
  onProgress?(done: number): void
}

/**
 * Writes sounds in a format, named by a pattern, each with what its source says about the recording, as one zip in `exports/` that appears when complete.
 * Throws what `exportAsset` throws, and `bad-input` for patterns that mean nothing.
 */
export async function exportMany(
  project: Project,
  ids: readonly string[],
  { format, pattern, signal, onProgress }: ExportManyOptions,
): Promise<Exported> {
  const { assets, paths } = project
  const all = ids.map((id) => assets.get(id))
  const other = all.find(({ kind }) => kind !== 'audio')
  if (other)
    throw new NagareError('unsupported', `${other.name}: expected sound to export, this is a ${other.kind} asset.`, {
      hint: 'Leave it out, or export it by itself.',
      file: other.name,
    })
  const ending = format.startsWith('flac') ? '.flac' : '.wav'
  const names = exportNames(
    pattern,
    all.map((asset) => wordsOf(project, asset)),
    ending,
  )
  const stage = join(paths.work, newId('export'))
  const name = uniqueName(`${project.manifest.name}.zip`, taken.get(project) ?? [])
  taken.set(project, [...(taken.get(project) ?? []), name])
  const path = join(paths.exports, name)
  try {
    await mkdir(stage)
    const zip = new yazl.ZipFile()
    for (const [i, asset] of all.entries()) {
      refuseAborted(signal)
      const file = join(stage, `${i}${ending}`)
      await writeSound(project, await contentFile(project, asset.id), file, {
        format,
        tags: await tagsOf(project, asset),
        signal,
      })
      // Samples hardly shrink, and FLAC is small already.
      zip.addFile(file, names[i]!, { compress: false })
      onProgress?.(i + 1)
    }
    zip.end()
    await writeAside(path, (part) => pipeline(zip.outputStream, createWriteStream(part), { signal }))
    return { url: `/exports/${encodeURIComponent(name)}`, name, bytes: (await stat(path)).size }
  } catch (thrown) {
    throw asNagareError(thrown, name)
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

/** Names of the zips that were made since the project was opened. */
const taken = new WeakMap<Project, string[]>()
