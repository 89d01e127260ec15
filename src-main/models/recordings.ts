import { readdir, stat } from 'node:fs/promises'
import { basename, extname, join, relative } from 'node:path'
import { asNagareError, NagareError } from '../lib/errors'
import { random } from '../lib/random'

const extensions = new Set(['.wav', '.flac', '.mp3', '.ogg', '.opus', '.m4a', '.aac'])

/** Share of the recordings of each folder that only validation sees. */
export const validationShare = 0.05

/** Recordings below `folder` by name, hidden ones left out. Throws `not-found`, `bad-input` where it holds none. */
export async function recordingsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((thrown: unknown) => {
    throw asNagareError(thrown, folder)
  })
  const files = entries
    .filter((entry) => entry.isFile() && extensions.has(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (file) =>
        !relative(folder, file)
          .split(/[\\/]/)
          .some((part) => part.startsWith('.')),
    )
    .sort()
  if (files.length > 0) return files
  throw new NagareError('bad-input', `${folder} holds no recordings.`, {
    file: folder,
    hint: `Recordings end in ${[...extensions].join(', ')}.`,
  })
}

/** The recordings of a training run. */
export interface SplitRecordings {
  /** Files to train on, per folder. */
  training: string[][]
  /** Files that only validation sees. */
  held: string[]
  /** Names the recordings, so that a run is not continued on others. */
  fingerprint: string
}

/** Finds the recordings and splits each folder by a draw of its own seed. Throws `not-found`, `bad-input` where there are fewer than two. */
export async function splitRecordings(folders: readonly string[]): Promise<SplitRecordings> {
  const order = random(20180415)
  const training: string[][] = []
  const held: string[] = []
  const names: string[] = []
  for (const folder of folders) {
    const files = await recordingsIn(folder)
    const shuffled = [...order.shuffle(files.length)].map((i) => files[i]!)
    const count = files.length > 1 ? Math.max(1, Math.round(files.length * validationShare)) : 0
    held.push(...shuffled.slice(0, count))
    training.push(shuffled.slice(count).sort())
    for (const file of files) names.push(`${basename(file)}:${(await stat(file)).size}`)
  }
  if (held.length > 0) return { training, held, fingerprint: names.join('|') }
  throw new NagareError('bad-input', 'Training needs at least two recordings: one of them is kept for validation.', {
    file: folders[0]!,
  })
}
