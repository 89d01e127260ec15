import { Line } from '@contract'
import { readFile, rename } from 'node:fs/promises'
import { z } from 'zod'
import { writeFileAtomic } from '../lib/atomic-file'
import { asNagareError } from '../lib/errors'
import type { Log } from '../lib/log'

/** Lines between good and odd that a person put, by `lineKey`. */
export interface Lines {
  get(): Record<string, Line>
  /** Puts a line, or forgets it, and saves. Throws `disk-full`, `no-permission` and then changes nothing. */
  set(model: string, line: Line | null): Promise<Record<string, Line>>
}

const Saved = z.record(z.string(), Line)

/** Opens the lines in `file`; one that cannot be understood is kept aside as `<file>.broken`. */
export async function openLines(file: string, log: Log): Promise<Lines> {
  let lines = await read(file, log)
  let last: Promise<unknown> = Promise.resolve()
  const change = async (model: string, line: Line | null) => {
    const { [model]: _, ...others } = lines
    const next = line ? { ...others, [model]: line } : others
    await writeFileAtomic(file, JSON.stringify(next, null, 2))
    lines = next
    return next
  }
  return {
    get: () => lines,
    set(model, line) {
      const mine = last.then(() => change(model, line))
      last = mine.catch(() => undefined)
      return mine
    },
  }
}

async function read(file: string, log: Log): Promise<Record<string, Line>> {
  const text = await readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return '{}'
    throw asNagareError(thrown, file)
  })
  try {
    return Saved.parse(JSON.parse(text))
  } catch (thrown) {
    log.warn('lines-broken', { error: thrown })
    await rename(file, `${file}.broken`)
    return {}
  }
}
