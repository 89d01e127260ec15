import { Watch, type EngineEvent } from '@contract'
import { readFile, realpath, rename, stat } from 'node:fs/promises'
import { basename, isAbsolute, relative } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { writeFileAtomic } from '../lib/atomic-file'
import { asNagareError, errorRecord, NagareError } from '../lib/errors'
import { newId } from '../lib/id'
import { watchFolder } from '../lib/watch-folder'
import { adopt, isPicture, type Project, type RefusedFiles } from '../project'

/** Milliseconds from look to look, at a folder that is there and at one that is not. */
const lookEvery = 500
const seekEvery = 3000
/** Files taken from save to save. */
const saveEach = 20
/** Most folders watched at a time. */
const mostWatches = 8

const Kept = Watch.extend({
  settings: z.record(z.string(), z.unknown()),
  /** Size and time of change of each file that was taken, by its name. */
  taken: z.record(z.string(), z.string()),
})
type Kept = z.infer<typeof Kept>

/** Folders whose new pictures are added and inspected. */
export interface Watches {
  list(): Watch[]
  /** Goes on with the folders that were watched before; called once, when jobs can be queued. */
  resume(): void
  /** Begins with what is in the folder. Throws `not-found`, `bad-input`, `conflict`. */
  start(wanted: Pick<Kept, 'folder' | 'pack' | 'settings'>): Promise<Watch>
  stop(id: string): Promise<void>
  close(): Promise<void>
}

interface WatchParts {
  project: Project
  refused: RefusedFiles
  emit(event: EngineEvent): void
  /** Queues the inspection of pictures that were added. */
  inspect(assets: readonly string[], plan: Pick<Kept, 'pack' | 'settings'>): Promise<void>
  every?: { look: number; seek: number }
}

const told = ({ settings: _, taken: __, ...watch }: Kept): Watch => watch

/** Opens the folders that the project watches. */
export async function openWatches(parts: WatchParts): Promise<Watches> {
  const { project, refused, emit, inspect, every = { look: lookEvery, seek: seekEvery } } = parts
  const file = project.paths.watches
  const running = new Map<string, { kept: Kept; stop: AbortController; ended: Promise<void> }>()
  let last: Promise<unknown> = Promise.resolve()

  const list = () => [...running.values()].map(({ kept }) => told(kept))
  const save = () => {
    const mine = last.then(() => writeFileAtomic(file, JSON.stringify([...running.values()].map(({ kept }) => kept))))
    last = mine.catch((thrown: unknown) => project.log.warn('watches-not-saved', { error: thrown }))
    return mine
  }
  const change = (kept: Kept, to: Partial<Kept>) => {
    Object.assign(kept, to)
    emit({ event: 'watch.changed', data: { watches: list() } })
  }

  /** Takes files in; what is no picture is passed over. */
  const take = async (
    kept: Kept,
    paths: readonly string[],
    taken: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ) => {
    const added: string[] = []
    for (const [i, path] of paths.entries()) {
      if (signal.aborted) break
      const incoming = { file: path, name: basename(path), move: false }
      const refuse = async (thrown: unknown) => {
        await refused.add(incoming.name, errorRecord(asNagareError(thrown, incoming.name)))
        change(kept, { refused: kept.refused + 1 })
      }
      try {
        if (await isPicture(incoming)) {
          const { id } = await adopt(project, incoming, { signal, onUnreadable: (_, error) => void refuse(error) })
          added.push(id)
          change(kept, { added: kept.added + 1 })
        }
      } catch (thrown) {
        if (signal.aborted) break
        await refuse(thrown)
      }
      // A file that was taken before a crash is not taken again after it, but for the last few.
      kept.taken = { ...kept.taken, [incoming.name]: taken.get(incoming.name)! }
      if (i % saveEach === saveEach - 1) await save().catch(() => undefined)
    }
    if (added.length === 0) return
    await inspect(added, kept).then(
      () => kept.error && change(kept, { error: null }),
      (thrown: unknown) => change(kept, { error: errorRecord(thrown) }),
    )
  }

  const follow = async (kept: Kept, signal: AbortSignal) => {
    const taken = new Map<string, string>(Object.entries(kept.taken))
    while (!signal.aborted) {
      try {
        for await (const paths of watchFolder(kept.folder, {
          ...{ signal, every: every.look, taken },
          found: () => kept.state === 'lost' && change(kept, { state: 'watching', error: null }),
        })) {
          await take(kept, paths, taken, signal)
          await save().catch(() => undefined)
        }
      } catch (thrown) {
        const error = errorRecord(asNagareError(thrown, kept.folder))
        if (kept.state !== 'lost' || kept.error?.message !== error.message) change(kept, { state: 'lost', error })
        await setTimeout(every.seek, undefined, { signal }).catch(() => undefined)
      }
    }
  }
  const hold = (kept: Kept) => {
    const entry = { kept, stop: new AbortController(), ended: Promise.resolve() }
    running.set(kept.id, entry)
    return entry
  }
  const begin = (entry: ReturnType<typeof hold>) => (entry.ended = follow(entry.kept, entry.stop.signal))

  for (const kept of await read(file, project)) hold(kept)
  return {
    list,
    resume() {
      for (const entry of running.values()) void begin(entry)
    },
    async start({ folder, pack, settings }) {
      const path = await checkFolder(folder, project.paths.folder)
      if ([...running.values()].some(({ kept }) => kept.folder === path))
        throw new NagareError('conflict', `${path} is being watched already.`, { file: path })
      if (running.size >= mostWatches)
        throw new NagareError('conflict', `${mostWatches} folders are being watched already.`, {
          hint: 'Stop one of them first.',
        })
      const since = new Date().toISOString()
      const kept: Kept = {
        ...{ id: newId('w'), folder: path, state: 'watching', error: null, added: 0, refused: 0 },
        ...{ pack, since, settings, taken: {} },
      }
      const entry = hold(kept)
      await save().catch((thrown: unknown) => {
        running.delete(kept.id)
        throw thrown
      })
      void begin(entry)
      change(kept, {})
      return told(kept)
    },
    async stop(id) {
      const entry = running.get(id)
      if (!entry) throw new NagareError('not-found', 'This folder is not watched any more.')
      running.delete(id)
      entry.stop.abort()
      await save()
      emit({ event: 'watch.changed', data: { watches: list() } })
      await entry.ended
    },
    async close() {
      for (const { stop } of running.values()) stop.abort()
      await Promise.all([...running.values()].map(({ ended }) => ended))
      await last
    },
  }
}

/** The folder's own path. Throws `bad-input` where it is no folder, not a full path, or holds the project's own files. */
async function checkFolder(folder: string, own: string): Promise<string> {
  if (!isAbsolute(folder))
    throw new NagareError('bad-input', `${folder}: expected a full path.`, {
      file: folder,
      hint: 'Write it from its beginning, such as /home/ada/line-3 or C:\\line-3.',
    })
  try {
    const path = await realpath(folder)
    if (!(await stat(path)).isDirectory())
      throw new NagareError('bad-input', `${folder}: expected a folder, found a file.`, { file: folder })
    const inside = relative(own, path)
    if (inside === '' || (!inside.startsWith('..') && !isAbsolute(inside)))
      throw new NagareError('bad-input', `${folder}: expected a folder outside the project.`, {
        file: folder,
        hint: 'Its pictures are in the project already.',
      })
    return path
  } catch (thrown) {
    throw asNagareError(thrown, folder)
  }
}

async function read(file: string, { log }: Project): Promise<Kept[]> {
  const text = await readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return '[]'
    throw asNagareError(thrown, file)
  })
  try {
    return z.array(Kept).parse(JSON.parse(text))
  } catch (thrown) {
    log.warn('watches-broken', { error: thrown })
    await rename(file, `${file}.broken`)
    return []
  }
}
