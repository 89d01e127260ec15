import { readPeaks, type EditList, type Peaks } from '@contract'
import { lstat, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { editedPeaks, encodeEditList, encodePeaks, openAudio, openEdits } from '../../dsp'
import { measure, measureLevel, type Level } from '../measure'
import type { Project } from '../open-project'

/** Versions of a document whose files are kept, so that undo finds them. */
const versionsKept = 6

/** The file of a version's list, and of its peaks, in the asset's folder. */
export const listFile = (version: string): string => `edit-${version}.json`
export const peaksFile = (version: string): string => `peaks-${version}.bin`

export const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

/** The files that versions of edited sounds are served from, in their assets' folders: `id` is the asset's, `version` names what its list holds. */
export function versionFiles({ paths, assets, io }: Pick<Project, 'paths' | 'assets' | 'io'>) {
  return {
    /** Writes what a version is served from; peaks only where those of all that it is made of are known. */
    async write(id: string, version: string, list: EditList): Promise<Peaks | undefined> {
      const folder = paths.asset(id)
      if (!(await isThere(join(folder, listFile(version)))))
        await io.write(join(folder, listFile(version)), encodeEditList(list))
      const file = join(folder, peaksFile(version))
      if (await isThere(file)) return readPeaks(ownBuffer(await readFile(file)))
      const edits = openEdits(list, paths.assets)
      try {
        const peaks = await editedPeaks(list, edits.rendering, async (asset) =>
          readPeaks(ownBuffer(await readFile(join(paths.asset(asset), 'peaks.bin')))),
        )
        await io.write(file, encodePeaks(peaks))
        return peaks
      } catch (thrown) {
        // One that is still being read through has no peaks yet: the measuring below makes them.
        if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw thrown
      } finally {
        await edits.close()
      }
    },

    /** Removes files of versions but for the newest few and `version`. */
    async prune(id: string, version: string): Promise<void> {
      const folder = paths.asset(id)
      const files = (await readdir(folder)).filter((name) => /^edit-[0-9a-f]{16}\.json$/.test(name))
      const facts = await Promise.all(
        files.map(async (name) => ({ name, at: (await lstat(join(folder, name))).mtimeMs })),
      )
      const old = facts.sort((a, b) => b.at - a.at).slice(versionsKept)
      for (const { name } of old) {
        const other = name.slice(5, 21)
        if (other === version) continue
        for (const file of [listFile(other), peaksFile(other)]) await rm(join(folder, file), { force: true })
      }
    },

    /** Reads a version through and completes its level, and its peaks where they are missing. */
    async measure(id: string, version: string, signal: AbortSignal): Promise<Level> {
      const folder = paths.asset(id)
      const reader = await openAudio(join(folder, listFile(version)))
      try {
        const file = join(folder, peaksFile(version))
        if (await isThere(file)) return await measureLevel(reader, signal)
        const { peaks, ...level } = await measure(reader, { signal })
        if (assets.has(id)) await io.write(file, encodePeaks(peaks))
        return level
      } finally {
        await reader.close()
      }
    },
  }
}

/** The bytes in a buffer of their own. */
const ownBuffer = (bytes: Uint8Array): ArrayBuffer =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
