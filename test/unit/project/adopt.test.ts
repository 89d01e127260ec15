import { Asset, readPeaks } from '@contract'
import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createWav, openAudio } from '../../../src-main/dsp'
import { NagareError } from '../../../src-main/lib/errors'
import { adopt, findSource, measureUnfinished, openProject, type ProjectIo } from '../../../src-main/project'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { formatBody, noise, riffChunk, tone, wav16, wavFile } from '../../helpers/signals'
import { until } from '../../helpers/wires'

async function project(options: { io?: ProjectIo } = {}) {
  const folder = await tempFolder()
  const opened = await openProject(join(folder, 'p'), options)
  onTestFinished(() => opened.close())
  const write = async (name: string, data: Uint8Array) => {
    await writeFile(join(folder, name), data)
    return join(folder, name)
  }
  const take = async (path: string) => adopt(opened, await findSource({ path }, opened.paths, true))
  return { folder, project: opened, write, take }
}

const atRest = ['lock', 'project.json']

describe('adopt', () => {
  it('clones a WAV file: record, peaks, level and hash are there, the original stays', async () => {
    const { project: p, write, take } = await project()
    const bytes = wav16(tone(440, 16000, 16000))
    const path = await write('take one.wav', bytes)
    const asset = await take(path)
    expect(Asset.parse(asset)).toMatchObject({
      name: 'take one.wav',
      kind: 'audio',
      bytes: bytes.length,
      audio: {
        sampleRate: 16000,
        channels: 1,
        frames: 16000,
        container: 'wav',
        encoding: 's16',
        pcm: { offset: 44, encoding: 's16' },
      },
    })
    expect(asset.audio!.peak).toBeCloseTo(0.5, 3)
    expect(asset.audio!.truePeak).toBeGreaterThanOrEqual(asset.audio!.peak)
    expect(asset.audio!.truePeak).toBeLessThan(0.55)
    expect(asset.audio!.loudness).toBeGreaterThan(-12)
    expect(asset.sha256).toMatch(/^[0-9a-f]{64}$/)
    const folder = p.paths.asset(asset.id)
    expect(await filesUnder(folder)).toEqual(['asset.json', 'peaks.bin', 'source.wav'])
    expect(JSON.parse(await readFile(join(folder, 'asset.json'), 'utf8'))).toEqual(asset)
    expect(await readFile(join(folder, 'source.wav'))).toEqual(bytes)
    expect(await filesUnder(p.paths.work)).toEqual([])
    const peaks = readPeaks(new Uint8Array(await readFile(join(folder, 'peaks.bin'))).buffer)
    expect(peaks).toMatchObject({ sampleRate: 16000, channels: 1, frames: 16000 })
    expect(Math.max(...peaks.levels[0]!.data)).toBeCloseTo(0.5 * 32767, -2)
  })

  it('decodes what does not play by range into pcm.wav, and gives every asset a name of its own', async () => {
    const { project: p, take, folder } = await project()
    await copyFile(resolve('test/golden/audio/tone-440.flac'), join(folder, 'a.flac'))
    const [first, second] = [await take(join(folder, 'a.flac')), await take(join(folder, 'a.flac'))]
    expect([first.name, second.name]).toEqual(['a.flac', 'a 2.flac'])
    expect(first.audio).toMatchObject({ container: 'flac', pcm: { encoding: 'f32' } })
    expect(await filesUnder(p.paths.asset(first.id))).toEqual(['asset.json', 'pcm.wav', 'peaks.bin', 'source.flac'])
    const reader = await openAudio(join(p.paths.asset(first.id), 'pcm.wav'))
    expect(reader.info.frames).toBe(first.audio!.frames)
    await reader.close()
    const pcm = await readFile(join(p.paths.asset(first.id), 'pcm.wav'))
    expect(pcm.toString('latin1', first.audio!.pcm.offset - 8, first.audio!.pcm.offset - 4)).toBe('data')
  })

  it('moves a finished upload in', async () => {
    const { project: p } = await project()
    await writeFile(join(p.paths.incoming, 'u-1'), wav16(noise(8000, 1)))
    const source = await findSource({ upload: 'u-1', name: 'C:\\music\\night.wav' }, p.paths, false)
    const asset = await adopt(p, source)
    expect(asset.name).toBe('night.wav')
    expect(await filesUnder(p.paths.incoming)).toEqual([])
  })

  it('takes a very short clip, silence, and eight channels at 192 kHz as they are', async () => {
    const { write, take } = await project()
    const short = await take(await write('short.wav', wav16(tone(440, 80, 16000))))
    expect(short.audio).toMatchObject({ frames: 80 })
    const silent = await take(await write('silent.wav', wav16(new Float32Array(16000))))
    expect(silent.audio).toMatchObject({ loudness: null, peak: 0 })
    const wide = Buffer.alloc(8 * 2 * 1920)
    const path = await write(
      'wide.wav',
      wavFile([riffChunk('fmt ', formatBody({ channels: 8, sampleRate: 192000 })), riffChunk('data', wide)]),
    )
    expect((await take(path)).audio).toMatchObject({ channels: 8, sampleRate: 192000, frames: 1920 })
  })

  const samples = Buffer.alloc(3200)
  const nan = Buffer.alloc(6400)
  nan.writeFloatLE(NaN, 3200)
  const format = riffChunk('fmt ', formatBody())
  const bad: [string, Buffer, RegExp][] = [
    ['an empty file', Buffer.alloc(0), /empty/],
    ['text named .wav', Buffer.from('dear diary, '.repeat(40)), /expected .*WAV/],
    ['a truncated WAV', wav16(tone(440, 16000, 16000)).subarray(0, 9000), /cut short/],
    [
      'a header claiming 4 GB',
      wavFile([format, riffChunk('data', samples, 0xfffffff0)], { size: 0xfffffff8 }),
      /cut short/,
    ],
    ['0 channels', wavFile([riffChunk('fmt ', formatBody({ channels: 0 })), riffChunk('data', samples)]), /channel/],
    [
      'NaN samples',
      wavFile([riffChunk('fmt ', formatBody({ tag: 3, bits: 32 })), riffChunk('data', nan)]),
      /NaN|finite|number/i,
    ],
    ['no samples', wavFile([format, riffChunk('data', Buffer.alloc(0))]), /no samples|not hold|ends/],
  ]
  it.each(bad)('refuses %s by name and leaves nothing behind', async (_, data, message) => {
    const { project: p, write, take } = await project()
    const path = await write('bad.wav', data)
    const error = (await take(path).catch((thrown: unknown) => thrown)) as NagareError
    expect(error).toBeInstanceOf(NagareError)
    expect(error.message).toMatch(message)
    expect(error.message).toContain('bad.wav')
    expect(error.code).toMatch(/bad-input|corrupt/)
    await writeFile(join(p.paths.incoming, 'u-1'), data)
    const uploaded = await findSource({ upload: 'u-1', name: 'sent.wav' }, p.paths, false)
    const second = (await adopt(p, uploaded).catch((thrown: unknown) => thrown)) as NagareError
    expect(second.message).toMatch(/^sent\.wav: /)
    expect(second.file).toBe('sent.wav')
    expect(await filesUnder(p.paths.folder)).toEqual(atRest)
    expect(p.assets.list()).toEqual([])
  })

  it.each([
    ['copying', { copy: async (_: string, to: string) => (await writeFile(to, 'half'), fullDisk()) }],
    ['writing', { write: () => fullDisk() }],
  ])('leaves nothing behind when the disk fills up while %s', async (_, broken: Partial<ProjectIo>) => {
    const io: ProjectIo = { copy: copyFile, write: writeFile, ...broken }
    const { project: p, write, take } = await project({ io })
    const path = await write('good.wav', wav16(noise(8000, 1)))
    await expect(take(path)).rejects.toMatchObject({ code: 'disk-full', file: expect.stringContaining('good.wav') })
    expect(await filesUnder(p.paths.folder)).toEqual(atRest)
    expect((await stat(path)).size).toBe(16044)
  })

  it('stops when its caller cancels, and leaves nothing behind', async () => {
    const { project: p, write } = await project()
    const source = await findSource({ path: await write('a.wav', wav16(noise(8000, 1))) }, p.paths, true)
    await expect(adopt(p, source, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
    expect(await filesUnder(p.paths.folder)).toEqual(atRest)
  })
})

describe('a long recording', () => {
  /** 4.2 million stereo frames: over the bound from which reading through comes later. */
  async function longWav(path: string) {
    const writer = await createWav(path, { sampleRate: 48000, channels: 2, format: 's16' })
    const block = [noise(525_000, 1), noise(525_000, 2)]
    for (let i = 0; i < 8; i++) await writer.write(block)
    await writer.finish()
  }

  it('is answered after its header and measured after; an interrupted measuring is taken up again', async () => {
    const { project: p, folder, take } = await project()
    const path = join(folder, 'long.wav')
    await longWav(path)
    const changes: Asset[] = []
    p.assets.subscribe({ changed: (asset) => changes.push(asset), removed: () => {} })
    const asset = await take(path)
    expect(asset).toMatchObject({ sha256: '', audio: { loudness: null, peak: 0, frames: 4_200_000 } })
    await p.close()
    const again = await openProject(p.paths.folder)
    again.assets.subscribe({ changed: (asset) => changes.push(asset), removed: () => {} })
    await measureUnfinished(again)
    const measured = await until(() => changes.find((change) => change.sha256 !== ''))
    expect(measured).toMatchObject({ id: asset.id, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(measured.audio!.peak).toBeGreaterThan(0.3)
    expect(measured.audio!.truePeak).toBeGreaterThanOrEqual(measured.audio!.peak)
    expect(await filesUnder(again.paths.asset(asset.id))).toContain('peaks.bin')
    await again.close()
  })

  it('has its peaks before its level; where the level was interrupted, it is taken up again; all is as if measured in one go', async () => {
    const { project: p, folder, take } = await project()
    const path = join(folder, 'long.wav')
    await longWav(path)
    const changes: Asset[] = []
    p.assets.subscribe({ changed: (asset) => changes.push(asset), removed: () => {} })
    const { id } = await take(path)
    const drawn = await until(() => changes.find(({ audio }) => audio!.peak > 0))
    expect(drawn).toMatchObject({ sha256: '', audio: { loudness: null } })
    const peaks = await readFile(join(p.paths.asset(id), 'peaks.bin'))
    await p.close()
    expect(changes.every(({ sha256 }) => sha256 === '')).toBe(true)

    const again = await openProject(p.paths.folder)
    again.assets.subscribe({ changed: (asset) => changes.push(asset), removed: () => {} })
    await measureUnfinished(again)
    const { audio } = await until(() => changes.find((change) => change.sha256 !== ''))
    const whole = await adopt(again, await findSource({ path }, again.paths, true), { thorough: true })
    expect(audio).toEqual(whole.audio)
    expect(peaks).toEqual(await readFile(join(again.paths.asset(whole.id), 'peaks.bin')))
    expect(await readFile(join(again.paths.asset(id), 'peaks.bin'))).toEqual(peaks)
    await again.close()
  })

  it('that proves unreadable after it was answered is taken out again, with a word', async () => {
    const { project: p, write } = await project()
    const data = Buffer.alloc(4 * 8_100_000)
    data.writeFloatLE(NaN, 4 * 8_000_000)
    const format = riffChunk('fmt ', formatBody({ tag: 3, bits: 32 }))
    const path = await write('late.wav', wavFile([format, riffChunk('data', data)]))
    const told: string[] = []
    const source = await findSource({ path }, p.paths, true)
    const asset = await adopt(p, source, { onUnreadable: (_, { message }) => told.push(message) })
    expect(asset.sha256).toBe('')
    expect(await until(() => told[0])).toMatch(/^late\.wav: /)
    expect(p.assets.list()).toEqual([])
    expect(await filesUnder(p.paths.folder)).toEqual(atRest)
  })
})

describe('findSource', () => {
  it('opens paths for trusted windows only', async () => {
    const { project: p, write } = await project()
    const path = await write('a.wav', wav16(noise(800, 1)))
    await expect(findSource({ path }, p.paths, false)).rejects.toMatchObject({ code: 'no-permission' })
  })

  it('refuses folders, missing files, devices and relative paths, by name', async () => {
    const { project: p, folder } = await project()
    const of = (path: string) => findSource({ path }, p.paths, true)
    await mkdir(join(folder, 'songs.wav'))
    await expect(of(join(folder, 'songs.wav'))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/folder/) as unknown,
    })
    await expect(of(join(folder, 'gone.wav'))).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/gone\.wav/) as unknown,
    })
    await expect(of('a.wav')).rejects.toMatchObject({ code: 'bad-input' })
    if (process.platform !== 'win32')
      await expect(of('/dev/zero')).rejects.toMatchObject({
        code: 'bad-input',
        message: expect.stringMatching(/device/) as unknown,
      })
  })

  it('refuses an unreadable file', async ({ skip }) => {
    skip(process.platform === 'win32' || process.getuid?.() === 0, 'every file is readable for this user')
    const { write, take } = await project()
    const path = await write('secret.wav', wav16(noise(800, 1)))
    spawnSync('chmod', ['000', path])
    await expect(take(path)).rejects.toMatchObject({
      code: 'no-permission',
      message: expect.stringMatching(/secret\.wav/) as unknown,
    })
  })

  it('does not follow an upload that is a link', async () => {
    const { project: p, write } = await project()
    const path = await write('a.wav', wav16(noise(800, 1)))
    await symlink(path, join(p.paths.incoming, 'u-link'))
    await expect(findSource({ upload: 'u-link', name: 'a.wav' }, p.paths, false)).rejects.toMatchObject({
      code: 'not-found',
    })
    await expect(findSource({ upload: 'u-none', name: 'a.wav' }, p.paths, false)).rejects.toMatchObject({
      code: 'not-found',
    })
  })
})

function fullDisk(): never {
  throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
}
