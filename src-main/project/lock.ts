import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { link, mkdir, open, readFile, rm, rmdir, stat } from 'node:fs/promises'
import { uptime } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { partPath } from '../lib/atomic-file'
import { asNagareError, NagareError } from '../lib/errors'

export interface Lock {
  release(): Promise<void>
}

/** Who holds a lock: a process, told apart from a later one of the same number by when it started. */
interface Holder {
  pid: number
  started: string | null
}

/** Seconds by which the clock may have been set since the machine started. */
const clockSlack = 60
/** Milliseconds after which a process that was removing a stale lock must have died over it. */
const longestTurn = 5000

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

/** Whether the holder of a lock written at `since` lives; where start times are not told, a lock from before the machine's last start is dead. */
function isAlive(holder: Holder, since: number): boolean {
  const started = processStart(holder.pid)
  if (started === undefined) return false
  if (started !== null && holder.started !== null) return started === holder.started
  return since > Date.now() - (uptime() + clockSlack) * 1000
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(text) as Partial<Holder>
    return typeof pid === 'number' && pid > 0 ? { pid, started: started ?? null } : undefined
  } catch {
    return undefined
  }
}

/** Puts a complete lock at `path` in one step, so that nobody ever reads a half one; false when one is there. */
async function putLock(path: string, text: string): Promise<boolean> {
  const draft = partPath(path)
  const place = async (at: string) => {
    const handle = await open(at, 'wx')
    await handle.writeFile(text).finally(() => handle.close())
  }
  try {
    await place(draft)
    // File systems without links (FAT) are left with a moment in which the lock is empty.
    await link(draft, path).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'EEXIST') throw thrown
      return place(path)
    })
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw asNagareError(thrown, path)
  } finally {
    await rm(draft, { force: true })
  }
}

/** Removes the stale lock that reads `text`, unless another process has done so; one process at a time, so that no new lock goes with it. */
async function removeStale(path: string, text: string): Promise<void> {
  const turn = join(dirname(path), '.lock-turn')
  try {
    await mkdir(turn)
  } catch {
    const since = (await stat(turn).catch(() => undefined))?.mtimeMs ?? Infinity
    if (Date.now() - since > longestTurn) await rmdir(turn).catch(() => undefined)
    return
  }
  try {
    if ((await readFile(path, 'utf8').catch(() => undefined)) === text) await rm(path, { force: true })
  } finally {
    await rmdir(turn).catch(() => undefined)
  }
}

const held = (path: string, pid: number) =>
  new NagareError('conflict', `The project is open in another Nagare (process ${pid}).`, {
    hint: 'Close it there, or open another project.',
    file: path,
  })

/** Throws `conflict` when a living process other than this one holds the lock at `path`. */
export async function refuseHeld(path: string): Promise<void> {
  const [text, facts] = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch(() => [undefined, undefined])
  const holder = text === undefined ? undefined : parseHolder(text)
  if (holder && facts && holder.pid !== process.pid && isAlive(holder, facts.mtimeMs)) throw held(path, holder.pid)
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
  for (let tries = 0; tries < 50; tries++) {
    if (await putLock(path, mine))
      return {
        async release() {
          if ((await readFile(path, 'utf8').catch(() => '')) === mine) await rm(path, { force: true })
        },
      }
    const [text, facts] = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch(() => [undefined, undefined])
    if (text === undefined || facts === undefined) continue
    const holder = parseHolder(text)
    if (holder && isAlive(holder, facts.mtimeMs)) throw held(path, holder.pid)
    await removeStale(path, text)
    await sleep(5)
  }
  throw new NagareError('conflict', 'The project is being opened by another Nagare.', {
    file: path,
    hint: 'Try again.',
  })
}
