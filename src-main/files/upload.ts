import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { full, refusal, roomIn } from './room'

/**
 * Streams the body of a PUT into `folder/<id>.part`, renames it to `folder/<id>` and answers `{upload: id}`. Answers `{error}`, an ErrorRecord,
 * with 507 when it would fill the disk and 400 when it ends early; the part file is removed either way.
 */
export async function uploadResponse(request: Request, folder: string): Promise<Response> {
  await mkdir(folder, { recursive: true })
  const room = await roomIn(folder)
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

/** Most bytes of a mask: one bit for each pixel of the largest picture. */
const mostBits = 300e6 / 8

/** As `uploadResponse`, for the bits of a mask: of announced size, and no more than the largest picture has pixels. */
export function bitsResponse(request: Request, folder: string): Promise<Response> | Response {
  const announced = Number(request.headers.get('content-length') ?? NaN)
  if (announced > 0 && announced <= mostBits) return uploadResponse(request, folder)
  return refusal(announced > mostBits ? 413 : 411, {
    code: 'bad-input',
    message: `Expected a mask of at most ${mostBits} bytes that says how large it is.`,
  })
}
