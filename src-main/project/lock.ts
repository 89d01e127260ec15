import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { asNagareError, NagareError } from '../lib/errors'

export interface Lock {
  release(): Promise<void>
}

/** Who holds a lock: a process, told apart from a later one of the same number by when it started. */
interface Holder {
  pid: number
  started: string | null
}

/** When process `pid` started, in a form only good for comparing; null where the system does not tell, undefined when it is gone. */
function processStart(pid: number): string | null | undefined {
  try {
    process.kill(pid, 0)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EPERM') return undefined
  }
  if (process.platform !== 'linux') return null
  try {
    // proc(5): the name in parentheses may hold anything; state is the 1st field after it, the start time the 20th.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : (fields[19] ?? null)
  } catch {
    return null
  }
}

function isAlive(holder: Holder): boolean {
  const started = processStart(holder.pid)
  if (started === undefined) return false
  return started === null || holder.started === null || started === holder.started
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(text) as Partial<Holder>
    return typeof pid === 'number' && pid > 0 ? { pid, started: started ?? null } : undefined
  } catch {
    return undefined
  }
}

/**
 * Takes the lock at `path` for this process; a lock whose process is gone is taken over.
 * Throws `conflict` when a living process holds it.
 */
export async function takeLock(path: string): Promise<Lock> {
  const mine = JSON.stringify({
    pid: process.pid,
    started: processStart(process.pid) ?? null,
    nonce: randomBytes(6).toString('hex'),
  })
  for (let tries = 0; tries < 5; tries++) {
    try {
      const handle = await open(path, 'wx')
      await handle.writeFile(mine).finally(() => handle.close())
      return {
        async release() {
          if ((await readFile(path, 'utf8').catch(() => '')) === mine) await rm(path, { force: true })
        },
      }
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw asNagareError(thrown, path)
    }
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text === undefined) continue
    const holder = parseHolder(text)
    if (holder && isAlive(holder))
      throw new NagareError('conflict', `The project is open in another Nagare (process ${holder.pid}).`, {
        hint: 'Close it there, or open another project.',
        file: path,
      })
    await putAside(path, text)
  }
  throw new NagareError('conflict', 'The project is being opened by another Nagare.', {
    file: path,
    hint: 'Try again.',
  })
}

/** Removes the stale lock that reads `text`; one that another process has put there meanwhile goes back. */
async function putAside(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString('hex')}`
  try {
    await rename(path, aside)
  } catch {
    return
  }
  if ((await readFile(aside, 'utf8')) === text) await rm(aside, { force: true })
  else await rename(aside, path)
}
