import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { filesHandler } from '../../../src-main/files/handler'

const origin = 'http://127.0.0.1:4000'
const sound = randomBytes(300_000)
let folder: string
let project: string
let handle: (request: Request) => Promise<Response>

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  handle(new Request(origin + path, { method, headers }))
const bytes = async (response: Response) => Buffer.from(await response.arrayBuffer())

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nagare-files-'))
  project = join(folder, 'project')
  const rendererDir = join(folder, 'renderer')
  const put = async (path: string, data: string | Uint8Array) => {
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, data)
  }
  await put(join(rendererDir, 'index.html'), '<!doctype html>')
  await put(join(rendererDir, 'assets', 'main-abc.js'), 'export {}')
  await put(join(rendererDir, '.secret'), 'hidden')
  await put(join(folder, 'outside.txt'), 'private')
  await put(join(project, 'project.json'), '{}')
  await put(join(project, 'assets', 'a-1', 'source.wav'), sound)
  await put(join(project, 'assets', 'a-1', 'peaks.bin'), 'peaks')
  await put(join(project, 'assets', 'a-2', 'source.mp3'), 'lossy')
  await put(join(project, 'assets', 'a-2', 'pcm.wav'), 'decoded')
  await put(join(project, 'assets', 'a-3', 'source.wav'), '')
  await put(join(project, 'exports', 'Größe 100% (clean).wav'), sound)
  await mkdir(join(project, 'assets', 'a-4'))
  // Windows lets everyone link folders, not files.
  if (process.platform !== 'win32')
    await symlink(join(folder, 'outside.txt'), join(project, 'assets', 'a-4', 'source.wav'))
  await symlink(folder, join(rendererDir, 'link'), 'junction')
  handle = filesHandler({ rendererDir, projectDir: project, uploads: true })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('ranges', () => {
  it.each([
    ['bytes=100-199', 100, 200],
    ['bytes=299990-', 299_990, 300_000],
    ['bytes=-7', 299_993, 300_000],
    ['bytes=0-999999999', 0, 300_000],
    ['bytes=-999999999', 0, 300_000],
    ['bytes=131071-262145', 131_071, 262_146],
  ])('answers %s with 206 and those bytes', async (range, first, end) => {
    const response = await get('/media/a-1', { Range: range })
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(`bytes ${first}-${end - 1}/300000`)
    expect(response.headers.get('content-length')).toBe(String(end - first))
    expect(response.headers.get('content-type')).toBe('audio/wav')
    expect((await bytes(response)).equals(sound.subarray(first, end))).toBe(true)
  })

  it.each(['bytes=300000-', 'bytes=300000-300001', 'bytes=-0'])('answers %s with 416 and the size', async (range) => {
    const response = await get('/media/a-1', { Range: range })
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe('bytes */300000')
  })

  it.each(['bytes=0-1,5-6', 'bytes=5-1', 'bytes=-', 'bytes=a-b', 'lines=0-1', ''])(
    'ignores %j and sends the whole file',
    async (range) => {
      const response = await get('/media/a-1', { Range: range })
      expect(response.status).toBe(200)
      expect(response.headers.get('accept-ranges')).toBe('bytes')
      expect((await bytes(response)).equals(sound)).toBe(true)
    },
  )

  it('sends an empty file, and 416 for any range of it', async () => {
    const whole = await get('/media/a-3')
    expect([whole.status, whole.headers.get('content-length')]).toEqual([200, '0'])
    expect((await get('/media/a-3', { Range: 'bytes=0-' })).status).toBe(416)
  })

  it('answers HEAD with the whole length, no body, no range', async () => {
    const response = await get('/media/a-1', { Range: 'bytes=0-9' }, 'HEAD')
    expect([response.status, response.headers.get('content-length'), response.body]).toEqual([200, '300000', null])
  })
})

describe('conditions', () => {
  it('answers a known tag with 304 and an unknown one with 200', async () => {
    const tag = (await get('/media/a-1', {}, 'HEAD')).headers.get('etag')!
    expect((await get('/media/a-1', { 'If-None-Match': `"other", W/${tag}` })).status).toBe(304)
    expect((await get('/media/a-1', { 'If-None-Match': '*' })).status).toBe(304)
    expect((await get('/media/a-1', { 'If-None-Match': '"other"' }, 'HEAD')).status).toBe(200)
  })

  it('honours Range only while If-Range names the file as it is', async () => {
    const { headers } = await get('/media/a-1', {}, 'HEAD')
    const status = async (condition: string) =>
      (await get('/media/a-1', { Range: 'bytes=0-1', 'If-Range': condition })).status
    expect(await status(headers.get('etag')!)).toBe(206)
    expect(await status(headers.get('last-modified')!)).toBe(206)
    expect(await status(`W/${headers.get('etag')}`)).toBe(200)
    expect(await status('"other"')).toBe(200)
  })
})

describe('what is where', () => {
  it('sends the window, with long life only for hashed files', async () => {
    const page = await get('/')
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(page.headers.get('cache-control')).toBe('private, no-cache')
    const script = await get('/assets/main-abc.js')
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(script.headers.get('cache-control')).toContain('immutable')
  })

  it('prefers the PCM copy, and sends peaks', async () => {
    expect(await (await get('/media/a-2')).text()).toBe('decoded')
    expect(await (await get('/media/a-1/peaks')).text()).toBe('peaks')
  })

  it('says when peaks are on their way and when an asset does not exist', async () => {
    const soon = await get('/media/a-2/peaks')
    expect([soon.status, soon.headers.get('retry-after')]).toEqual([404, '1'])
    const never = await get('/media/a-9/peaks')
    expect([never.status, never.headers.get('retry-after')]).toEqual([404, null])
  })

  it('offers exports under their name', async () => {
    const response = await get(`/exports/${encodeURIComponent('Größe 100% (clean).wav')}`)
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="Gr__e 100_ (clean).wav"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20100%25%20%28clean%29.wav`,
    )
    expect((await bytes(response)).equals(sound)).toBe(true)
  })
})

describe('the guard', () => {
  it.each([
    '/%2e%2e%2foutside.txt',
    '/..%2foutside.txt',
    '/..%5coutside.txt',
    '/assets/..%2f..%2foutside.txt',
    '/media/..%2f..%2fproject.json',
    '/media/a-1/..%2f..%2f..%2fproject.json',
    '/media/a-1/source.wav',
    '/media/a-1/peaks/',
    '/media/a-1%00',
    '/media/A-1',
    '/media/',
    '/media/a-4',
    '/exports/..%2fproject.json',
    '/exports/sub/file',
    '/exports',
    '/.secret',
    '/%2esecret',
    '/link/outside.txt',
    '/assets',
    '//etc/passwd',
    '/C:%5cWindows',
    '/index.html::$DATA',
    '/index.html.',
    '/index.html%20',
    '/%E0%A4%A',
    '/constructor',
  ])('finds nothing at %s', async (path) => {
    const response = await get(path)
    expect(response.status).toBe(404)
    expect(await response.text()).not.toContain('private')
  })

  it('refuses other methods', async () => {
    expect((await get('/', {}, 'POST')).status).toBe(405)
    expect((await get('/media/a-1', {}, 'DELETE')).headers.get('allow')).toBe('GET, HEAD')
    expect((await get('/upload')).headers.get('allow')).toBe('PUT')
  })

  it.each(['/', '/media/a-1', '/media/a-1/peaks', '/nothing', '/media/..%2f', '/upload'])(
    'puts the security headers on %s',
    async (path) => {
      const { headers } = await get(path)
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/,
      )
      expect(headers.get('content-security-policy')).toContain(`connect-src 'self' ws://127.0.0.1:4000;`)
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
      expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp')
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    },
  )
})

/** How many of this process's open files are `path`. */
async function openCount(path: string): Promise<number> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
  return (await Promise.all(links)).filter((link) => link === path).length
}

describe.skipIf(process.platform !== 'linux')('file handles', () => {
  const path = () => join(project, 'assets', 'a-1', 'source.wav')

  it('are held only while a body is read, whether read to the end, cancelled early or never begun', async () => {
    await get('/media/a-1')
    expect(await openCount(path())).toBe(0)
    const reader = (await get('/media/a-1')).body!.getReader()
    await reader.read()
    expect(await openCount(path())).toBe(1)
    await reader.cancel()
    expect(await openCount(path())).toBe(0)
    for (let i = 0; i < 50; i++) {
      const early = (await get('/media/a-1', { Range: `bytes=${i}-` })).body!.getReader()
      await early.read()
      await early.cancel()
    }
    await bytes(await get('/media/a-1'))
    expect(await openCount(path())).toBe(0)
  })

  it('are closed when the file changes under the reader, which is told', async () => {
    const changing = join(project, 'exports', 'changing.wav')
    await writeFile(changing, sound)
    const response = await get('/exports/changing.wav')
    await writeFile(changing, 'short')
    await expect(bytes(response)).rejects.toThrow(/changed/)
    expect(await openCount(changing)).toBe(0)
  })
})

describe('uploads', () => {
  const incoming = () => readdir(join(project, 'incoming'))
  const put = (body: Uint8Array | ReadableStream, headers: Record<string, string> = {}) =>
    handle(new Request(`${origin}/upload`, { method: 'PUT', body, headers, duplex: 'half' } as RequestInit))

  it('stores the body under a new id', async () => {
    const response = await put(sound, { 'Content-Length': String(sound.length) })
    const { upload } = (await response.json()) as { upload: string }
    expect(upload).toMatch(/^[a-z0-9][a-z0-9-]{0,63}$/)
    expect((await readFile(join(project, 'incoming', upload))).equals(sound)).toBe(true)
  })

  it('leaves nothing of a body that breaks off, ends early or does not fit', async () => {
    const before = await incoming()
    const broken = new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(1000)),
      pull: (controller) => controller.error(new Error('connection lost')),
    })
    expect((await put(broken)).status).toBe(500)
    expect((await put(sound, { 'Content-Length': '300001' })).status).toBe(400)
    const tooLong = await put(sound, { 'Content-Length': String(1e17) })
    expect(tooLong.status).toBe(507)
    expect(await tooLong.text()).toMatch(/disk is full/i)
    expect(await incoming()).toEqual(before)
  })

  it('is answered only where asked for', async () => {
    const desktop = filesHandler({ rendererDir: join(folder, 'renderer'), projectDir: project, uploads: false })
    expect((await desktop(new Request('app://bundle/upload', { method: 'PUT', body: 'x' }))).status).toBe(405)
  })
})
