import type { PortLike } from '@contract'
import type { Socket } from 'node:net'

/** The process that started this engine. */
export interface Parent {
  /** Resolves when the message is on its way. */
  send(message: { type: string; [field: string]: unknown }): Promise<void>
  /** `handle` is the port or socket that came along. */
  onMessage(receive: (message: unknown, handle: unknown) => void): void
  /** The parent is gone. */
  onGone(gone: () => void): void
}

/** The part of Electron's `process.parentPort` that is used here. */
interface ParentPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown; ports: PortLike[] }) => void): unknown
}

/** Electron's main process, or a Node process that forked this one; undefined when there is neither. */
export function findParent(): Parent | undefined {
  const { parentPort } = process as NodeJS.Process & { parentPort?: ParentPort }
  if (parentPort)
    return {
      send: async (message) => parentPort.postMessage(message),
      onMessage: (receive) => void parentPort.on('message', ({ data, ports }) => receive(data, ports[0])),
      onGone: () => {},
    }
  if (!process.send) return undefined
  return {
    send: (message) => new Promise((resolve) => void process.send?.(message, undefined, undefined, () => resolve())),
    onMessage: (receive) =>
      void process.on('message', (message: unknown, handle: Socket | undefined) => receive(message, handle)),
    onGone: (gone) => void process.on('disconnect', gone),
  }
}
