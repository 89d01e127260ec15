import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { ErrorRecord } from '../contract/records'

/** Space on disk that an upload must leave free, in bytes. */
const reserve = 64 * 1024 * 1024

const refusal = (status: number, error: ErrorRecord) =>
  Response.json({ error }, { status, headers: { 'Cache-Control': 'no-store' } })

const full = (room: number) =>
  refusal(507, {
    code: 'disk-full',
    message: `The disk is full: ${Math.max(0, Math.floor(room / 1e6))} MB may still be written.`,
    hint: 'Free some space, or choose another disk.',
  })

/**
 * Streams the body of a PUT into `folder/<id>.part`, renames it to `folder/<id>` and answers `{upload: id}`. Answers `{error}`, an ErrorRecord,
 * with 507 when it would fill the disk and 400 when it ends early; the part file is removed either way.
 */
export async function uploadResponse(request: Request, folder: string): Promise<Response> {
  await mkdir(folder, { recursive: true })
  const disk = await statfs(folder)
  const room = disk.bavail * disk.bsize - reserve
  const header = request.headers.get('content-length')
  const announced = header === null ? undefined : Number(header)
  if (!request.body) return refusal(400, { code: 'bad-input', message: 'The upload has no content.' })
  if ((announced ?? 0) > room || room <= 0) return full(room)

  const id = `u-${randomBytes(8).toString('hex')}`
  const part = join(folder, `${id}.part`)
  try {
    let bytes = 0
    const file = await open(part, 'wx')
    try {
      for await (const piece of request.body) {
        bytes += piece.length
        if (bytes > room) return full(room)
        await file.writeFile(piece)
      }
    } finally {
      await file.close()
    }
    if (announced !== undefined && bytes !== announced)
      return refusal(400, {
        code: 'bad-input',
        message: `The upload ended after ${bytes} of ${announced} bytes.`,
        hint: 'Send it again.',
      })
    await rename(part, join(folder, id))
    return Response.json({ upload: id })
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOSPC') return full(0)
    throw thrown
  } finally {
    await rm(part, { force: true })
  }
}
