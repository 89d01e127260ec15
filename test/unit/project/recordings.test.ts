import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { openAudio, wavHeader } from '../../../src-main/dsp'
import { filesHandler } from '../../../src-main/files/handler'
import { random } from '../../../src-main/lib/random'
import {
  beginRecording,
  discardRecording,
  finishRecording,
  openProject,
  openRecordings,
  type Project,
  type ProjectOptions,
} from '../../../src-main/project'
import { NagareError } from '../../../src-main/lib/errors'
import { playableSamples } from '../../../src-main/project/measure'
import { chunkSink } from '../../../src-renderer/record/chunk-sink'
import { bundle } from '../../helpers/bundle'
import { tempFolder } from '../../helpers/folder'

/** A folder that cannot be removed, as on a system where another program reads in it. */
const disk = vi.hoisted(() => ({ keeps: '' }))
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  const rm: typeof real.rm = async (path, options) => {
    if (path === disk.keeps) throw Object.assign(new Error('busy'), { code: 'EBUSY' })
    return real.rm(path, options)
  }
  return { ...real, rm }
})

const given = { name: 'Take.wav', device: 'Test microphone', sampleRate: 8000, channels: 1 }

async function open(folder: string, options: ProjectOptions = {}): Promise<Project> {
  const project = await openProject(folder, options)
  onTestFinished(() => project.close())
  return project
}

const soundOf = (project: Project, id: string) => join(project.paths.recordings, id, 'sound.wav')

async function add(project: Project, id: string, samples: Float32Array | Uint8Array) {
  await writeFile(soundOf(project, id), Buffer.from(samples.buffer as ArrayBuffer), { flag: 'a' })
}

async function samplesOf(file: string) {
  const reader = await openAudio(file)
  const block = await reader.read(reader.info.frames)
  await reader.close()
  return { info: reader.info, channels: block! }
}

/** Numbers that tell their own place, exact in 32 bits. */
const ramp = (frames: number, from = 0) => Float32Array.from({ length: frames }, (_, i) => (from + i) / 2 ** 20)

describe('a recording', () => {
  it('becomes a WAV asset that says how it was made', async () => {
    const project = await open(await tempFolder())
    const { id } = await beginRecording(project, { ...given, channels: 2 })
    const sound = ramp(1000)
    await add(project, id, sound)
    const asset = await finishRecording(project, id, { recovered: false })
    expect(asset).toMatchObject({
      name: 'Take.wav',
      kind: 'audio',
      audio: { sampleRate: 8000, channels: 2, frames: 500, container: 'wav', encoding: 'f32' },
      recorded: { id, device: 'Test microphone', recoveredAt: null },
    })
    const { channels } = await samplesOf(join(project.paths.asset(asset!.id), 'source.wav'))
    expect(channels[0]![7]).toBe(sound[14])
    expect(channels[1]![7]).toBe(sound[15])
    expect(await readdir(project.paths.recordings)).toEqual([])
    expect(await readdir(project.paths.work)).toEqual([])
  })

  it('loses a frame that was written in part, and no other', async () => {
    const project = await open(await tempFolder())
    const { id } = await beginRecording(project, { ...given, channels: 2 })
    await add(project, id, ramp(10))
    await add(project, id, new Uint8Array(7))
    expect(await finishRecording(project, id, { recovered: true })).toMatchObject({ audio: { frames: 5 } })
  })

  it('without a sample is dropped', async () => {
    const project = await open(await tempFolder())
    const { id } = await beginRecording(project, given)
    expect(await finishRecording(project, id, { recovered: true })).toBeUndefined()
    expect(await readdir(project.paths.recordings)).toEqual([])
    await expect(finishRecording(project, id, { recovered: true })).rejects.toMatchObject({ code: 'not-found' })
  })

  it('is kept when it cannot be taken in, and can be finished later', async () => {
    const folder = await tempFolder()
    let isFull = true
    const project = await open(folder, {
      io: {
        copy: async () => {},
        async write(path, data) {
          if (isFull) throw new NagareError('disk-full', 'The disk is full.')
          await writeFile(path, data)
        },
      },
    })
    const { id } = await beginRecording(project, given)
    await add(project, id, ramp(100))
    await expect(finishRecording(project, id, { recovered: false })).rejects.toMatchObject({ code: 'disk-full' })
    expect(await openRecordings(project)).toMatchObject([{ head: { id } }])
    isFull = false
    expect(await finishRecording(project, id, { recovered: false })).toMatchObject({ audio: { frames: 100 } })
  })

  it('does not become two assets when the end of finishing was missed', async () => {
    const folder = await tempFolder()
    const project = await open(folder)
    const head = await beginRecording(project, given)
    await add(project, head.id, ramp(100))
    const asset = await finishRecording(project, head.id, { recovered: false })
    await mkdir(join(project.paths.recordings, head.id))
    await writeFile(join(project.paths.recordings, head.id, 'recording.json'), JSON.stringify(head))
    expect((await finishRecording(project, head.id, { recovered: true }))!.id).toBe(asset!.id)
    expect(project.assets.list()).toHaveLength(1)
    expect(await readdir(project.paths.recordings)).toEqual([])
  })

  it('is an asset though its folder cannot be removed, which is done later', async () => {
    const project = await open(await tempFolder())
    const { id } = await beginRecording(project, given)
    await add(project, id, ramp(100))
    disk.keeps = join(project.paths.recordings, id)
    const asset = await finishRecording(project, id, { recovered: false })
    expect(asset).toMatchObject({ audio: { frames: 100 } })
    expect(await openRecordings(project)).toMatchObject([{ head: { id } }])
    disk.keeps = ''
    expect((await finishRecording(project, id, { recovered: true }))!.id).toBe(asset!.id)
    expect(await readdir(project.paths.recordings)).toEqual([])
  })

  it('takes no more samples from the moment it is completed, and whoever sends them learns that', async () => {
    const folder = await tempFolder()
    const late: unknown[] = []
    const project = await open(folder, {
      io: {
        copy: async () => {},
        async write(path, data) {
          late.push(await send(400))
          await writeFile(path, data)
        },
      },
    })
    const handle = filesHandler({ rendererDir: folder, projectDir: folder, uploads: false })
    const { id } = await beginRecording(project, given)
    const send = async (at: number) => {
      const body = new Uint8Array(ramp(50, at / 4).buffer)
      const request = new Request(`http://127.0.0.1:1/recordings/${id}?at=${at}`, { method: 'POST', body })
      const response = await handle(request)
      return { status: response.status, ...((await response.json()) as object) }
    }
    await add(project, id, ramp(50))
    expect(await send(200)).toEqual({ status: 200, have: 400 })
    const asset = await finishRecording(project, id, { recovered: false })
    expect(late).toMatchObject([{ status: 404, error: { code: 'not-found' } }])
    const { info } = await samplesOf(join(project.paths.asset(asset!.id), 'source.wav'))
    expect(info.frames).toBe(100)
    expect(await send(400)).toMatchObject({ status: 404, error: { code: 'not-found' } })
  })

  it('of more than 4 GiB is played as it is', async () => {
    const file = join(await tempFolder(), 'long.wav')
    const header = wavHeader({ sampleRate: 8000, channels: 1, format: 'f32' }, 2 ** 31)
    expect(Buffer.from(header).toString('latin1', 0, 4)).toBe('RF64')
    await writeFile(file, Buffer.concat([header, Buffer.from(ramp(100).buffer)]))
    expect(await playableSamples(file)).toEqual({ offset: header.length, encoding: 'f32' })
  })

  it.each(['the samples', 'the folder'])('is left alone where a link leads to %s', async (what) => {
    const projectDir = await tempFolder()
    const project = await open(projectDir)
    const { id } = await beginRecording(project, given)
    const folder = join(project.paths.recordings, id)
    const outside = join(await tempFolder(), 'elsewhere')
    const from = what === 'the folder' ? folder : soundOf(project, id)
    await add(project, id, ramp(100))
    await rename(from, outside)
    await symlink(outside, from)
    const read = () => readFile(what === 'the folder' ? join(outside, 'sound.wav') : outside)
    const before = await read()
    expect(await openRecordings(project)).toEqual([])
    await expect(finishRecording(project, id, { recovered: true })).rejects.toMatchObject({ code: 'corrupt' })
    const handle = filesHandler({ rendererDir: '/', projectDir, uploads: false })
    const request = new Request(`http://127.0.0.1:1/recordings/${id}?at=400`, { method: 'POST', body: ramp(10) })
    expect((await handle(request)).ok).toBe(false)
    expect(await read()).toEqual(before)
  })

  it('can be discarded, and a folder that is none is left alone', async () => {
    const project = await open(await tempFolder())
    const { id } = await beginRecording(project, given)
    await mkdir(join(project.paths.recordings, 'notes'))
    expect(await openRecordings(project)).toHaveLength(1)
    await discardRecording(project, id)
    expect(await readdir(project.paths.recordings)).toEqual(['notes'])
  })
})

describe('a host that is killed while it records', () => {
  let built: string
  beforeAll(async () => {
    const { folder, remove } = await bundle({ host: 'test/helpers/recording-host.ts' })
    built = join(folder, 'host.mjs')
    return remove
  }, 60_000)

  /** Records for so many milliseconds before the host is killed; answers how many seconds of that are not in the asset. */
  async function lostWhenKilled(after: number): Promise<number> {
    const rate = 48_000
    const folder = join(await tempFolder(), 'project')
    const first = await openProject(folder)
    const { id } = await beginRecording(first, { ...given, sampleRate: rate })
    const child = spawn(process.execPath, [built, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
    const sink = chunkSink({
      refused: String,
      ...{ url: `http://127.0.0.1:${line.trim()}/recordings/${id}`, sampleRate: rate, channels: 1 },
      onDelay: () => {},
      onFail: (error) => {
        throw error
      },
    })
    // As a microphone does: 20 ms at a time, by the clock.
    const start = performance.now()
    let spoken = 0
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - start) / 1000) * rate)
      for (; spoken + 960 <= due; spoken += 960) sink.push(ramp(960, spoken))
    }, 5)
    await new Promise((resolve) => setTimeout(resolve, after))
    child.kill('SIGKILL')
    await exited
    clearInterval(timer)
    sink.takeRest()
    await first.close()

    const again = await openProject(folder)
    const [left] = await openRecordings(again)
    const asset = await finishRecording(again, left!.head.id, { recovered: true })
    const frames = asset?.audio?.frames ?? 0
    expect(frames).toBeGreaterThan(0)
    expect(asset!.recorded?.recoveredAt).not.toBeNull()
    const { channels } = await samplesOf(join(again.paths.asset(asset!.id), 'source.wav'))
    expect(channels[0]!.every((value, i) => value === i / 2 ** 20)).toBe(true)
    await again.close()
    return (spoken - frames) / rate
  }

  const runs = 8
  it(`loses at most a second, at ${runs} random moments`, { timeout: 120_000 }, async () => {
    const draw = random(11)
    const moments = Array.from({ length: runs }, () => 1500 + 1500 * draw.uniform())
    const losses: number[] = []
    // Most of the time of each goes by the clock: four side by side.
    for (let at = 0; at < runs; at += 4)
      losses.push(...(await Promise.all(moments.slice(at, at + 4).map(lostWhenKilled))))
    expect(losses).toHaveLength(runs)
    expect(Math.max(...losses)).toBeLessThanOrEqual(1)
    if (process.env['SHOW']) console.log('lost seconds', losses.map((x) => x.toFixed(2)).join(' '))
  })

  it('leaves a file that is sound by itself but for its header', async () => {
    const project = await open(await tempFolder())
    const { id } = await beginRecording(project, given)
    await add(project, id, ramp(400))
    const { info } = await samplesOf(soundOf(project, id))
    expect(info).toMatchObject({ frames: 400, encoding: 'f32' })
    expect((await readFile(soundOf(project, id))).subarray(0, 4).toString()).toBe('RIFF')
  })
})
