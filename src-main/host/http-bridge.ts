import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * The body of a Node request, read no faster than it is taken. What is left when the reader turns away runs dry unread, so that the client
 * still gets its answer; `Readable.toWeb` would throw out of reach there.
 */
function bodyOf(request: IncomingMessage): ReadableStream<Uint8Array> {
  const pieces = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await pieces.return?.()
        request.on('error', () => {}).resume()
      },
    },
    { highWaterMark: 0 },
  )
}

/** The Fetch request for a Node one under `origin`; its body streams. */
export function toRequest(request: IncomingMessage, origin: string): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined && !name.startsWith(':')) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  const method = request.method ?? 'GET'
  const body = method === 'GET' || method === 'HEAD' ? null : bodyOf(request)
  // The path is appended, not resolved: `//elsewhere/` must not become another host.
  return new Request(origin + (request.url ?? '/'), { method, headers, body, duplex: 'half' } as RequestInit)
}

/** Writes a Fetch response to a Node one, no faster than the client reads; a client that leaves cancels the body. */
export async function sendResponse(response: Response, to: ServerResponse): Promise<void> {
  to.writeHead(response.status, Object.fromEntries(response.headers))
  if (!response.body) {
    to.end()
    return
  }
  await pipeline(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]), to).catch(() =>
    to.destroy(),
  )
}
