import { open, stat, type FileHandle } from 'node:fs/promises'
import { typeOf } from './headers'

const chunk = 128 * 1024

/** Bytes `first`..`last` of a file as a stream that opens it at the first read and closes it at the end, on cancel and on error. */
function fileStream(path: string, first: number, last: number, mtimeMs: number): ReadableStream<Uint8Array> {
  let handle: FileHandle | undefined
  let position = first
  const close = async () => {
    const open = handle
    handle = undefined
    await open?.close()
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          if (!handle) {
            handle = await open(path, 'r')
            if ((await handle.stat()).mtimeMs !== mtimeMs) throw new Error(`${path} changed while it was being sent.`)
          }
          const buffer = new Uint8Array(Math.min(chunk, last + 1 - position))
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
          if (bytesRead === 0) throw new Error(`${path} ended at byte ${position}, ${last + 1} were expected.`)
          position += bytesRead
          controller.enqueue(buffer.subarray(0, bytesRead))
          if (position <= last) return
          await close()
          controller.close()
        } catch (thrown) {
          await close()
          controller.error(thrown)
        }
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  )
}

/** What a Range header asks of `size` bytes: one range, `unsatisfiable`, or undefined for all (no, several or malformed ranges; RFC 9110 §14.2). */
function parseRange(
  header: string | null,
  size: number,
): { first: number; last: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '')
  if (!match) return undefined
  const [, from, to] = match
  if (!from && !to) return undefined
  if (!from) {
    const length = Math.min(Number(to), size)
    return length > 0 ? { first: size - length, last: size - 1 } : 'unsatisfiable'
  }
  const first = Number(from)
  if (to && Number(to) < first) return undefined
  return first < size ? { first, last: to ? Math.min(Number(to), size - 1) : size - 1 } : 'unsatisfiable'
}

/** Whether an If-None-Match list names `tag`, weakly compared (RFC 9110 §8.8.3.2). */
function names(header: string, tag: string): boolean {
  return header.trim() === '*' || header.split(',').some((entry) => entry.trim().replace(/^W\//, '') === tag)
}

/** Bytes of a known length that are sent whole or in part. */
export interface Content {
  size: number
  /** Names these very bytes; quoted, as in an ETag. */
  tag: string
  modified?: Date
  headers: Record<string, string>
  /** Bytes `first`..`last`. */
  body(first: number, last: number): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>
}

/** Answers GET or HEAD for `content`: 200, 206, 304 or 416 (RFC 9110). */
export function contentResponse(request: Request, { size, tag, modified, headers, body }: Content): Response {
  const date = modified?.toUTCString()
  const common = {
    'Cache-Control': 'private, no-cache',
    'Accept-Ranges': 'bytes',
    ETag: tag,
    ...(date === undefined ? {} : { 'Last-Modified': date }),
    ...headers,
  }
  const asked = request.headers
  const noneMatch = asked.get('if-none-match')
  const since = Date.parse(asked.get('if-modified-since') ?? '')
  if (noneMatch === null ? date !== undefined && since >= Date.parse(date) : names(noneMatch, tag))
    return new Response(null, { status: 304, headers: common })

  const condition = asked.get('if-range')
  const ranged = request.method === 'GET' && (condition === null || condition === tag || condition === date)
  const range = ranged ? parseRange(asked.get('range'), size) : undefined
  if (range === 'unsatisfiable')
    return new Response(null, {
      status: 416,
      headers: { ...common, 'Content-Range': `bytes */${size}`, 'Content-Length': '0' },
    })

  const { first, last } = range ?? { first: 0, last: size - 1 }
  return new Response(request.method === 'HEAD' || size === 0 ? null : body(first, last), {
    status: range ? 206 : 200,
    headers: {
      ...common,
      'Content-Length': String(last + 1 - first),
      ...(range ? { 'Content-Range': `bytes ${first}-${last}/${size}` } : {}),
    },
  })
}

/** Answers GET or HEAD for the file at `path` as `contentResponse` does. Throws the system's error when it cannot be read. */
export async function rangeResponse(
  request: Request,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const facts = await stat(path)
  if (!facts.isFile()) throw Object.assign(new Error(`${path} is no file.`), { code: 'EISDIR' })
  const { size, mtimeMs, mtime } = facts
  return contentResponse(request, {
    size,
    tag: `"${size.toString(36)}-${Math.round(mtimeMs * 1000).toString(36)}"`,
    modified: mtime,
    headers: { 'Content-Type': typeOf(path), ...headers },
    body: (first, last) => fileStream(path, first, last, mtimeMs),
  })
}
