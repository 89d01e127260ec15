import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { asNagareError } from './errors'

export interface WatchOptions {
  signal: AbortSignal
  /** Ends after so many seconds without anything new; never where left out. */
  idleSeconds?: number | undefined
  /** Milliseconds from look to look; a file is taken when it stayed the same from one to the next. */
  every?: number
  /** Size and time of change of the files that were given before, by their names; brought up to date as files are given. */
  taken?: Map<string, string>
  /** Told after each look at the folder. */
  found?: () => void
}

const unfinished = /^[.~]|\.(part|tmp|crdownload|partial)$|~$/i

/**
 * The files that come into a folder, those that are there first, in parts as they are complete: not before a file has stopped growing. One that is written
 * anew comes again. Looks again and again, since not every disk tells of changes. Ends when the signal is aborted. Throws `not-found`, `no-permission`.
 */
export async function* watchFolder(
  folder: string,
  { signal, idleSeconds = Infinity, every = 500, taken = new Map(), found = () => {} }: WatchOptions,
): AsyncGenerator<string[]> {
  let before = new Map<string, string>()
  let newsAt = performance.now()
  while (!signal.aborted) {
    const names = await readdir(folder).catch((thrown: unknown) => {
      throw asNagareError(thrown, folder)
    })
    found()
    const now = new Map<string, string>()
    for (const name of names) {
      if (unfinished.test(name)) continue
      const there = await stat(join(folder, name)).catch(() => undefined)
      if (there?.isFile() && there.size > 0) now.set(name, `${there.size} ${there.mtimeMs}`)
    }
    const complete = [...now].filter(([name, state]) => taken.get(name) !== state && before.get(name) === state)
    const grows = [...now].some(([name, state]) => taken.get(name) !== state)
    before = now
    if (complete.length > 0) {
      for (const [name, state] of complete) taken.set(name, state)
      yield complete.map(([name]) => join(folder, name)).sort()
    }
    if (grows) newsAt = performance.now()
    else if (performance.now() - newsAt >= 1000 * idleSeconds) return
    await setTimeout(every, undefined, { signal }).catch(() => undefined)
  }
}
