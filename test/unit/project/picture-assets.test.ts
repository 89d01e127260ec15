import { Asset } from '@contract'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { filesHandler } from '../../../src-main/files/handler'
import { readPicture } from '../../../src-main/image'
import { adopt, exportAsset, findSource, measureUnfinished, openProject, contentFile } from '../../../src-main/project'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { pngChunk, pngEnd, pngHead } from '../../helpers/pictures'
import { tone, wav16 } from '../../helpers/signals'

const ramp = (width: number, height: number, channels: 1 | 3) =>
  Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37 + (i >> 5) * 11) % 256)
const raw = (width: number, height: number, channels: 1 | 3) =>
  sharp(ramp(width, height, channels), { raw: { width, height, channels } })

async function project() {
  const folder = await tempFolder()
  const opened = await openProject(join(folder, 'p'))
  onTestFinished(() => opened.close())
  const take = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(folder, name), bytes)
    return adopt(opened, await findSource({ path: join(folder, name) }, opened.paths, true))
  }
  return { folder, project: opened, take }
}

const wide = Uint16Array.from({ length: 64 * 48 }, (_, i) => (i * 17) % 65536)
const kinds: [string, () => Promise<Buffer>, object, string][] = [
  ['a.png', () => raw(70, 50, 3).png().toBuffer(), { format: 'png', channels: 3, plain: true }, 'source.png'],
  ['a.jpeg', () => raw(70, 50, 3).jpeg().toBuffer(), { format: 'jpeg', channels: 3, plain: true }, 'source.jpg'],
  [
    'a.webp',
    () => raw(70, 50, 3).webp({ lossless: true }).toBuffer(),
    { format: 'webp', channels: 3, plain: true },
    'source.webp',
  ],
  ['a.tiff', () => raw(70, 50, 3).tiff().toBuffer(), { format: 'tiff', channels: 3, plain: false }, 'source.tif'],
  [
    'turned.jpg',
    () => raw(50, 70, 3).jpeg().withMetadata({ orientation: 6 }).toBuffer(),
    { format: 'jpeg', plain: false },
    'source.jpg',
  ],
  [
    'print.jpg',
    () => raw(70, 50, 3).toColourspace('cmyk').jpeg().toBuffer(),
    { format: 'jpeg', plain: false, notes: ['It was converted from CMYK to sRGB.'] },
    'source.jpg',
  ],
]

describe('a picture', () => {
  it.each(kinds)('%s becomes an asset with its facts, a preview and a thumbnail', async (name, make, facts, file) => {
    const { project: p, take } = await project()
    const bytes = await make()
    const asset = await take(name, bytes)
    expect(Asset.parse(asset)).toMatchObject({
      ...{ name, kind: 'image', bytes: bytes.length, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      image: { width: 70, height: 50, depth: 8, ...facts },
    })
    const folder = p.paths.asset(asset.id)
    expect(await filesUnder(folder)).toEqual(['asset.json', 'preview.png', file, 'thumb.png'])
    expect(await contentFile(p, asset.id)).toBe(join(folder, file))
    expect((await readFile(join(folder, file))).equals(bytes)).toBe(true)
    const [preview, source] = [await readPicture(join(folder, 'preview.png')), await readPicture(join(folder, file))]
    expect(preview).toMatchObject({ width: 70, height: 50, depth: 8 })
    expect(preview.data).toBeAllclose(source.data, { relative: 0, absolute: 1e-6 })
    expect(await filesUnder(p.paths.work)).toEqual([])
    await measureUnfinished(p)
    expect(p.assets.get(asset.id)).toEqual(asset)
  })

  it('of 16 bits is shown with 8', async () => {
    const { project: p, take } = await project()
    const { id, image } = await take(
      'x-ray.png',
      await sharp(wide, { raw: { width: 64, height: 48, channels: 1 } })
        .toColourspace('grey16')
        .png()
        .toBuffer(),
    )
    expect(image).toEqual({
      ...{ width: 64, height: 48, channels: 1, depth: 16, format: 'png', notes: [], plain: false },
    })
    const preview = await readPicture(join(p.paths.asset(id), 'preview.png'))
    expect(Array.from(preview.data, (v) => Math.round(v * 255))).toEqual(
      Array.from(wide, (v) => Math.round((v / 65535) * 255)),
    )
  })

  it('with more than 2048 pixels on a side is shown smaller', async () => {
    const { project: p, take } = await project()
    const { id, image } = await take('long.png', await raw(3000, 40, 1).toColourspace('b-w').png().toBuffer())
    expect(image).toMatchObject({ width: 3000, height: 40 })
    const at = (name: string) => readPicture(join(p.paths.asset(id), name))
    expect(await at('preview.png')).toMatchObject({ width: 2048, height: 27, channels: 1 })
    expect(await at('thumb.png')).toMatchObject({ width: 96, height: 1 })
  })

  it('is known by its content, whatever its name says; so is a sound', async () => {
    const { project: p, take } = await project()
    const picture = await take('photo.wav', await raw(8, 8, 3).png().toBuffer())
    expect(picture).toMatchObject({ kind: 'image', image: { format: 'png' } })
    expect(await filesUnder(p.paths.asset(picture.id))).toContain('source.png')
    expect(await take('song.png', wav16(tone(440, 800, 16000)))).toMatchObject({ kind: 'audio' })
  })

  const short = Buffer.from(deflateSync(Buffer.alloc(400)))
  it.each([
    ['nothing', Buffer.alloc(0), 'bad-input', /bad\.png.*empty/],
    ['text', Buffer.from('Dear diary, '.repeat(40)), 'bad-input', /bad\.png: expected PNG, JPEG, TIFF, WebP or BMP/],
    ['a header alone', pngHead(64, 64), 'corrupt', /bad\.png/],
    ['too few rows', Buffer.concat([pngHead(64, 64), pngChunk('IDAT', short), pngEnd]), 'corrupt', /bad\.png/],
    [
      '442 megapixels that a few bytes claim',
      Buffer.concat([pngHead(68_000, 6500), pngChunk('IDAT', short), pngEnd]),
      'bad-input',
      /bad\.png.*at most 300 megapixels/,
    ],
  ])('of %s is refused by name, and nothing is left', async (_, bytes, code, message) => {
    const { project: p, take } = await project()
    await expect(take('bad.png', bytes)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    expect(p.assets.list()).toEqual([])
    expect(await filesUnder(p.paths.work)).toEqual([])
  })

  it('is served whole, as its preview and as its thumbnail', async () => {
    const { project: p, take, folder } = await project()
    const bytes = await raw(300, 200, 3).png().toBuffer()
    const { id } = await take('a.png', bytes)
    const handle = filesHandler({ rendererDir: folder, projectDir: p.paths.folder, uploads: false })
    const get = (path: string) => handle(new Request(`http://127.0.0.1/media/${id}${path}`))
    const whole = await get('')
    expect(whole.headers.get('content-type')).toBe('image/png')
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true)
    for (const [path, width] of [
      ['/preview', 300],
      ['/thumb', 96],
    ] as const) {
      const response = await get(path)
      expect(response.headers.get('content-type')).toBe('image/png')
      expect(await sharp(await response.arrayBuffer()).metadata()).toMatchObject({ width })
    }
    expect((await get('/peaks')).status).toBe(404)
  })

  it('is exported as it is, and not as sound; another one does not replace it', async () => {
    const { project: p, take } = await project()
    const [one, two] = [await raw(9, 9, 3).jpeg().toBuffer(), await raw(10, 10, 3).png().toBuffer()]
    const ids = [(await take('map.jpeg', one)).id, (await take('map.png', two)).id] as const
    expect(await exportAsset(p, ids[0], 'as-is')).toEqual({
      ...{ url: '/exports/map.jpg', name: 'map.jpg', bytes: one.length },
    })
    expect((await exportAsset(p, ids[1], 'as-is')).name).toBe('map.png')
    expect((await exportAsset(p, ids[0], 'as-is')).name).toBe('map.jpg')
    expect((await readFile(join(p.paths.exports, 'map.jpg'))).equals(one)).toBe(true)
    expect((await readFile(join(p.paths.exports, 'map.png'))).equals(two)).toBe(true)
    await expect(exportAsset(p, ids[0], 'wav-s16')).rejects.toMatchObject({ code: 'unsupported', file: 'map.jpeg' })
    await expect(exportAsset(p, ids[0], 'as-is', AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' })
  })
})

describe('a large picture', () => {
  const large = () =>
    sharp({ create: { width: 5000, height: 3300, channels: 3, background: '#468' } })
      .png()
      .toBuffer()

  it('is answered after its header and drawn after; an interrupted drawing is taken up again', async () => {
    const { project: p, take } = await project()
    const asset = await take('wall.png', await large())
    expect(asset).toMatchObject({ sha256: '', image: { width: 5000, height: 3300 } })
    await p.close()
    const again = await openProject(p.paths.folder)
    onTestFinished(() => again.close())
    await measureUnfinished(again)
    await expect.poll(() => again.assets.get(asset.id).sha256, { timeout: 40_000 }).toMatch(/^[0-9a-f]{64}$/)
    const preview = await readPicture(join(again.paths.asset(asset.id), 'preview.png'))
    expect(preview).toMatchObject({ width: 2048, height: 1352 })
    expect(await filesUnder(again.paths.work)).toEqual([])
  })

  it('that proves unreadable is taken out again, and that is told by name', async () => {
    const folder = await tempFolder()
    const p = await openProject(join(folder, 'p'))
    onTestFinished(() => p.close())
    const bytes = await large()
    await writeFile(join(folder, 'torn.png'), bytes.subarray(0, bytes.length >> 1))
    const told: string[] = []
    const source = await findSource({ path: join(folder, 'torn.png') }, p.paths, true)
    await adopt(p, source, { onUnreadable: (_, { message }) => told.push(message) })
    await expect.poll(() => told.length, { timeout: 40_000 }).toBe(1)
    expect(told[0]).toMatch(/^torn\.png/)
    expect(p.assets.list()).toEqual([])
  })
})
