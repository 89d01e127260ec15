import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { filesHandler } from '../../../src-main/files/handler'
import { float32 } from '../../../src-main/lib/ndarray'
import { writePack } from '../../../src-main/packs'
import { tempFolder } from '../../helpers/folder'

const card = {
  ...{ kind: 'blow', name: 'Test', description: '', licence: 'CC0', config: {}, frontEnd: {}, metrics: [] },
  provenance: { data: [], command: '', seed: null, steps: null, seconds: null, device: null, notes: '' },
}
const sound = Buffer.from('RIFF and so on')
const speakers = {
  voices: [
    { name: 'Ada', seconds: 1, sample: 'ada.wav' },
    { name: 'Ben', seconds: 1 },
    { name: 'Cy', seconds: 1, sample: 'page.html' },
    { name: 'Di', seconds: 1, sample: '../../outside.wav' },
  ],
}
const extra = () => ({
  'speakers.json': Buffer.from(JSON.stringify(speakers)),
  'ada.wav': sound,
  'page.html': Buffer.from('<script src="/packs/mine/voices/0"></script>'),
})

let folder: string
let own: string
let handle: (request: Request) => Promise<Response>
const origins = ['http://127.0.0.1:4000', 'app://bundle']
const get = (path: string, init: RequestInit = {}, origin = origins[0]!) => handle(new Request(origin + path, init))
const text = async (response: Response) => Buffer.from(await response.arrayBuffer()).toString()

beforeEach(async () => {
  folder = await tempFolder()
  own = join(folder, 'own')
  await mkdir(join(folder, 'project', 'assets'), { recursive: true })
  await mkdir(join(folder, 'renderer'))
  await mkdir(join(folder, 'starter'))
  await mkdir(own)
  await writeFile(join(folder, 'outside.wav'), 'private')
  await writePack(join(folder, 'starter', 'given.nagare'), card, { w: float32([1]) }, extra())
  await writePack(join(own, 'mine'), card, { w: float32([1]) }, extra())
  handle = filesHandler({
    ...{ rendererDir: join(folder, 'renderer'), projectDir: join(folder, 'project'), uploads: false },
    packDirs: [join(folder, 'starter'), own, join(folder, 'nowhere')],
  })
})

describe('a voice of a pack', () => {
  it.each(['given', 'mine'].flatMap((id) => origins.map((origin) => [id, origin] as const)))(
    'is heard from the pack %s at %s',
    async (id, origin) => {
      const response = await get(`/packs/${id}/voices/0`, {}, origin)
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'audio/wav'])
      expect(response.headers.get('content-security-policy')).toMatch(/default-src 'none'/)
      expect(await text(response)).toBe(sound.toString())
    },
  )

  it('is sent in part, and not again to whoever has it', async () => {
    const part = await get('/packs/given/voices/0', { headers: { Range: 'bytes=5-7' } })
    expect([part.status, part.headers.get('content-range'), await text(part)]).toEqual([206, 'bytes 5-7/14', 'and'])
    const tag = part.headers.get('etag')!
    expect((await get('/packs/given/voices/0', { headers: { 'If-None-Match': tag } })).status).toBe(304)
    const head = await get('/packs/given/voices/0', { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await text(head)]).toEqual([200, '14', ''])
    expect((await get('/packs/given/voices/0', { method: 'POST' })).status).toBe(405)
  })

  it.each([
    ['that has no sample', '/packs/mine/voices/1'],
    ['whose sample is no sound', '/packs/mine/voices/2'],
    ['whose sample lies elsewhere', '/packs/mine/voices/3'],
    ['that there is not', '/packs/mine/voices/4'],
    ['that is no number', '/packs/mine/voices/constructor'],
    ['before the first', '/packs/mine/voices/-1'],
    ['of a model that there is not', '/packs/other/voices/0'],
    ['of nothing', '/packs/mine/voices'],
    ['of a folder beside the packs', '/packs/..%2Fstarter%2Fgiven/voices/0'],
    ['deeper', '/packs/mine/voices/0/0'],
  ])('%s is not found', async (_, path) => {
    expect((await get(path)).status).toBe(404)
  })

  it('gives nothing but samples away', async () => {
    for (const path of ['/packs/mine', '/packs/mine/pack.json', '/packs/mine/files/ada.wav', '/packs/mine/ada.wav'])
      expect((await get(path)).status).toBe(404)
  })

  it('is not sent where it is not the one that the card describes', async () => {
    await writeFile(join(own, 'mine', 'ada.wav'), 'RIFF and no more')
    expect((await get('/packs/mine/voices/0')).status).toBe(404)
    await writeFile(join(own, 'mine', 'ada.wav'), sound.toString().toUpperCase())
    expect((await get('/packs/mine/voices/0')).status).toBe(404)
  })

  it.skipIf(process.platform === 'win32')('is not reached through a link', async () => {
    const hidden = join(folder, 'hidden')
    await writePack(hidden, card, { w: float32([1]) }, extra())
    await symlink(hidden, join(own, 'linked'), 'junction')
    expect((await get('/packs/linked/voices/0')).status).toBe(404)
  })
})
