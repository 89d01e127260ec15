import { Asset } from '@contract'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { filesHandler } from '../../../src-main/files/handler'
import { adopt, exportAsset, findSource, measureUnfinished, openProject, contentFile } from '../../../src-main/project'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { npyBytes } from '../../helpers/waveglow-pack'

/** A natural log-mel whose numbers all differ, [frames, mels]. */
const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => -11 + (12 * i) / count)

async function project() {
  const folder = await tempFolder()
  const opened = await openProject(join(folder, 'p'))
  onTestFinished(() => opened.close())
  const take = async (name: string, bytes: Uint8Array, bands?: readonly number[]) => {
    await writeFile(join(folder, name), bytes)
    const incoming = await findSource({ path: join(folder, name) }, opened.paths, true)
    return adopt(opened, incoming, bands ? { bands } : {})
  }
  return { folder, project: opened, take }
}

describe('a mel spectrogram', () => {
  it('becomes an asset with the file as it came and its numbers as float32, [frames, mels]', async () => {
    const { project: p, take } = await project()
    const mel = numbers(80 * 3)
    const turned = Float32Array.from(mel, (_, i) => mel[(i % 3) * 80 + Math.floor(i / 3)]!)
    const bytes = npyBytes([80, 3], turned)
    const asset = await take('talk.npy', bytes)
    expect(Asset.parse(asset)).toMatchObject({
      ...{ name: 'talk.npy', kind: 'mel', bytes: bytes.length, mel: { mels: 80, frames: 3 } },
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(asset.audio).toBeUndefined()
    const folder = p.paths.asset(asset.id)
    expect(await filesUnder(folder)).toEqual(['asset.json', 'mel.f32', 'source.npy'])
    expect((await readFile(join(folder, 'source.npy'))).equals(bytes)).toBe(true)
    expect((await readFile(join(folder, 'mel.f32'))).equals(Buffer.from(mel.buffer))).toBe(true)
    expect(await contentFile(p, asset.id)).toBe(join(folder, 'source.npy'))
    expect(await filesUnder(p.paths.work)).toEqual([])

    await measureUnfinished(p)
    expect(p.assets.get(asset.id)).toEqual(asset)
    await expect(exportAsset(p, asset.id, 'wav-s16')).rejects.toMatchObject({ code: 'unsupported', file: 'talk.npy' })
  })

  it.each([
    [[100, 80], undefined, 80, 100],
    [[80, 80], undefined, 80, 80],
    [[100, 16], undefined, 16, 100],
    [[16, 10], [16], 16, 10],
    [[16, 10], undefined, 10, 16],
    [[1, 40, 64], [64], 64, 40],
  ])('of shape %j where models take %j bands has %i bands and %i frames', async (shape, bands, mels, frames) => {
    const { take } = await project()
    const count = shape.reduce((a, b) => a * b)
    expect((await take('a.npy', npyBytes(shape, numbers(count)), bands)).mel).toEqual({ mels, frames })
  })

  it('is known by its bytes where its name tells nothing', async () => {
    const { take } = await project()
    expect((await take('upload', npyBytes([4, 80], numbers(320)))).kind).toBe('mel')
  })

  it.each([
    ['text', Buffer.from('Dear diary'), /bad\.npy is no whole \.npy array/],
    ['nothing', new Uint8Array(0), /bad\.npy is no whole \.npy array/],
    ['a list', npyBytes([80], numbers(80)), /bad\.npy: expected a mel spectrogram.*shape \[80\]/],
    ['one frame of one band', npyBytes([1, 1], [-3]), /bad\.npy: expected a mel spectrogram/],
    ['no frames', npyBytes([0, 80], []), /without frames/],
    ['infinity', npyBytes([1, 80], new Float32Array(80).fill(-Infinity)), /finite numbers/],
    ['decibels', npyBytes([2, 80], new Float32Array(160).fill(-60)), /natural log-mel/],
  ])('of %s is refused by name, and nothing is left', async (_, bytes, message) => {
    const { project: p, take } = await project()
    await expect(take('bad.npy', bytes)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      file: expect.stringContaining('bad.npy'),
    })
    expect(p.assets.list()).toEqual([])
    expect(await filesUnder(p.paths.work)).toEqual([])
  })

  it('is served in parts', async () => {
    const { project: p, take, folder } = await project()
    const mel = numbers(80 * 5)
    const { id } = await take('talk.npy', npyBytes([5, 80], mel))
    const handle = filesHandler({ rendererDir: folder, projectDir: p.paths.folder, uploads: false })
    const get = (path: string, range: string) =>
      handle(new Request(`http://127.0.0.1/media/${id}${path}`, { headers: { range } }))
    const part = await get('/mel', 'bytes=320-639')
    expect(part.status).toBe(206)
    expect([...new Float32Array(await part.arrayBuffer())]).toEqual([...mel.subarray(80, 160)])
    expect((await get('/peaks', 'bytes=0-1')).status).toBe(404)
    expect((await get('/constructor', 'bytes=0-1')).status).toBe(404)
  })
})
