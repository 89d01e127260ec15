import { Refused, type ErrorRecord } from '@contract'
import { readFile, rename } from 'node:fs/promises'
import { z } from 'zod'
import { writeFileAtomic } from '../lib/atomic-file'
import { asNagareError } from '../lib/errors'
import { newId } from '../lib/id'
import type { Log } from '../lib/log'

/** Most files that are remembered; the oldest are forgotten first. */
const most = 1000

/** Files that were to be added as pictures and could not be read: kept until somebody removes them. */
export interface RefusedFiles {
  list(): Refused[]
  /** Notes one; a file of the same name takes the place of the one before. */
  add(name: string, error: ErrorRecord): Promise<Refused>
  remove(ids: readonly string[]): Promise<void>
}

/** Opens those noted in `file`; one that cannot be understood is kept aside as `<file>.broken`. `changed` is told of every change. */
export async function openRefused(file: string, log: Log, changed: (all: Refused[]) => void): Promise<RefusedFiles> {
  let all = await read(file, log)
  let last: Promise<unknown> = Promise.resolve()
  const change = (next: (before: Refused[]) => Refused[]) => {
    const mine = last.then(async () => {
      const found = next(all).slice(-most)
      await writeFileAtomic(file, JSON.stringify(found))
      all = found
      changed(all)
    })
    last = mine.catch(() => undefined)
    return mine
  }
  return {
    list: () => all,
    async add(name, { code, message, hint, file: path }) {
      const error = { code, message, ...(hint ? { hint } : {}), ...(path ? { file: path } : {}) }
      const refused: Refused = { id: newId('x'), name, error, time: new Date().toISOString() }
      await change((before) => [...before.filter((each) => each.name !== name), refused])
      return refused
    },
    remove: (ids) => change((before) => before.filter(({ id }) => !ids.includes(id))),
  }
}

async function read(file: string, log: Log): Promise<Refused[]> {
  const text = await readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return '[]'
    throw asNagareError(thrown, file)
  })
  try {
    return z.array(Refused).parse(JSON.parse(text))
  } catch (thrown) {
    log.warn('refused-broken', { error: thrown })
    await rename(file, `${file}.broken`)
    return []
  }
}
