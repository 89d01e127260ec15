import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFlac, createWav, openAudio, readMono, resample, rms } from '../../../src-main/dsp'
import { largestDifference, noise, tone } from '../../helpers/signals'

let folder = ''
let spoolFolder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nagare-test-'))
  spoolFolder = await mkdtemp(join(tmpdir(), 'nagare-spool-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await rm(spoolFolder, { recursive: true, force: true })
})

const golden = (name: string) => join('test/golden/audio', name)
const fixtures = [
  ['tone-440.mp3', 'mp3', 44100, 1, 0.6],
  ['tone-440.flac', 'flac', 44100, 1, 0.6],
  ['tone-440.ogg', 'ogg', 44100, 2, 0.6],
  ['tone-440.opus', 'ogg', 48000, 1, 0.6],
  ['tone-440.m4a', 'm4a', 44100, 1, 0.6],
] as const

describe('openAudio decodes', () => {
  it.each(fixtures)('%s', async (name, container, sampleRate, channels, seconds) => {
    const path = golden(name)
    const reader = await openAudio(path, { spoolFolder })
    expect(reader.info).toMatchObject({ container, sampleRate, channels, encoding: 'compressed' })
    expect(reader.info.truncated).toBeUndefined()
    expect(Math.abs(reader.info.frames / sampleRate - seconds)).toBeLessThan(0.06)
    const whole = (await reader.read(reader.info.frames))![0]!
    const middle = whole.subarray(Math.floor(0.25 * whole.length), Math.floor(0.75 * whole.length))
    // Zero crossings tell the pitch: 880 a second.
    const crossings = middle.reduce(
      (count, value, i) => count + (i > 0 && value >= 0 !== middle[i - 1]! >= 0 ? 1 : 0),
      0,
    )
    expect(Math.abs(crossings / (middle.length / sampleRate) - 880)).toBeLessThan(20)
    expect(rms(middle)).toBeGreaterThan(0.2)
    await reader.seek(100)
    expect(largestDifference((await reader.read(50))![0]!, whole.subarray(100, 150))).toBe(0)
    await reader.close()
    expect(await readdir(spoolFolder)).toEqual([])
  })

  it('by content, not by name', async () => {
    const path = join(folder, 'really-mp3.wav')
    await writeFile(path, await readFile(golden('tone-440.mp3')))
    const reader = await openAudio(path, { spoolFolder })
    expect(reader.info.container).toBe('mp3')
    await reader.close()
  })

  it.each(fixtures.filter(([name]) => name !== 'tone-440.mp3'))(
    'refuses %s cut short, and reads it when allowed',
    async (name) => {
      const bytes = await readFile(golden(name))
      const path = join(folder, `short-${name}`)
      // Recorders that put the table of contents last leave nothing to read when cut: only the refusal is checked there.
      await writeFile(path, bytes.subarray(0, bytes.length - 400))
      await expect(openAudio(path, { spoolFolder })).rejects.toMatchObject({ code: 'corrupt', file: path })
      if (!name.endsWith('m4a')) {
        const reader = await openAudio(path, { spoolFolder, allowTruncated: true })
        expect(reader.info.truncated).toBe(true)
        await reader.close()
      }
      expect(await readdir(spoolFolder)).toEqual([])
    },
  )

  it.each(fixtures)('refuses %s with its sound overwritten', async (name) => {
    const bytes = await readFile(golden(name))
    bytes.fill(0x55, 48)
    const path = join(folder, `broken-${name}`)
    await writeFile(path, bytes)
    await expect(openAudio(path, { spoolFolder })).rejects.toMatchObject({
      name: 'NagareError',
      code: 'corrupt',
      file: path,
    })
    expect(await readdir(spoolFolder)).toEqual([])
  })

  it('refuses what grows beyond the limit when decoded', async () => {
    for (const [name] of fixtures)
      await expect(openAudio(golden(name), { spoolFolder, maxDecodedBytes: 10_000 })).rejects.toMatchObject({
        code: 'bad-input',
      })
    expect(await readdir(spoolFolder)).toEqual([])
  })

  it('refuses tags without sound', async () => {
    const path = join(folder, 'tags.mp3')
    await writeFile(path, Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\x01\0'), Buffer.alloc(128)]))
    await expect(openAudio(path)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/tags/) as string,
    })
  })
})

describe('createFlac', () => {
  it.each([
    [16, 1, 16000],
    [16, 2, 44100],
    [24, 1, 48000],
    [24, 8, 192000],
  ] as const)('%i bits, %i channels, %i Hz come back exactly', async (bits, channels, sampleRate) => {
    const path = join(folder, 'out.flac')
    await rm(path, { force: true })
    const scale = 2 ** (bits - 1)
    const x = Array.from({ length: channels }, (_, c) =>
      noise(70_000, c + 1, 0.2).map((value) => Math.round(value * scale) / scale),
    )
    const writer = await createFlac(path, { sampleRate, channels, bits })
    await writer.write(x.map((channel) => channel.subarray(0, 1234)))
    expect(existsSync(path)).toBe(false)
    await writer.write(x.map((channel) => channel.subarray(1234)))
    await writer.finish()
    expect(writer.clipped).toBe(0)

    const header = await readFile(path)
    expect(header.readUInt32BE(22)).toBe(70_000)
    expect(header.subarray(26, 42).some((byte) => byte !== 0)).toBe(true)
    const reader = await openAudio(path, { spoolFolder })
    expect(reader.info).toEqual({ sampleRate, channels, frames: 70_000, container: 'flac', encoding: 'compressed' })
    const back = (await reader.read(70_000))!
    back.forEach((channel, c) => expect(largestDifference(channel, x[c]!)).toBe(0))
    await reader.close()
  })

  it('refuses what FLAC cannot hold and leaves nothing when given up', async () => {
    const path = join(folder, 'never.flac')
    const before = await readdir(folder)
    await expect(createFlac(path, { sampleRate: 48000, channels: 9, bits: 16 })).rejects.toMatchObject({
      code: 'unsupported',
      file: path,
    })
    const writer = await createFlac(path, { sampleRate: 48000, channels: 1, bits: 16 })
    await writer.write([noise(9000, 1)])
    await writer.abort()
    expect(await readdir(folder)).toEqual(before)
  })
})

describe('readMono', () => {
  it('averages the channels, resamples and cuts', async () => {
    const path = join(folder, 'stereo.wav')
    const left = tone(440, 44100, 44100, 0.4)
    const writer = await createWav(path, { sampleRate: 44100, channels: 2, format: 'f32' })
    await writer.write([left, new Float32Array(44100)])
    await writer.finish()
    const mono = await readMono(path, 16000)
    expect(mono).toHaveLength(16000)
    expect(
      largestDifference(
        mono,
        resample(
          left.map((value) => value / 2),
          44100,
          16000,
        ),
      ),
    ).toBeLessThan(1e-7)
    expect(await readMono(path, 16000, { maxSeconds: 0.5 })).toHaveLength(8000)
  })
})
