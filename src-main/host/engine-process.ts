import { fork } from 'node:child_process'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { liveLine } from '../engine/live/line'
import { tileLine } from '../engine/tiles/line'
import { projectSwitch } from '../engine/project-switch'
import { supervise, type EngineChild } from '../engine/supervisor'
import { engineArguments, type LiveLine, type Places, type TileLine } from '../files'
import { NagareError } from '../lib/errors'

/** The part of a socket's handle that is used here; Node has no public name for it. */
interface SocketHandle {
  readStop(): void
  close(): void
}

interface ForkedEngine extends EngineChild {
  /** Gives the socket away, with the upgrade request that came over it. */
  handOver(socket: Socket, request: IncomingMessage, head: Buffer): void
  live: LiveLine
  tiles: TileLine
}

export interface Engine {
  /** Gives an upgraded socket to the engine; false, and the socket untouched, while there is none. */
  handOver(socket: Socket, request: IncomingMessage, head: Buffer): boolean
  /** Converts live sound. */
  live: LiveLine
  /** Cuts pictures into tiles. */
  tiles: TileLine
  /** Starts over after the engine died too often; harmless otherwise. */
  revive(): void
  stop(): Promise<void>
}

function forkEngine(where: Places, lastExit: unknown): ForkedEngine {
  // Its own process group: Ctrl+C is this process's to handle. What the engine prints goes to stderr.
  const child = fork(where.engine, engineArguments(where, lastExit), {
    execArgv: [],
    stdio: ['ignore', 2, 2, 'ipc'],
    detached: process.platform !== 'win32',
  })
  // Node leaves a socket that a dead child never took open and out of reach, so its handle is kept until the engine ends.
  const given = new Set<SocketHandle>()
  child.on('exit', () => {
    if (child.connected) child.disconnect()
    for (const handle of given) handle.close()
  })
  const send = (message: object, socket?: Socket) => {
    if (child.connected) child.send(message, socket, {}, () => {})
    else socket?.destroy()
  }
  const engine: EngineChild = {
    pid: child.pid,
    send: (message) => send(message as object),
    onMessage: (receive) => child.on('message', receive),
    onExit(exited) {
      let told = false
      const once = (code: number | null, signal: string | null) => {
        if (!told) exited(code, signal)
        told = true
      }
      child.on('exit', once).on('error', () => child.pid === undefined && once(null, null))
    },
    kill: () => child.kill('SIGKILL'),
  }
  return {
    ...engine,
    live: liveLine(engine),
    tiles: tileLine(engine),
    handOver(socket, { method, url, headers }, head) {
      const { _handle } = socket as Socket & { _handle?: SocketHandle | null }
      if (_handle) given.add(_handle)
      // This process holds the handle until the engine has taken it; what it read meanwhile would be lost.
      _handle?.readStop()
      const local = /^(::ffff:)?127\.|^::1$/.test((socket as Socket).remoteAddress ?? '')
      send({ type: 'socket', method, url, headers, head: head.toString('base64'), trusted: false, local }, socket)
    },
  }
}

/** Starts the engine and keeps it running. Throws `unavailable` with the engine's own words when it cannot start. */
export async function startEngine(where: Places, log: (line: string) => void): Promise<Engine> {
  return new Promise<Engine>((resolve, reject) => {
    let started = false
    const projects = projectSwitch(where)
    const supervisor = supervise({
      fork(lastExit) {
        const child = forkEngine(where, lastExit)
        child.onMessage((message) => projects.asked(message) && supervisor.restart())
        return child
      },
      onReady(child) {
        log(`engine ${child.pid} is running`)
        started = true
        projects.ready()
        resolve(engine)
      },
      onDown({ reason, code }) {
        const isTriedAgain = projects.ended(code)
        if (started || isTriedAgain) return log(`engine: ${reason}`)
        reject(new NagareError('unavailable', reason))
        void supervisor.quit()
      },
      onGiveUp: ({ reason }) =>
        log(`engine: ${reason} It ended too often and is left stopped until the window is loaded again.`),
    })
    const engine: Engine = {
      handOver(socket, request, head) {
        supervisor.ready?.handOver(socket, request, head)
        return supervisor.ready !== undefined
      },
      live: async (piece) =>
        supervisor.ready?.live(piece) ?? {
          error: { code: 'unavailable', message: 'The engine is being restarted.', hint: 'Try again in a moment.' },
        },
      tiles: async (asked) =>
        supervisor.ready?.tiles(asked) ?? {
          error: { code: 'unavailable', message: 'The engine is being restarted.', hint: 'Try again in a moment.' },
        },
      revive: () => supervisor.start(),
      stop: () => supervisor.quit(),
    }
    supervisor.start()
  })
}
