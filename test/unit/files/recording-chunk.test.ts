import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { filesHandler } from '../../../src-main/files/handler'
import { longestChunk } from '../../../src-main/files/recording-chunk'
import { tempFolder } from '../../helpers/folder'

const dataOffset = 20

/** Done after a chunk was found to be one of a recording that goes on, and before it is written. */
const meanwhile = vi.hoisted(() => ({ run: async () => {} }))
vi.mock('../../../src-main/files/room', async (original) => {
  const real = await original<typeof import('../../../src-main/files/room')>()
  return { ...real, roomIn: async (folder: string) => (await meanwhile.run(), real.roomIn(folder)) }
})

async function setup(channels = 1) {
  const projectDir = await tempFolder()
  const folder = join(projectDir, 'recordings', 'r-1')
  await mkdir(folder, { recursive: true })
  const sound = join(folder, 'sound.wav')
  await writeFile(sound, Buffer.alloc(dataOffset))
  const head = {
    ...{ id: 'r-1', name: 'x.wav', device: 'Mic', sampleRate: 48_000, channels, dataOffset, blockAlign: 4 * channels },
    startedAt: '2026-11-24T08:00:00.000Z',
  }
  await writeFile(join(folder, 'recording.json'), JSON.stringify(head))
  const handle = filesHandler({ rendererDir: projectDir, projectDir, uploads: false })
  const send = async (at: number | string, samples: Float32Array | Uint8Array, id = 'r-1', method = 'POST') => {
    const url = `http://127.0.0.1:1/recordings/${id}?at=${at}`
    const body = Buffer.from(samples.buffer as ArrayBuffer, samples.byteOffset, samples.byteLength)
    const response = await handle(new Request(url, method === 'GET' ? { method } : { method, body }))
    const text = await response.text()
    return { status: response.status, ...(text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}) }
  }
  const samples = async () => {
    const bytes = Uint8Array.from((await readFile(sound)).subarray(dataOffset))
    return [...new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4))]
  }
  return { sound, folder, send, samples, projectDir }
}

const floats = (...values: number[]) => Float32Array.from(values)

describe('a chunk of a recording', () => {
  it('is written where it belongs, and the answer says what is there then', async () => {
    const { send, samples } = await setup()
    expect(await send(0, floats(1, 2))).toEqual({ status: 200, have: 8 })
    expect(await send(8, floats(3))).toEqual({ status: 200, have: 12 })
    expect(await samples()).toEqual([1, 2, 3])
  })

  it('does no harm when it comes twice, or overlaps what is there', async () => {
    const { send, samples } = await setup()
    await send(0, floats(1, 2, 3))
    expect(await send(0, floats(1, 2))).toEqual({ status: 200, have: 12 })
    expect(await send(4, floats(2, 3, 4))).toEqual({ status: 200, have: 16 })
    expect(await samples()).toEqual([1, 2, 3, 4])
  })

  it('is refused out of order, with what is there, and leaves no gap', async () => {
    const { send, samples } = await setup()
    await send(0, floats(1))
    expect(await send(8, floats(3))).toMatchObject({ status: 409, have: 4, error: { code: 'conflict' } })
    expect(await samples()).toEqual([1])
    expect(await send(4, floats(2, 3))).toEqual({ status: 200, have: 12 })
  })

  it('replaces a frame that was written in part', async () => {
    const { send, samples, sound } = await setup(2)
    await send(0, floats(1, 2))
    await writeFile(sound, Buffer.alloc(5), { flag: 'a' })
    expect(await send(16, floats(5, 6))).toMatchObject({ status: 409, have: 8 })
    expect(await send(8, floats(3, 4))).toEqual({ status: 200, have: 16 })
    expect(await samples()).toEqual([1, 2, 3, 4])
  })

  it.each([
    ['half a frame', 0, floats(1), 2],
    ['a place inside a frame', 4, floats(1, 2), 2],
    ['bytes that are no floats', 0, new Uint8Array(3), 1],
    ['no place', 'x', floats(1), 1],
    ['an empty place', '', floats(1), 1],
    ['a place before the start', -4, floats(1), 1],
  ])('is refused with %s', async (_, at, body, channels) => {
    const { send, sound } = await setup(channels)
    expect(await send(at, body)).toMatchObject({ status: 400, error: { code: 'bad-input' } })
    expect((await stat(sound)).size).toBe(dataOffset)
  })

  it('is refused over its longest size, and taken at it', async () => {
    const { send, sound } = await setup()
    expect(await send(0, new Uint8Array(longestChunk + 4))).toMatchObject({ status: 413 })
    expect((await stat(sound)).size).toBe(dataOffset)
    expect(await send(0, new Uint8Array(longestChunk))).toEqual({ status: 200, have: longestChunk })
  })

  it('says that a paused recording goes on, without a sample', async () => {
    const { send, sound } = await setup()
    await send(0, floats(1))
    await utimes(sound, 1, 1)
    expect(await send(4, floats())).toEqual({ status: 200, have: 4 })
    expect((await stat(sound)).mtimeMs).toBeGreaterThan(Date.now() - 60_000)
  })

  it('holds silence in place of what is no number', async () => {
    const { send, samples } = await setup()
    await send(0, floats(1, Number.NaN, Infinity, -1))
    expect(await samples()).toEqual([1, 0, 0, -1])
  })

  it('is answered with 404 for a recording that is over, and 405 for other methods', async () => {
    const { send } = await setup()
    expect(await send(0, floats(1), 'r-2')).toMatchObject({ status: 404, error: { code: 'not-found' } })
    expect(await send(0, floats(), 'r-1', 'GET')).toMatchObject({ status: 405 })
    expect(await send(0, floats(1), '..%2fassets')).toMatchObject({ status: 405 })
  })

  it.each([
    ['completed', (folder: string) => rename(join(folder, 'recording.json'), join(folder, 'finishing.json'))],
    ['dropped', (folder: string) => rm(folder, { recursive: true })],
  ])('that comes while its recording is %s is not taken for stored', async (_, happen) => {
    const { send, folder } = await setup()
    await send(0, floats(1))
    meanwhile.run = () => happen(folder)
    onTestFinished(() => void (meanwhile.run = async () => {}))
    expect(await send(4, floats(2))).toMatchObject({ status: 404, error: { code: 'not-found' } })
  })
})
