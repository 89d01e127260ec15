/** A two-way line of small JSON messages; what it runs over is nobody's business. */
export interface Wire {
  send(message: unknown): void
  listen(receive: (message: unknown) => void): void
  onClose(closed: () => void): void
  close(): void
}

/** Longest message the engine accepts, in characters; bytes of files go by URL. */
export const maxMessage = 1_000_000
/** Longest message a window accepts: the snapshot of a project with very many assets. */
export const maxAnswer = 64_000_000

/** The part of MessagePort that the page, Electron's MessagePortMain and worker_threads share once adapted. */
export interface PortLike {
  postMessage(message: unknown): void
  start?(): void
  close(): void
  addEventListener?(type: string, listener: (event: object) => void): void
  on?(type: string, listener: (event: unknown) => void): unknown
}

/** A wire over a MessagePort: the page's, Electron's MessagePortMain, or worker_threads'. */
export function portWire(port: PortLike): Wire {
  const bare = (event: unknown) =>
    typeof event === 'object' && event !== null && 'data' in event && 'ports' in event ? event.data : event
  return {
    send: (message) => port.postMessage(message),
    listen(receive) {
      if (port.addEventListener)
        port.addEventListener('message', (event) => receive((event as { data?: unknown }).data))
      else port.on?.('message', (event) => receive(bare(event)))
      port.start?.()
    },
    onClose(closed) {
      if (port.addEventListener) port.addEventListener('close', closed)
      else port.on?.('close', closed)
    },
    close: () => port.close(),
  }
}

/** The part of WebSocket that the page's and the `ws` package's share. */
export interface SocketLike {
  /** Bytes on their way that the other side has not taken. */
  readonly bufferedAmount?: number
  send(data: string): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close' | 'error', listener: () => void): void
}

/** A wire over an open WebSocket; a message over `longest` characters, one that is no JSON, or another side that takes nothing any more closes it. */
export function socketWire(socket: SocketLike, longest = maxAnswer): Wire {
  // An 'error' is always followed by 'close'; unheard, it would end a Node process.
  socket.addEventListener('error', () => {})
  return {
    send(message) {
      if ((socket.bufferedAmount ?? 0) > maxAnswer) socket.close(1013, 'nothing is taken')
      else socket.send(JSON.stringify(message))
    },
    listen: (receive) =>
      socket.addEventListener('message', ({ data }) => {
        if (typeof data !== 'string' || data.length > longest) return socket.close(1009, 'message too long')
        let message: unknown
        try {
          message = JSON.parse(data)
        } catch {
          return socket.close(1007, 'not JSON')
        }
        receive(message)
      }),
    onClose: (closed) => socket.addEventListener('close', closed),
    close: () => socket.close(),
  }
}
