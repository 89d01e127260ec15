import { maxMessage, portWire, socketWire, type PortLike, type Wire } from '@contract'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { z } from 'zod'

const Headers = z.record(z.string(), z.union([z.string(), z.array(z.string())]))
const PortMessage = z.object({ type: z.literal('port'), trusted: z.boolean() })
const SocketMessage = z.object({
  type: z.literal('socket'),
  method: z.string(),
  url: z.string(),
  headers: Headers,
  /** What had been read beyond the request, base64. */
  head: z.string(),
  trusted: z.boolean(),
  /** Whether the browser is on this machine. */
  local: z.boolean().default(false),
})

/**
 * Makes a wire of what the parent hands over: a MessagePort, or the raw socket of an upgrade request that the parent has checked,
 * whose WebSocket handshake is completed here. Answers whether `message` was about a wire.
 */
export function wireAcceptor(
  accept: (wire: Wire, trusted: boolean, local: boolean) => void,
): (message: unknown, handle: unknown) => boolean {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxMessage,
    perMessageDeflate: false,
  })
  return (message, handle) => {
    const port = PortMessage.safeParse(message)
    if (port.success && handle) {
      accept(portWire(handle as PortLike), port.data.trusted, true)
      return true
    }
    const socket = SocketMessage.safeParse(message)
    if (!socket.success) return false
    const { method, url, headers, head, trusted, local } = socket.data
    // The handle is missing when the window had gone before it got here.
    if (handle)
      server.handleUpgrade(
        { method, url, headers } as IncomingMessage,
        handle as Duplex,
        Buffer.from(head, 'base64'),
        (open) => accept(socketWire(open, maxMessage), trusted, local),
      )
    return true
  }
}
