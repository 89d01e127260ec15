import { describe, expect, it, vi } from 'vitest'
import { tileAnswerer, tileLine } from '../../../src-main/engine/tiles/line'
import { filesHandler, type TileAnswer, type TileLine, type TileRequest } from '../../../src-main/files'
import { NagareError } from '../../../src-main/lib/errors'
import { tempFolder } from '../../helpers/folder'

async function handler(tiles?: TileLine) {
  const folder = await tempFolder()
  const answer = filesHandler({ rendererDir: folder, projectDir: folder, uploads: false, ...(tiles ? { tiles } : {}) })
  return (path: string, init?: RequestInit) => answer(new Request(`http://nagare${path}`, init))
}

describe('tiles by URL', () => {
  it('are asked of the engine by their names, and may be kept', async () => {
    const asked: TileRequest[] = []
    const get = await handler(async (request): Promise<TileAnswer> => {
      asked.push(request)
      return { bytes: Uint8Array.of(1, 2, 3) }
    })
    const tile = await get('/media/a-1/tiles/3/12-7')
    expect(tile.status).toBe(200)
    expect(Object.fromEntries(tile.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': '3',
      'cache-control': expect.stringContaining('immutable'),
      'x-content-type-options': 'nosniff',
    })
    expect(new Uint8Array(await tile.arrayBuffer())).toEqual(Uint8Array.of(1, 2, 3))
    const values = await get('/media/a-1/values/0/0-0')
    expect(values.headers.get('content-type')).toBe('application/octet-stream')
    const again = await get('/media/a-1/values/0/0-0', { headers: { 'if-none-match': values.headers.get('etag')! } })
    expect(again.status).toBe(304)
    await get('/media/a-1/tiles/3/12-7?draft')
    expect(asked.at(-1)).toEqual({ asset: 'a-1', kind: 'tiles', level: 3, column: 12, row: 7, draft: true })
    expect(asked.slice(0, 2)).toEqual([
      { asset: 'a-1', kind: 'tiles', level: 3, column: 12, row: 7 },
      { asset: 'a-1', kind: 'values', level: 0, column: 0, row: 0 },
    ])
  })

  it('that are drafts say so, and are not kept', async () => {
    const get = await handler(async ({ draft }) => ({ bytes: Uint8Array.of(1), isDraft: draft === true }))
    const draft = await get('/media/a-1/tiles/3/0-0?draft')
    expect(Object.fromEntries(draft.headers)).toMatchObject({ 'nagare-draft': '1', 'cache-control': 'no-store' })
    const whole = await get('/media/a-1/tiles/3/0-0')
    expect(whole.headers.get('nagare-draft')).toBeNull()
    expect(whole.headers.get('etag')).not.toBe(draft.headers.get('etag'))
  })

  it('that have no such name are not asked for', async () => {
    const tiles = vi.fn()
    const get = await handler(tiles)
    for (const path of [
      '/media/a-1/tiles/0/1',
      '/media/a-1/tiles/0/1-2-3',
      '/media/a-1/tiles/-1/0-0',
      '/media/a-1/tiles/0/9999999-0',
      '/media/a-1/secrets/0/0-0',
      '/media/A%2F..%2F/tiles/0/0-0',
      '/media/a-1/tiles/0/0-0/more',
    ])
      expect((await get(path)).status).toBe(404)
    expect((await get('/media/a-1/tiles/0/0-0', { method: 'POST' })).status).toBe(405)
    expect(tiles).not.toHaveBeenCalled()
  })

  it('that cannot be had say why', async () => {
    const get = await handler(async () => ({ error: { code: 'corrupt', message: 'a.png is torn.' } }))
    const torn = await get('/media/a-1/tiles/0/0-0')
    expect(torn.status).toBe(500)
    expect(await torn.json()).toEqual({ error: { code: 'corrupt', message: 'a.png is torn.' } })
    expect((await (await handler())('/media/a-1/tiles/0/0-0')).status).toBe(503)
  })
})

describe('the line to the engine', () => {
  /** Both ends, wired to each other. */
  function wired(source: Parameters<typeof tileAnswerer>[0]) {
    let receive: (message: unknown) => void = () => {}
    let exited: () => void = () => {}
    const answers = tileAnswerer(source, { send: async (message) => receive(JSON.parse(JSON.stringify(message))) })
    const line = tileLine({
      send: (message) => void answers(message),
      onMessage: (listener) => (receive = listener),
      onExit: (listener) => (exited = () => listener(1, null)),
    })
    return { line, answers, exit: () => exited() }
  }
  const asked = { asset: 'a-1', kind: 'tiles', level: 0, column: 1, row: 2 } as const

  it('carries tiles and errors', async () => {
    const picture = vi.fn(async () => Uint8Array.of(7, 8))
    const values = vi.fn(async () => {
      throw new NagareError('not-found', 'Gone.')
    })
    const draft = vi.fn(async (_: string, level: number) => (level > 0 ? Uint8Array.of(9) : undefined))
    const { line, answers } = wired({ picture, draft, values })
    expect(await line(asked)).toEqual({ bytes: Buffer.of(7, 8), isDraft: false })
    expect(picture).toHaveBeenCalledWith('a-1', 0, 1, 2)
    expect(draft).not.toHaveBeenCalled()
    expect(await line({ ...asked, draft: true })).toEqual({ bytes: Buffer.of(7, 8), isDraft: false })
    expect(await line({ ...asked, level: 2, draft: true })).toEqual({ bytes: Buffer.of(9), isDraft: true })
    expect(await line({ ...asked, kind: 'values' })).toMatchObject({ error: { code: 'not-found', message: 'Gone.' } })
    expect(answers({ type: 'quit' })).toBe(false)
  })

  it('answers what still waits when the engine is gone', async () => {
    const never = () => new Promise<never>(() => {})
    const { line, exit } = wired({ picture: never, draft: never, values: never })
    const waiting = line(asked)
    exit()
    expect(await waiting).toMatchObject({ error: { code: 'unavailable' } })
    expect(await line(asked)).toMatchObject({ error: { code: 'unavailable' } })
  })
})
