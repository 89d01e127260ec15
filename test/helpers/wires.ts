import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { MessageChannel } from 'node:worker_threads'
import { WebSocket, WebSocketServer } from 'ws'
import { maxMessage, portWire, socketWire, type Wire } from '@contract'

/** Both ends of one line, and how to end it. */
export interface Line {
  engine: Wire
  window: Wire
  /** Sends `text` as it is, where the carrier has such a thing. */
  sendRaw?: (text: string) => void
}

/** A line over worker_threads' MessageChannel. */
export async function portLine(): Promise<Line> {
  const { port1, port2 } = new MessageChannel()
  return { engine: portWire(port1), window: portWire(port2) }
}

/** A line over a real WebSocket on the loopback interface. */
export async function socketLine(): Promise<Line> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const [[remote]] = (await Promise.all([once(server, 'connection'), once(socket, 'open')])) as [[WebSocket], unknown]
  socket.on('close', () => server.close())
  return {
    engine: socketWire(remote, maxMessage),
    window: socketWire(socket),
    sendRaw: (text) => socket.send(text),
  }
}

/** Waits until `holds` answers something true, and answers that. */
export async function until<T>(holds: () => T | Promise<T>, milliseconds = 10_000): Promise<NonNullable<T>> {
  const end = performance.now() + milliseconds
  for (;;) {
    const value = await holds()
    if (value) return value as NonNullable<T>
    if (performance.now() > end) throw new Error(`never came true: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
