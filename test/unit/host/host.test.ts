import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { request, type Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { places, type Places } from '../../../src-main/files'
import { startHost, type Host } from '../../../src-main/host'

let folder: string
let where: Places
let host: Host
let port: number
let cookie: string
const lines: string[] = []

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** A bare HTTP request, so that Host and Origin are exactly what is asked. */
function send(path: string, headers: Record<string, string> = {}, method = 'GET', body?: string): Promise<Answer> {
  return new Promise((settle, fail) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers }, async (incoming) => {
      let text = ''
      for await (const part of incoming.setEncoding('utf8')) text += part
      settle({ status: incoming.statusCode!, headers: incoming.headers, text })
    })
    outgoing.on('error', fail).end(body)
  })
}

function openSocket(headers: Record<string, string>, path = '/wire') {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers })
  const messages: string[] = []
  socket.on('message', (data) => messages.push(String(data)))
  const opened = new Promise<number>((settle) => {
    socket.on('open', () => settle(101))
    socket.on('unexpected-response', (_request, answer) => settle(answer.statusCode!))
    socket.on('error', () => settle(0))
  })
  const closed = new Promise<void>((settle) => socket.on('close', () => settle()))
  const next = async (count: number) => {
    await vi.waitFor(() => expect(messages.length).toBeGreaterThanOrEqual(count), { timeout: 5000 })
    return messages[count - 1]!
  }
  return { socket, opened, closed, next }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nagare-host-'))
  const renderer = join(folder, 'renderer')
  await mkdir(renderer)
  await writeFile(join(renderer, 'index.html'), '<title>window</title>')
  where = {
    ...places({ NAGARE_HOME: join(folder, 'home') }),
    renderer,
    engine: resolve(import.meta.dirname, '../../helpers/fake-engine.mjs'),
  }
  host = await startHost({ where, log: (line) => lines.push(line) })
  port = Number(new URL(host.url).port)
  const entered = await send(`/?token=${host.token}`)
  cookie = String(entered.headers['set-cookie']).split(';')[0]!
})
afterAll(async () => {
  await host.close()
  await rm(folder, { recursive: true, force: true })
})

describe('entering', () => {
  it('turns the token into a cookie and takes it out of the address', async () => {
    const { status, headers } = await send(`/?token=${host.token}`)
    expect([status, headers.location]).toEqual([303, '/'])
    expect(headers['set-cookie']).toEqual([`nagare_${port}=${host.token}; Path=/; HttpOnly; SameSite=Strict`])
    const page = await send('/', { cookie })
    expect([page.status, page.text]).toEqual([200, '<title>window</title>'])
    expect(page.headers['cross-origin-opener-policy']).toBe('same-origin')
  })

  it.each(['/', '/index.html', '/media/a-1', '/nothing', '/wire'])('answers 401 at %s without it', async (path) => {
    const { status, text, headers } = await send(path)
    expect([status, text]).toEqual([401, expect.stringContaining('with its token')])
    expect(headers['content-security-policy']).toContain("default-src 'none'")
  })

  it.each([
    ['a wrong token', '/?token=wrong', {}],
    ['an empty token', '/?token=', {}],
    ['a wrong cookie', '/', { cookie: 'nagare=wrong' }],
  ])('answers 401 for %s', async (_what, path, headers) => {
    const answer = await send(path, headers as Record<string, string>)
    expect([answer.status, answer.headers['set-cookie']]).toEqual([401, undefined])
  })

  it('does not take the token of another port, nor one that begins right', async () => {
    expect((await send('/', { cookie: `nagare_1=${host.token}` })).status).toBe(401)
    expect((await send('/', { cookie: `nagare_${port}=${host.token.slice(0, -1)}` })).status).toBe(401)
  })
})

describe('names and origins', () => {
  it.each(['evil.example', 'evil.example:80', '127.0.0.1', '127.0.0.1:1', '169.254.1.1:4000'])(
    'answers 403 to the name %j, as after DNS rebinding',
    async (name) => {
      const { status, text } = await send(`/?token=${host.token}`, { host: name })
      expect([status, text]).toEqual([403, expect.stringContaining('does not answer under the name')])
    },
  )

  it('answers to its loopback names', async () => {
    for (const name of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]'])
      expect((await send('/', { host: `${name}:${port}`, cookie })).status).toBe(200)
  })

  it('takes uploads only from its own window', async () => {
    const put = (headers: Record<string, string>) => send('/upload', { cookie, ...headers }, 'PUT', 'RIFF')
    expect((await put({})).status).toBe(403)
    expect((await put({ origin: 'http://evil.example' })).status).toBe(403)
    expect((await put({ origin: 'null' })).status).toBe(403)
    const stored = await put({ origin: `http://127.0.0.1:${port}` })
    expect(stored.status).toBe(200)
    const { upload } = JSON.parse(stored.text) as { upload: string }
    expect(await readdir(join(where.project, 'incoming'))).toEqual([upload])
  })

  it('leaves nothing of an upload that the client breaks off', async () => {
    const before = await readdir(join(where.project, 'incoming'))
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path: '/upload',
      method: 'PUT',
      headers: { cookie, origin: `http://127.0.0.1:${port}`, 'content-length': '1000000' },
    })
    outgoing.on('error', () => {})
    outgoing.write(Buffer.alloc(1000))
    const incoming = () => readdir(join(where.project, 'incoming'))
    await vi.waitFor(async () => expect(await incoming()).toHaveLength(before.length + 1))
    outgoing.destroy()
    await vi.waitFor(async () => expect(await incoming()).toEqual(before))
  })

  it('gives headers a limit of time, and uploads none', async () => {
    let server: Server | undefined
    const seen = (message: unknown) => (server = (message as { server: Server }).server)
    subscribe('http.server.request.start', seen)
    await send('/', { cookie })
    unsubscribe('http.server.request.start', seen)
    expect(server!.headersTimeout).toBeGreaterThan(0)
    expect(server!.requestTimeout).toBe(0)
  })

  it('refuses a request line with another address in it', async () => {
    const { status } = await send('http://evil.example/', { cookie })
    expect(status).toBe(400)
    expect((await send('//evil.example/', { cookie })).status).toBe(404)
  })
})

describe('the wire', () => {
  const own = () => ({ cookie, origin: `http://127.0.0.1:${port}` })

  it('goes straight to the engine process', async () => {
    const { socket, opened, next } = openSocket(own())
    expect(await opened).toBe(101)
    const hello = JSON.parse(await next(1)) as { pid: number; trusted: boolean }
    expect(hello.pid).not.toBe(process.pid)
    expect(hello.trusted).toBe(false)
    socket.send('over and back')
    expect(await next(2)).toBe('over and back')
    socket.close()
  })

  it.each([
    ['without a cookie', () => ({ origin: own().origin }), '/wire', 401],
    ['from another page', () => ({ cookie, origin: 'http://evil.example' }), '/wire', 403],
    ['from no page', () => ({ cookie }), '/wire', 403],
    ['under another name', () => ({ ...own(), host: 'evil.example' }), '/wire', 403],
    ['at another path', own, '/media/a-1', 404],
  ])('is refused %s', async (_what, headers, path, status) => {
    expect(await openSocket(headers() as Record<string, string>, path).opened).toBe(status)
  })

  it('is refused with the headers of every answer', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /wire HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n')
    socket.write(`Host: 127.0.0.1:${port}\r\n\r\n`)
    let answer = ''
    for await (const part of socket.setEncoding('utf8')) answer += part as string
    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
    expect(answer).toMatch(/\r\nContent-Security-Policy: default-src 'none'/)
    expect(answer).toMatch(/\r\nX-Content-Type-Options: nosniff\r\n/)
  })

  it.skipIf(process.platform === 'win32')('loses nothing that comes before the engine has taken it', async () => {
    const first = openSocket(own())
    const { pid } = JSON.parse(await first.next(1)) as { pid: number }
    first.socket.close()
    process.kill(pid, 'SIGSTOP')
    const socket = connect(port, '127.0.0.1')
    const key = 'dGhlIHNhbXBsZSBub25jZQ=='
    const headers = { ...own(), host: `127.0.0.1:${port}`, connection: 'Upgrade', upgrade: 'websocket' }
    const version = { 'sec-websocket-version': '13', 'sec-websocket-key': key }
    const lines = Object.entries({ ...headers, ...version }).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`GET /wire HTTP/1.1\r\n${lines.join('')}\r\n`)
    // The host answers this only after it has taken up the other.
    await send('/', { cookie })
    // A masked text frame; the mask is 0.
    socket.write(Buffer.concat([Buffer.from([0x81, 0x85, 0, 0, 0, 0]), Buffer.from('early')]))
    await send('/', { cookie })
    process.kill(pid, 'SIGCONT')
    let answer = ''
    socket.setEncoding('latin1').on('data', (part: string) => (answer += part))
    await vi.waitFor(() => expect(answer).toMatch(/early$/))
    socket.destroy()
  })

  /** A socket to the next engine, tried until it is there. */
  const reconnect = () =>
    vi.waitUntil(
      async () => {
        const next = openSocket(own())
        return (await next.opened) === 101 && next
      },
      { timeout: 10_000, interval: 50 },
    )

  it('is there again after the engine died, which is told', async () => {
    const before = openSocket(own())
    await before.next(1)
    before.socket.send('die')
    await before.closed
    const after = await reconnect()
    expect(JSON.parse(await after.next(1))).toMatchObject({ restarted: true })
    expect(lines.join('\n')).toContain('ended with code 3')
    after.socket.close()
  })

  it('leaves no socket hanging that the engine did not live to take', async () => {
    const { next } = await reconnect()
    const { pid } = JSON.parse(await next(1)) as { pid: number }
    // These are on their way when the engine dies; the host may learn of either first.
    const late = [1, 2, 3].map(() => openSocket(own()))
    process.kill(pid, 'SIGKILL')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    for (const { opened } of late) expect([0, 503]).toContain(await opened)
    ;(await reconnect()).socket.close()
  })
})

describe('starting', () => {
  it('says which port is taken', async () => {
    await expect(startHost({ where, port })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(String(port)),
    })
  })

  it('fails with the engine’s words when that cannot start', async () => {
    await expect(startHost({ where: { ...where, project: join(folder, 'broken') } })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'The project is open elsewhere.',
    })
    await expect(startHost({ where: { ...where, engine: join(folder, 'missing.js') } })).rejects.toMatchObject({
      code: 'unavailable',
    })
  })

  it('warns when it listens beyond this machine, and still asks for the token', async () => {
    const told: string[] = []
    const open = await startHost({ where, address: '0.0.0.0', log: (line) => told.push(line) })
    try {
      expect(told[0]).toMatch(/warning: listening on 0\.0\.0\.0/)
      expect((await fetch(new URL('/', open.url))).status).toBe(401)
    } finally {
      await open.close()
    }
  })
})
