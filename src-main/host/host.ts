import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { filesHandler, places, securityHeaders, textResponse, type Places } from '../files'
import { asNagareError, NagareError } from '../lib/errors'
import { access, hostNames, isLoopback, type Refusal } from './access'
import { startEngine, type Engine } from './engine-process'
import { sendResponse, toRequest } from './http-bridge'

export interface HostOptions {
  /** Where project, packs, settings and the app lie; this machine's own places if left out. */
  where?: Places
  /** 0 (the default) lets the system choose. */
  port?: number
  /** Address to listen on; 127.0.0.1 unless the person asked for another. */
  address?: string
  /** Told what a person should know: warnings, engine starts and deaths. */
  log?: (line: string) => void
}

export interface Host {
  /** The window's address with its token. */
  url: string
  token: string
  /** Asks the engine to stop, then ends all connections. */
  close(): Promise<void>
}

const redirect = (cookie: string) => textResponse(303, 'Welcome.', { Location: '/', 'Set-Cookie': cookie })

/**
 * Serves the window over HTTP and starts the engine behind it. A socket upgraded at `/wire` is handed to the engine process as it is,
 * so the window speaks to the engine directly. Throws `conflict` when the port is taken, `no-permission` when it may not be used.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const { where = places(), port = 0, address = '127.0.0.1', log = () => {} } = options
  const token = randomBytes(24).toString('base64url')
  let engine: Engine | undefined
  const files = filesHandler({
    ...{ rendererDir: where.renderer, projectDir: () => where.project, uploads: true },
    packDirs: [where.starterPacks, where.userPacks],
    live: async (piece) =>
      engine?.live(piece) ?? { error: { code: 'unavailable', message: 'The engine is not running yet.' } },
    tiles: async (asked) =>
      engine?.tiles(asked) ?? { error: { code: 'unavailable', message: 'The engine is not running yet.' } },
  })
  // An upload may take hours; headers may not. Node would drop both limits with the first.
  const server = createServer({ keepAliveTimeout: 30_000, headersTimeout: 20_000, requestTimeout: 0 })
  server.listen(port, address)
  await once(server, 'listening').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'EADDRINUSE')
      throw new NagareError('conflict', `Port ${port} at ${address} is in use.`, {
        hint: 'Choose another with --port, or 0 for any.',
      })
    if (thrown.code === 'EADDRNOTAVAIL')
      throw new NagareError('bad-input', `${address} is no address of this machine.`, {
        hint: 'Leave --host out for 127.0.0.1.',
      })
    throw asNagareError(thrown)
  })
  const bound = server.address() as AddressInfo
  const name = address.includes(':') ? `[${address}]` : address
  const origin = `http://${name === '0.0.0.0' || name === '[::]' ? '127.0.0.1' : name}:${bound.port}`
  const guard = access(token, hostNames(address), bound.port)
  if (!isLoopback(address))
    log(
      `warning: listening on ${address}: whoever can reach this machine and learns the token can use Nagare, and the traffic is not encrypted. An SSH tunnel to 127.0.0.1 is safer.`,
    )

  const answer = async (incoming: IncomingMessage): Promise<Response> => {
    const url = new URL(origin + (incoming.url ?? '/'))
    const writes = incoming.method !== 'GET' && incoming.method !== 'HEAD'
    const entering = url.pathname === '/' && url.searchParams.has('token')
    const refusal = guard.refuse(incoming, { token: !entering, origin: writes })
    if (refusal) return textResponse(refusal.status, refusal.text)
    if (url.pathname === '/') engine?.revive()
    if (!entering) return files(toRequest(incoming, `http://${incoming.headers.host}`))
    if (guard.isToken(url.searchParams.get('token'))) return redirect(guard.cookie())
    return textResponse(401, 'This token is not the one that Nagare printed at its start.')
  }

  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    void answer(incoming)
      .catch(() => textResponse(400, 'This request could not be understood.'))
      .then((response) => {
        for (const [header, value] of Object.entries(securityHeaders(new URL(origin)))) {
          if (!response.headers.has(header)) response.headers.set(header, value)
        }
        return sendResponse(response, outgoing)
      })
  })

  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const refusal: Refusal | { status: 404 | 503; text: string } | undefined =
      incoming.url === '/wire'
        ? guard.refuse(incoming, { token: true, origin: true })
        : { status: 404, text: 'There is no socket here.' }
    if (!refusal && engine?.handOver(socket as Socket, incoming, head)) return
    const { status, text } = refusal ?? { status: 503 as const, text: 'The engine is being restarted. Try again.' }
    const headers = {
      'Content-Type': 'text/plain; charset=utf-8',
      Connection: 'close',
      ...securityHeaders(new URL(origin)),
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}\r\n${text}\n`)
  })

  engine = await startEngine(where, log).catch((thrown: unknown) => {
    server.close()
    throw thrown
  })
  const { stop } = engine
  return {
    url: `${origin}/?token=${token}`,
    token,
    async close() {
      server.close()
      await stop()
      server.closeAllConnections()
    },
  }
}
