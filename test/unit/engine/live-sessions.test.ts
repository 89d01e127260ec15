import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { liveAnswerer, liveLine } from '../../../src-main/engine/live/line'
import { liveSessions, type LiveSessions } from '../../../src-main/engine/live/sessions'
import { filesHandler } from '../../../src-main/files/handler'
import { writeTinyBlow } from '../../helpers/blow-pack'
import { bundle } from '../../helpers/bundle'
import { handClock } from '../../helpers/clock'
import { tempFolder } from '../../helpers/folder'

let file: URL
let remove: () => Promise<void>
beforeAll(async () => {
  const built = await bundle({ live: 'src-main/engine/live/worker.ts' })
  file = pathToFileURL(join(built.folder, 'live.mjs'))
  remove = built.remove
}, 60_000)
afterAll(() => remove())

const rate = 48_000
const never = new AbortController().signal
const tone = (seconds: number) =>
  Float32Array.from({ length: seconds * rate }, (_, i) => 0.5 * Math.sin((2 * Math.PI * 150 * i) / rate))

async function setup() {
  const pack = await writeTinyBlow(join(await tempFolder(), 'tiny.nagare'))
  const clock = handClock()
  const sessions = liveSessions({ file, clock })
  onTestFinished(() => sessions.close())
  const open = (more: { from?: string; to?: string; signal?: AbortSignal } = {}) =>
    sessions.open(
      { pack, device: 'cpu', from: more.from ?? 'Ada', to: more.to ?? 'Ben', sampleRate: rate },
      more.signal ?? never,
    )
  return { sessions, open, clock, pack }
}

async function convert(sessions: LiveSessions, session: string, sound: Float32Array, piece = 1920) {
  const parts: number[][] = []
  for (let at = 0, part = 0; at < sound.length; at += piece, part++) {
    const last = at + piece >= sound.length
    parts.push([...(await sessions.take(session, part, sound.subarray(at, at + piece), last)).sound])
  }
  return parts
}

describe('a live session', () => {
  it('converts sound as it comes: as much of it, and in another voice', async () => {
    const { sessions, open } = await setup()
    const { session, sampleRate, frame, device, url } = await open()
    expect({ sampleRate, frame, device, url }).toEqual({
      ...{ sampleRate: 16_000, frame: 1024, device: 'cpu', url: `/live/${session}` },
    })
    const sound = tone(0.5)
    const parts = await convert(sessions, session, sound)
    // A frame of 64 ms is two pieces of 40 ms away at first; what follows keeps pace.
    expect(parts[0]).toHaveLength(0)
    expect(parts.slice(3).every((part) => part.length > 0)).toBe(true)
    const other = parts.flat()
    expect(Math.abs(other.length - sound.length)).toBeLessThanOrEqual(3)
    expect(other.every(Number.isFinite)).toBe(true)
    await sessions.voices(session, { from: 'ada', to: 'Cy' })
    const third = (await convert(sessions, session, sound)).flat()
    expect(third).not.toEqual(other)
    await sessions.voices(session, { from: 'Ada', to: 'Ada' })
    const same = (await convert(sessions, session, sound)).flat()
    const energy = (x: number[]) => x.reduce((sum, value) => sum + value * value, 0)
    expect(energy(same)).toBeGreaterThan(0.5 * energy([...sound]))
  })

  it('refuses voices that the model has not, pieces out of turn, and sessions that are closed', async () => {
    const { sessions, open } = await setup()
    await expect(open({ to: 'Zoe' })).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/Ada, Ben, Cy/) as unknown,
    })
    const { session } = await open()
    await expect(sessions.voices(session, { from: 'Ada', to: 'Zoe' })).rejects.toMatchObject({ code: 'bad-input' })
    await expect(sessions.take(session, 1, tone(0.04), false)).rejects.toMatchObject({ code: 'conflict' })
    await sessions.take(session, 0, tone(0.04), false)
    await sessions.close(session)
    await expect(sessions.take(session, 1, tone(0.04), false)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('is the only one, and closes when nobody speaks for a minute', async () => {
    const { sessions, open, clock } = await setup()
    const first = await open()
    const second = await open()
    await expect(sessions.take(first.session, 0, tone(0.04), false)).rejects.toMatchObject({ code: 'not-found' })
    clock.advance(59_000)
    await sessions.take(second.session, 0, tone(0.04), false)
    clock.advance(59_000)
    await sessions.take(second.session, 1, tone(0.04), false)
    clock.advance(61_000)
    await expect(sessions.take(second.session, 2, tone(0.04), false)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('is the only one though two are opened at once', async () => {
    const { sessions, open } = await setup()
    await open()
    const both = await Promise.allSettled([open(), open()])
    const opened = both.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    await sessions.take(opened[0]!.session, 0, tone(0.04), false)
  })

  it('is called off while it opens', async () => {
    const { open } = await setup()
    const stop = new AbortController()
    const opening = open({ signal: stop.signal })
    stop.abort()
    await expect(opening).rejects.toMatchObject({ code: 'cancelled' })
  })
})

describe('the way to a live session', () => {
  /** The two processes in one: what the host sends the engine gets, as JSON. */
  function processes(sessions: LiveSessions) {
    const toHost = new EventEmitter()
    const json = (message: unknown) => JSON.parse(JSON.stringify(message)) as unknown
    const answer = liveAnswerer(sessions, { send: async (message) => void toHost.emit('message', json(message)) })
    const live = liveLine({
      send: (message) => void answer(json(message)),
      onMessage: (receive) => void toHost.on('message', receive),
      onExit: (exited) => void toHost.on('exit', exited),
    })
    const handle = filesHandler({ rendererDir: '/', projectDir: '/', uploads: false, live })
    const post = (path: string, body: Float32Array | Uint8Array) =>
      handle(new Request(`http://127.0.0.1:1${path}`, { method: 'POST', body: body as Uint8Array<ArrayBuffer> }))
    return { post, toHost }
  }

  it('carries samples there and back by URL, and says how long they took', async () => {
    const { sessions, open } = await setup()
    const { url } = await open()
    const { post } = processes(sessions)
    const first = await post(`${url}?part=0`, tone(0.2))
    expect(first.status).toBe(200)
    expect(Number(first.headers.get('compute-seconds'))).toBeGreaterThan(0)
    const rest = await post(`${url}?part=1&last`, tone(0.1))
    const samples = ((await first.arrayBuffer()).byteLength + (await rest.arrayBuffer()).byteLength) / 4
    expect(Math.abs(samples - 0.3 * rate)).toBeLessThanOrEqual(3)
  })

  it('answers what is wrong with its status', async () => {
    const { sessions, open } = await setup()
    const { url } = await open()
    const { post, toHost } = processes(sessions)
    const statusOf = async (path: string, body: Float32Array | Uint8Array) => (await post(path, body)).status
    expect(await statusOf('/live/l-none?part=0', tone(0.04))).toBe(404)
    expect(await statusOf(`${url}?part=5`, tone(0.04))).toBe(409)
    expect(await statusOf(url, tone(0.04))).toBe(400)
    expect(await statusOf(`${url}?part=0`, new Uint8Array(5))).toBe(400)
    expect(await statusOf(`${url}?part=0`, new Uint8Array(4 * 1024 * 1024))).toBe(413)
    toHost.emit('exit')
    expect(await statusOf(`${url}?part=0`, tone(0.04))).toBe(503)
  })

  it('is closed where there is no engine', async () => {
    const handle = filesHandler({ rendererDir: '/', projectDir: '/', uploads: false })
    const request = new Request('http://127.0.0.1:1/live/l-1?part=0', { method: 'POST', body: 'abcd' })
    expect((await handle(request)).status).toBe(503)
  })
})
