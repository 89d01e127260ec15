import { constants } from 'node:fs'
import { open, readFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { headFile, RecordingHead, soundFileName } from '../contract/recording'
import { placeIn, readBody } from './body'
import { inside } from './path-guard'
import { full, refusal, roomIn } from './room'

/** Most bytes of one chunk: 20 s of stereo at 48 kHz, to catch up after the host was slow. */
export const longestChunk = 8 * 1024 * 1024

/** Recordings whose bytes are being flushed to the disk. */
const flushing = new Set<string>()

/**
 * Writes the body of a POST, 32-bit float samples, into the recording `id` at byte `at` of its samples, and answers `{have}`, the bytes it holds
 * then. Sending a chunk again is harmless; one that would leave a gap is refused with 409 and `{have}`. Without samples it only says that the
 * recording goes on. Answers `{error}` with 404 where there is no such recording (any more), 400, 413, or 507 when the disk is full.
 */
export async function chunkResponse(request: Request, folder: string, id: string): Promise<Response> {
  const at = placeIn(request, 'at')
  const bytes = await readBody(request, longestChunk)
  if (!bytes)
    return refusal(413, { code: 'bad-input', message: `A chunk may have ${longestChunk} bytes; this one has more.` })
  const own = await inside(folder, id)
  const head = own && (await readHead(own))
  if (!head) return over()
  if (at === undefined || at % head.blockAlign || bytes.length % head.blockAlign)
    return refusal(400, {
      code: 'bad-input',
      message: `A chunk must begin and end at whole frames of ${head.blockAlign} bytes; found ${bytes.length} bytes at ${at ?? 'no place'}.`,
    })
  let file: FileHandle | undefined
  try {
    const room = await roomIn(own)
    if (bytes.length > room) return full(room)
    file = await open(join(own, soundFileName), constants.O_RDWR | (constants.O_NOFOLLOW ?? 0))
    const present = (await file.stat()).size - head.dataOffset
    const have = present - (present % head.blockAlign)
    if (at > have)
      return Response.json(
        { have, error: { code: 'conflict', message: `Bytes ${have} to ${at} of the recording are missing.` } },
        { status: 409, headers: { 'Cache-Control': 'no-store' } },
      )
    if (bytes.length === 0) await file.utimes(new Date(), new Date())
    else await writeAll(file, finiteSamples(bytes), head.dataOffset + at)
    // What was completed meanwhile may lack these samples: they are to go into another.
    if (!(await readHead(own))) return over()
    flushLater(id, file)
    file = undefined
    return Response.json({ have: Math.max(have, at + bytes.length) }, { headers: { 'Cache-Control': 'no-store' } })
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') return full(0)
    if (code === 'ENOENT') return over()
    throw thrown
  } finally {
    await file?.close()
  }
}

const over = () => refusal(404, { code: 'not-found', message: 'This recording is over, or was never begun.' })

async function readHead(folder: string): Promise<RecordingHead | undefined> {
  try {
    return RecordingHead.parse(JSON.parse(await readFile(join(folder, headFile), 'utf8')))
  } catch {
    return undefined
  }
}

/** The same samples; silence in place of what is no number, which would make the whole recording unreadable. */
function finiteSamples(bytes: Uint8Array): Uint8Array {
  const samples = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  for (let i = 0; i < samples.length; i++) if (!Number.isFinite(samples[i])) samples[i] = 0
  return bytes
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/** Flushes to the disk what was written, against a power cut; the answer does not wait for it, and one flush at a time is enough. */
function flushLater(id: string, file: FileHandle): void {
  const isFlushing = flushing.has(id)
  flushing.add(id)
  void (isFlushing ? Promise.resolve() : file.datasync().finally(() => flushing.delete(id)))
    .catch(() => undefined)
    .finally(() => file.close().catch(() => undefined))
}
