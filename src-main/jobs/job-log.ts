import { ErrorRecord, Id, Job } from '@contract'
import { open, readFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import { writeFileAtomic } from '../lib/atomic-file'
import { asNagareError } from '../lib/errors'

const line = { at: z.iso.datetime(), job: Id }

/** One line of `jobs.jsonl`. `queued` and `kept` carry the whole job; the others what changed. */
export const JobEntry = z.discriminatedUnion('type', [
  z.object({ ...line, type: z.literal('queued'), record: Job }),
  /** Written when the log is compacted: the job as it stood, and its crashes in a row. */
  z.object({ ...line, type: z.literal('kept'), record: Job, crashes: z.int() }),
  z.object({ ...line, type: z.literal('started') }),
  /** What it computes on from now on, and why that is not the device asked for. */
  z.object({ ...line, type: z.literal('device'), device: z.string(), fallback: z.string().nullable() }),
  /** Back in the queue: by a crash, by a quit, or because the person asked again. */
  z.object({ ...line, type: z.literal('requeued'), reason: z.enum(['crash', 'quit', 'retry']) }),
  /** What became of one of a job's many sources. */
  z.object({ ...line, type: z.literal('made'), results: z.array(Id) }),
  z.object({ ...line, type: z.literal('missed'), source: Id, error: ErrorRecord }),
  z.object({ ...line, type: z.literal('done'), results: z.array(Id) }),
  z.object({ ...line, type: z.literal('failed'), error: ErrorRecord }),
  z.object({ ...line, type: z.literal('cancelled') }),
  z.object({ ...line, type: z.literal('removed') }),
  /** Put before another waiting job, or to the end. */
  z.object({ ...line, type: z.literal('moved'), before: Id.nullable() }),
  /** The whole queue: no further job is started, or they are again. */
  z.object({ at: z.iso.datetime(), type: z.literal('paused') }),
  z.object({ at: z.iso.datetime(), type: z.literal('resumed') }),
])
export type JobEntry = z.infer<typeof JobEntry>
/** A line about one job. */
export type OwnEntry = Extract<JobEntry, { job: string }>

/** A job with what only the log knows of it. */
export interface LoggedJob {
  job: Job
  /** Engine deaths in a row while it ran. */
  crashes: number
}

/** What a job is after `entry`; undefined when it is gone or was never there. */
function applyEntry(known: LoggedJob | undefined, entry: OwnEntry): LoggedJob | undefined {
  if (entry.type === 'queued') return { job: entry.record, crashes: 0 }
  if (entry.type === 'kept') return { job: entry.record, crashes: entry.crashes }
  if (!known || entry.type === 'removed') return undefined
  if (entry.type === 'moved') return known
  const { job, crashes } = known
  const changed = (change: Partial<Job>, count = crashes) => ({
    job: { ...job, progress: null, ...change },
    crashes: count,
  })
  /** What a job over many sources has made stays when it ends early; it goes on from there. */
  const results = job.sources ? job.results : []
  switch (entry.type) {
    case 'made':
      return { job: { ...job, results: [...job.results, ...entry.results] }, crashes }
    case 'missed': {
      const { source, error } = entry
      return { job: { ...job, missed: [...(job.missed ?? []), { source, error }] }, crashes }
    }
    case 'started':
      return changed({
        state: 'running',
        attempt: job.attempt + 1,
        startedAt: entry.at,
        endedAt: null,
        error: null,
        results,
      })
    case 'device':
      return changed({ device: entry.device, fallback: entry.fallback })
    case 'requeued': {
      // What was found out about its device holds until the person asks again.
      const fallback = entry.reason === 'retry' ? null : job.fallback
      const device = fallback === null ? (job.requested ?? job.device) : job.device
      const missed = entry.reason === 'retry' && job.missed ? { missed: [] } : {}
      return changed(
        { state: 'queued', startedAt: null, endedAt: null, error: null, results, device, fallback, ...missed },
        entry.reason === 'crash' ? crashes + 1 : entry.reason === 'retry' ? 0 : crashes,
      )
    }
    case 'done':
      return changed({ state: 'done', endedAt: entry.at, results: entry.results }, 0)
    case 'failed':
      return changed({ state: 'failed', endedAt: entry.at, error: entry.error, results }, 0)
    case 'cancelled':
      return changed({ state: 'cancelled', endedAt: entry.at, results }, 0)
  }
}

/** Puts one job of `jobs` before another, or to the end. */
function moveBefore(jobs: Map<string, LoggedJob>, id: string, before: string | null): void {
  const moved = jobs.get(id)
  if (!moved || id === before) return
  jobs.delete(id)
  const order = [...jobs]
  const at = before === null ? -1 : order.findIndex(([other]) => other === before)
  order.splice(at < 0 ? order.length : at, 0, [id, moved])
  jobs.clear()
  for (const [other, logged] of order) jobs.set(other, logged)
}

/** Brings `jobs`, kept in the order of the queue, up to date with `entry`; a job that is tried again goes to the end. */
export function takeEntry(jobs: Map<string, LoggedJob>, entry: OwnEntry): void {
  if (entry.type === 'moved') return moveBefore(jobs, entry.job, entry.before)
  const after = applyEntry(jobs.get(entry.job), entry)
  if (!after || (entry.type === 'requeued' && entry.reason === 'retry')) jobs.delete(entry.job)
  if (after) jobs.set(entry.job, after)
}

export interface JobLog {
  /** The jobs as the log tells them when it is opened, in the order in which they were queued. */
  readonly jobs: LoggedJob[]
  /** Whether the queue was left paused. */
  readonly isPaused: boolean
  /** Lines that made no sense and were passed over. */
  readonly skipped: number
  /** Appends a line and flushes it to disk; a line that could not be written whole is taken back. Throws `disk-full`, `no-permission`. */
  append(entry: JobEntry): Promise<void>
  close(): Promise<void>
}

export interface JobLogOptions {
  /** Writes a line and flushes it; tests put a full disk here. */
  write?: (handle: FileHandle, line: string) => Promise<void>
  /** Number of lines from which the log is rewritten when most of them are history. */
  compactFrom?: number
}

async function writeLine(handle: FileHandle, line: string): Promise<void> {
  await handle.appendFile(line)
  await handle.datasync()
}

/** Opens the log at `path`, forgiving a torn last line, and rewrites it when it has grown long. */
export async function openJobLog(
  path: string,
  { write = writeLine, compactFrom = 1000 }: JobLogOptions = {},
): Promise<JobLog> {
  const bytes = await readFile(path).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return Buffer.alloc(0)
    throw asNagareError(thrown, path)
  })
  let size = bytes.lastIndexOf('\n') + 1
  const lines = bytes.toString('utf8', 0, size).split('\n').slice(0, -1)
  const known = new Map<string, LoggedJob>()
  let skipped = 0
  let isPaused = false
  for (const raw of lines) {
    const entry = JobEntry.safeParse(parseJson(raw))
    if (!entry.success) skipped++
    else if ('job' in entry.data) takeEntry(known, entry.data)
    else isPaused = entry.data.type === 'paused'
  }
  const jobs = [...known.values()]
  if (lines.length > compactFrom && lines.length > 4 * jobs.length) {
    const at = new Date().toISOString()
    const kept = jobs.map(
      ({ job, crashes }) => JSON.stringify({ at, job: job.id, type: 'kept', record: job, crashes }) + '\n',
    )
    const state = isPaused ? [JSON.stringify({ at, type: 'paused' }) + '\n'] : []
    const compacted = Buffer.from([...kept, ...state].join(''))
    await writeFileAtomic(path, compacted)
    size = compacted.length
  }

  const handle = await open(path, 'a').catch((thrown: unknown) => {
    throw asNagareError(thrown, path)
  })
  if ((await handle.stat()).size > size) await handle.truncate(size)
  let last: Promise<unknown> = Promise.resolve()
  const append = async (entry: JobEntry) => {
    const line = JSON.stringify(entry) + '\n'
    try {
      await write(handle, line)
      size += Buffer.byteLength(line)
    } catch (thrown) {
      await handle.truncate(size).catch(() => undefined)
      throw asNagareError(thrown, path)
    }
  }
  return {
    jobs,
    isPaused,
    skipped,
    append(entry) {
      const mine = last.then(() => append(entry))
      last = mine.catch(() => undefined)
      return mine
    },
    async close() {
      await last
      await handle.close()
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
