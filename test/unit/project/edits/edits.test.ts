import type { Asset, Edit } from '@contract'
import { readPeaks } from '@contract'
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { filesHandler } from '../../../../src-main/files/handler'
import { openAudio, resample } from '../../../../src-main/dsp'
import { NagareError } from '../../../../src-main/lib/errors'
import { adopt, contentFile, exportAsset, openProject, type Project } from '../../../../src-main/project'
import { tempFolder } from '../../../helpers/folder'
import { babble, int16Bytes, largestDifference, wav16 } from '../../../helpers/signals'

const rate = 16_000
const frames = 3 * rate
const half = 40

async function setup(options: Parameters<typeof openProject>[1] = {}) {
  const home = await tempFolder()
  const folder = join(home, 'p')
  let current: Project | undefined
  const open = async (more = options) => {
    await current?.close()
    current = await openProject(folder, more)
    return current
  }
  onTestFinished(async () => current?.close())
  await open()
  const add = async (name: string, sound: Float32Array) => {
    await writeFile(join(home, name), wav16(sound, rate))
    return adopt(current!, { file: join(home, name), name, move: false })
  }
  const get = filesHandler({ rendererDir: home, projectDir: folder, uploads: false })
  const fetch = (path: string, headers: Record<string, string> = {}) => get(new Request(`http://h${path}`, { headers }))
  return { home, folder, open, add, fetch, project: () => current! }
}

/** A sound as 16-bit files hold it. */
const stored = (x: Float32Array) => {
  const bytes = int16Bytes(x)
  return Float32Array.from(x, (_, i) => bytes.readInt16LE(2 * i) / 32768)
}
const voice = stored(babble(frames, rate, 1))

async function soundOf(path: string): Promise<Float32Array> {
  const reader = await openAudio(path)
  const [x] = (await reader.read(reader.info.frames))!
  await reader.close()
  return x!
}

/** The samples of a served WAV file of 32-bit floats. */
const floatsOf = async (response: Response, { audio }: Asset) => {
  const bytes = await response.arrayBuffer()
  return new Float32Array(bytes.slice(audio!.pcm.offset))
}

describe('the edits of a recording', () => {
  it('show at once in its record, its samples and its peaks, and leave the file as it came', async () => {
    const { add, project, fetch } = await setup()
    const asset = await add('talk.wav', voice)
    const { edits } = project()
    const cut = await edits.apply(asset.id, 'cut', { do: 'delete', from: 8000, to: 16_000 })
    expect(cut).toMatchObject({
      edit: { revision: 1, undo: 'cut', redo: null },
      audio: { frames: frames - 8000, sampleRate: rate, channels: 1, pcm: { encoding: 'f32' } },
    })
    expect(project().assets.get(asset.id)).toEqual(cut)
    const url = `/media/${asset.id}?v=${cut.edit!.version}`
    const whole = await fetch(url)
    expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'audio/wav'])
    expect(Number(whole.headers.get('content-length'))).toBe(cut.audio!.pcm.offset + 4 * (frames - 8000))
    const sound = await floatsOf(whole, cut)
    expect(largestDifference(sound.subarray(0, 8000 - half), voice.subarray(0, 8000 - half))).toBe(0)
    expect(largestDifference(sound.subarray(8000 + half), voice.subarray(16_000 + half))).toBe(0)

    const file = Buffer.from(await (await fetch(url)).arrayBuffer())
    for (const [first, last] of [
      [0, 0],
      [10, 200],
      [file.length - 5, file.length - 1],
      [31_999, 32_777],
    ] as const) {
      const part = await fetch(url, { range: `bytes=${first}-${last}` })
      expect(part.status).toBe(206)
      expect(Buffer.from(await part.arrayBuffer()).equals(file.subarray(first, last + 1))).toBe(true)
    }
    expect((await fetch(url, { range: `bytes=${file.length}-` })).status).toBe(416)
    expect((await fetch(url, { 'if-none-match': `"${cut.edit!.version}"` })).status).toBe(304)
    expect((await fetch(`/media/${asset.id}?v=0123456789abcdef`)).status).toBe(404)
    // Without a version it is the present one.
    expect(largestDifference(await floatsOf(await fetch(`/media/${asset.id}`), cut), sound)).toBe(0)

    const peaks = readPeaks(await (await fetch(`/media/${asset.id}/peaks?v=${cut.edit!.version}`)).arrayBuffer())
    expect(peaks).toMatchObject({ frames: frames - 8000, channels: 1, sampleRate: rate })

    expect(largestDifference(await soundOf(await contentFile(project(), asset.id)), sound)).toBe(0)
    const back = await edits.undo(asset.id)
    expect(back.edit).toMatchObject({ revision: 2, undo: null, redo: 'cut' })
    expect(largestDifference(await floatsOf(await fetch(`/media/${asset.id}`), back), voice)).toBe(0)
    expect((await edits.redo(asset.id)).edit).toMatchObject({ version: cut.edit!.version, undo: 'cut', redo: null })
    await expect(edits.redo(asset.id)).rejects.toMatchObject({ code: 'conflict' })
  })

  it('are kept with undo and redo through a restart, however many', async () => {
    const { add, project, open } = await setup()
    const asset = await add('talk.wav', voice)
    const versions: string[] = []
    for (let i = 0; i < 40; i++) {
      const { edit } = await project().edits.apply(asset.id, 'delete', {
        do: 'delete',
        from: 100 * i,
        to: 100 * i + 50,
      })
      versions.push(edit!.version)
    }
    await project().edits.undo(asset.id)
    const before = await project().edits.undo(asset.id)
    const again = await open()
    expect(again.assets.get(asset.id)).toEqual(before)
    expect((await again.edits.redo(asset.id)).edit!.version).toBe(versions[38])
    for (let i = 37; i >= 0; i--) expect((await again.edits.undo(asset.id)).edit!.version).toBe(versions[i])
    const first = await again.edits.undo(asset.id)
    expect(first).toMatchObject({ edit: { undo: null, redo: 'delete' }, audio: { frames } })
    expect(largestDifference(await soundOf(await contentFile(again, asset.id)), voice)).toBe(0)
    await expect(again.edits.undo(asset.id)).rejects.toMatchObject({ code: 'conflict' })
    // Few of the many versions lie on the disk.
    expect((await readdir(again.paths.asset(asset.id))).length).toBeLessThan(20)
    // A job that was queued at any step finds what it was queued for.
    expect((await again.edits.listOf(asset.id, 3)).segments).toHaveLength(3)
    await expect(again.edits.listOf(asset.id, 1000)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('that a crash tore off, or left without a record, are put right when the project opens', async () => {
    const { add, project, open } = await setup()
    const asset = await add('talk.wav', voice)
    const one = await project().edits.apply(asset.id, 'delete', { do: 'delete', from: 0, to: 500 })
    const record = join(project().paths.asset(asset.id), 'asset.json')
    const saved = await readFile(record)
    const two = await project().edits.apply(asset.id, 'delete', { do: 'delete', from: 0, to: 500 })
    // The record of the second edit never reached the disk, and a third was torn.
    await writeFile(record, saved)
    await rm(join(project().paths.asset(asset.id), `edit-${two.edit!.version}.json`))
    await appendFile(project().paths.history(asset.id), '{"at":"2026-01-01T00:00:00.000Z","type":"edi')
    const again = await open()
    expect(again.assets.get(asset.id)).toEqual(two)
    expect((await again.edits.undo(asset.id)).edit).toMatchObject({ revision: 3, version: one.edit!.version })
  })

  it('are read as far as they make sense, the rest is kept aside, and the record says so', async () => {
    const { add, project, open } = await setup()
    const asset = await add('talk.wav', voice)
    const lengths = [1, 2, 3]
    for (const length of lengths) await project().edits.apply(asset.id, 'delete', { do: 'delete', from: 0, to: length })
    const path = project().paths.history(asset.id)
    const lines = (await readFile(path, 'utf8')).split('\n')
    for (const [broken, steps] of [
      [lines.with(1, 'nonsense'), 1],
      [lines.with(2, JSON.stringify({ ...JSON.parse(lines[2]!), edit: { do: 'delete', from: 0, to: 1e9 } })), 2],
      [[], 0],
    ] as const) {
      await open()
      for (let have = project().assets.get(asset.id).edit!.revision; have < 3; have++)
        await project().edits.apply(asset.id, 'delete', { do: 'delete', from: 0, to: have + 1 })
      await project().close()
      await writeFile(path, broken.join('\n'))
      const again = await open()
      const shown = again.assets.get(asset.id)
      expect(shown).toMatchObject({
        edit: { revision: steps, damagedAfter: steps },
        audio: { frames: frames - [0, 1, 3][steps]! },
      })
      if (broken.length) expect(await readFile(`${path}.damaged`, 'utf8')).toBe(broken.join('\n'))
      // Whatever is done next is done to what could be read.
      const next = await again.edits.apply(asset.id, 'delete', { do: 'delete', from: 0, to: 7 })
      expect(next).toMatchObject({ edit: { revision: steps + 1 } })
      expect(next.edit).not.toHaveProperty('damagedAfter')
      await again.edits.undo(asset.id)
    }
  })

  it('leave all as it was when the disk is full', async () => {
    let isFull = false
    const full = () => Promise.reject(new NagareError('disk-full', 'The disk is full.'))
    const { add, project } = await setup({
      io: {
        copy: (from, to) => readFile(from).then((bytes) => writeFile(to, bytes)),
        write: (path, data) => (isFull ? full() : writeFile(path, data)),
        append: (path, line) => (isFull ? full() : appendFile(path, `${line}\n`)),
      },
    })
    const asset = await add('talk.wav', voice)
    const edit: Edit = { do: 'delete', from: 0, to: 500 }
    const before = await project().edits.apply(asset.id, 'delete', edit)
    isFull = true
    await expect(project().edits.apply(asset.id, 'delete', edit)).rejects.toMatchObject({ code: 'disk-full' })
    await expect(project().edits.undo(asset.id)).rejects.toMatchObject({ code: 'disk-full' })
    expect(project().assets.get(asset.id)).toEqual(before)
    isFull = false
    expect((await project().edits.undo(asset.id)).audio!.frames).toBe(frames)
  })

  it('count where only the record could not be saved, which is made anew when the project opens', async () => {
    const { add, project, open } = await setup()
    const asset = await add('talk.wav', voice)
    const { assets, edits, paths } = project()
    const put = assets.put
    assets.put = () => Promise.reject(new NagareError('disk-full', 'The disk is full.'))
    const shown = await edits.apply(asset.id, 'delete', { do: 'delete', from: 0, to: 500 })
    assets.put = put
    expect(assets.get(asset.id)).toEqual(shown)
    expect(JSON.parse(await readFile(join(paths.asset(asset.id), 'asset.json'), 'utf8'))).toEqual(asset)
    expect((await open()).assets.get(asset.id)).toEqual(shown)
  })

  it('go with their recording, also where it is removed by other hands', async () => {
    const { add, project, open } = await setup()
    const asset = await add('talk.wav', voice)
    await project().edits.apply(asset.id, 'delete', { do: 'delete', from: 0, to: 500 })
    await project().assets.remove(asset.id)
    await writeFile(join(project().paths.histories, 'a-lost.jsonl'), '')
    expect(await readdir((await open()).paths.histories)).toEqual([])
  })

  it('refuse what cannot be: positions beyond the end, what is no sound, what is not there', async () => {
    const { add, project } = await setup()
    const asset = await add('talk.wav', voice)
    const apply = (id: string, edit: Edit) => project().edits.apply(id, 'delete', edit)
    await expect(apply(asset.id, { do: 'delete', from: 0, to: frames + 1 })).rejects.toMatchObject({
      code: 'bad-input',
    })
    await expect(apply('a-none', { do: 'delete', from: 0, to: 1 })).rejects.toMatchObject({ code: 'not-found' })
    expect(project().assets.get(asset.id)).toEqual(asset)
    await expect(readFile(project().paths.history(asset.id))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('keep what they are made of: a recording that was pasted from is removed from sight, and from the disk with the last that needs it', async () => {
    const { add, project, open, fetch } = await setup()
    const asset = await add('talk.wav', voice)
    const other = await add('other.wav', voice.toReversed())
    const pasted = await project().edits.apply(asset.id, 'paste', {
      ...{ do: 'splice', from: 100, to: 100 },
      segments: [{ asset: other.id, from: 0, to: 1000 }],
    })
    await project().edits.undo(asset.id)
    await project().edits.remove(other.id)
    expect(project().assets.has(other.id)).toBe(false)
    const again = await open()
    expect(again.assets.list().map(({ id }) => id)).toEqual([asset.id])
    await again.edits.redo(asset.id)
    const sound = await floatsOf(await fetch(`/media/${asset.id}?v=${pasted.edit!.version}`), pasted)
    expect(largestDifference(sound.subarray(150, 1050), voice.toReversed().subarray(50, 950))).toBe(0)
    await again.edits.remove(asset.id)
    expect(await readdir(again.paths.assets)).toEqual([])
    expect(await readdir(again.paths.histories)).toEqual([])
  })

  it('are exported, whole or a stretch, in every format; 16 bits that were only moved stay as they were', async () => {
    const { add, project } = await setup()
    const asset = await add('talk.wav', voice)
    await project().edits.apply(asset.id, 'delete', { do: 'delete', from: 0, to: 8000 })
    const pathOf = ({ name }: { name: string }) => join(project().paths.exports, name)
    for (const format of ['wav-s16', 'wav-s24', 'wav-f32', 'flac-16', 'flac-24', 'as-is'] as const) {
      const path = pathOf(await exportAsset(project(), asset.id, format))
      expect(largestDifference(await soundOf(path), voice.subarray(8000))).toBe(0)
    }
    const part = await exportAsset(project(), asset.id, 'wav-s16', undefined, { from: 100, to: 1100 })
    expect(part.name).toBe('talk (selection).wav')
    expect(largestDifference(await soundOf(pathOf(part)), voice.subarray(8100, 9100))).toBe(0)
    await expect(
      exportAsset(project(), asset.id, 'wav-s16', undefined, { from: 100, to: frames }),
    ).rejects.toMatchObject({ code: 'bad-input' })
    expect((await readdir(project().paths.exports)).some((name) => name.endsWith('.part'))).toBe(false)

    const slower = await project().edits.apply(asset.id, 'resample', { do: 'resample', sampleRate: 44_100 })
    expect(slower.audio).toMatchObject({ sampleRate: 44_100, frames: Math.round((frames - 8000) * 2.75625) })
    const whole = resample(voice, rate, 44_100).subarray(22_050)
    expect(largestDifference(await soundOf(pathOf(await exportAsset(project(), asset.id, 'wav-f32'))), whole)).toBe(0)
  })

  it('of a recording that is a list of edits itself are not taken in', async () => {
    const { add, project, home } = await setup()
    const asset = await add('talk.wav', voice)
    await project().edits.apply(asset.id, 'delete', { do: 'delete', from: 0, to: 8000 })
    const file = join(home, 'x.wav')
    await mkdir(home, { recursive: true })
    await writeFile(file, await readFile(await contentFile(project(), asset.id)))
    await expect(adopt(project(), { file, name: 'x.wav', move: false })).rejects.toMatchObject({
      code: 'bad-input',
      message: 'x.wav: expected a recording, found a list of edits.',
    })
  })
})
