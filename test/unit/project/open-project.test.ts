import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openAudio } from '../../../src-main/dsp'
import { takeLock } from '../../../src-main/project/lock'
import { adopt, exportAsset, openProject, safeFileName, uniqueName } from '../../../src-main/project'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { tone, wav16 } from '../../helpers/signals'

async function withAsset() {
  const folder = await tempFolder()
  const project = await openProject(join(folder, 'p'))
  const file = join(folder, 'tone.wav')
  await writeFile(file, wav16(tone(440, 16000, 16000)))
  const asset = await adopt(project, { file, name: 'tone.wav', move: false })
  return { folder, project, file, asset }
}

describe('openProject', () => {
  it('makes a project in a new folder and finds it again with its assets', async () => {
    const { project, asset } = await withAsset()
    await project.close()
    const again = await openProject(project.paths.folder)
    expect(again.manifest).toEqual(project.manifest)
    expect(again.manifest).toMatchObject({ version: 1, name: 'p' })
    expect(again.assets.list()).toEqual([asset])
    await again.close()
    expect(await filesUnder(project.paths.folder)).not.toContain('lock')
  })

  it('refuses a project that is open, and takes over the lock of a dead process', async () => {
    const folder = await tempFolder()
    const first = await openProject(folder)
    await expect(openProject(folder)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/open in another/) as unknown,
    })
    await first.close()
    const dead = spawnSync(process.execPath, ['-e', '']).pid
    await writeFile(first.paths.lock, JSON.stringify({ pid: dead, started: '1' }))
    await (await openProject(folder)).close()
    await writeFile(first.paths.lock, JSON.stringify({ pid: process.pid, started: 'another life of this number' }))
    if (process.platform === 'linux') await (await openProject(folder)).close()
    await rm(first.paths.lock, { force: true })
    await writeFile(first.paths.lock, 'torn')
    await (await openProject(folder)).close()
  })

  it('takes over the lock of a process from before the machine started, where start times are not told', async () => {
    const path = join(await tempFolder(), 'lock')
    await writeFile(path, JSON.stringify({ pid: process.pid, started: null }))
    await expect(takeLock(path)).rejects.toMatchObject({ code: 'conflict' })
    await utimes(path, 0, 0)
    await (await takeLock(path)).release()
  })

  it.each(['free', 'stale'])('lets one of many take a lock that is %s, and leaves nothing beside it', async (state) => {
    const folder = await tempFolder()
    const path = join(folder, 'lock')
    for (let round = 0; round < 20; round++) {
      if (state === 'stale') await writeFile(path, JSON.stringify({ pid: 2 ** 30, started: '1' }))
      const taken = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(path)))
      const locks = taken.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      expect(locks).toHaveLength(1)
      expect(await readdir(folder)).toEqual(['lock'])
      await locks[0]!.release()
    }
    expect(await readdir(folder)).toEqual([])
  })

  it('refuses a folder full of other things and leaves it as it is', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, 'thesis.txt'), 'x')
    await expect(openProject(folder)).rejects.toMatchObject({ code: 'conflict' })
    expect(await filesUnder(folder)).toEqual(['thesis.txt'])
  })

  it.each([
    ['broken', '{"version":', 'corrupt'],
    ['of a newer Nagare', '{"version":2,"name":"p","createdAt":"2027-01-01T00:00:00.000Z"}', 'unsupported'],
  ])('refuses a manifest that is %s, and frees the lock', async (_, text, code) => {
    const folder = await tempFolder()
    await writeFile(join(folder, 'project.json'), text)
    await expect(openProject(folder)).rejects.toMatchObject({ code })
    expect(await filesUnder(folder)).toEqual(['project.json'])
  })

  it('wipes unfinished work, old exports and old uploads, and nothing else', async () => {
    const { project, asset } = await withAsset()
    const { paths } = project
    await mkdir(paths.workOf('j-1'))
    await writeFile(join(paths.workOf('j-1'), '.clean.wav.part'), 'half')
    await writeFile(join(paths.exports, 'old.wav'), 'x')
    await writeFile(join(paths.folder, '.project.json.0123abcd.part'), 'half')
    await writeFile(join(paths.asset(asset.id), '.asset.json.0123abcd.part'), 'half')
    await writeFile(join(paths.incoming, 'u-new'), 'x')
    await writeFile(join(paths.incoming, 'u-old'), 'x')
    await writeFile(join(paths.incoming, 'u-torn.part'), 'x')
    await utimes(join(paths.incoming, 'u-old'), 0, 0)
    await project.close()
    const again = await openProject(paths.folder)
    const own = ['asset.json', 'peaks.bin', 'source.wav'].map((name) => `assets/${asset.id}/${name}`)
    expect(await filesUnder(paths.folder)).toEqual([...own, 'incoming/u-new', 'lock', 'project.json'])
    await again.close()
  })

  it('leaves a broken record alone and opens the rest', async () => {
    const { project, asset } = await withAsset()
    await mkdir(project.paths.asset('a-broken'))
    await writeFile(join(project.paths.asset('a-broken'), 'asset.json'), '{}')
    await project.close()
    const again = await openProject(project.paths.folder)
    expect(again.assets.list().map(({ id }) => id)).toEqual([asset.id])
    expect(await filesUnder(project.paths.asset('a-broken'))).toEqual(['asset.json'])
    await again.close()
  })

  it('does not work through a link that leads out of the project', async () => {
    const folder = await tempFolder()
    const [inside, outside] = [join(folder, 'p'), join(folder, 'elsewhere')]
    await (await openProject(inside)).close()
    await mkdir(outside)
    await writeFile(join(outside, 'precious.txt'), 'x')
    await rm(join(inside, 'work'), { recursive: true })
    await symlink(outside, join(inside, 'work'))
    await expect(openProject(inside)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/link/) as unknown,
    })
    expect(await filesUnder(outside)).toEqual(['precious.txt'])
  })
})

describe('an asset', () => {
  it('is renamed to a free name and told to listeners', async () => {
    const { project, asset, file } = await withAsset()
    const second = await adopt(project, { file, name: 'other.wav', move: false })
    const told: string[] = []
    project.assets.subscribe({ changed: ({ name }) => told.push(name), removed: (id) => told.push(id) })
    await project.assets.rename(second.id, 'tone.wav')
    expect(project.assets.get(second.id).name).toBe('tone 2.wav')
    await project.assets.remove(asset.id)
    expect(told).toEqual(['tone 2.wav', asset.id])
    expect(project.assets.list().map(({ id }) => id)).toEqual([second.id])
    expect((await filesUnder(project.paths.folder)).filter((name) => name.includes(asset.id))).toEqual([])
    await project.close()
  })

  it('is only found by its id: no path reaches out', async () => {
    const { project, folder } = await withAsset()
    await mkdir(join(folder, 'victim'))
    await writeFile(join(folder, 'victim', 'asset.json'), '{}')
    for (const id of ['../../victim', '..', '.', '', '/etc'])
      await expect(project.assets.remove(id)).rejects.toMatchObject({ code: 'not-found' })
    expect(await filesUnder(join(folder, 'victim'))).toEqual(['asset.json'])
    await project.close()
  })

  it('that was replaced by a link is cut, and what the link leads to stays', async () => {
    const { project, asset, folder } = await withAsset()
    const outside = join(folder, 'elsewhere')
    await mkdir(outside)
    await writeFile(join(outside, 'precious.txt'), 'x')
    await rm(project.paths.asset(asset.id), { recursive: true })
    await symlink(outside, project.paths.asset(asset.id))
    await project.assets.remove(asset.id)
    expect(await filesUnder(outside)).toEqual(['precious.txt'])
    expect(project.assets.list()).toEqual([])
    await project.close()
  })
})

describe('exportAsset', () => {
  it.each(['wav-s16', 'wav-s24', 'wav-f32', 'flac-16', 'flac-24'] as const)('writes %s', async (format) => {
    const { project, asset } = await withAsset()
    const exported = await exportAsset(project, asset.id, format)
    const extension = format.startsWith('flac') ? 'flac' : 'wav'
    expect(exported).toMatchObject({ name: `tone.${extension}`, url: `/exports/tone.${extension}` })
    const path = join(project.paths.exports, exported.name)
    expect((await readFile(path)).length).toBe(exported.bytes)
    const reader = await openAudio(path)
    const [found] = (await reader.read(16000))!
    expect(reader.info).toMatchObject({ sampleRate: 16000, channels: 1, frames: 16000 })
    await reader.close()
    const expected = tone(440, 16000, 16000).map((x) => Math.round(x * 32768) / 32768)
    expect(Math.max(...found!.map((x, i) => Math.abs(x - expected[i]!)))).toBeLessThan(1e-6)
    await project.close()
  })

  it('gives two assets two files, and one asset the same file again', async () => {
    const { project, asset, file } = await withAsset()
    const other = await adopt(project, { file, name: 'tone.aiff', move: false })
    const names = []
    for (const id of [asset.id, other.id, asset.id]) names.push((await exportAsset(project, id, 'wav-s16')).name)
    expect(names).toEqual(['tone.wav', 'tone 2.wav', 'tone.wav'])
    await project.assets.rename(asset.id, 'voice.wav')
    expect((await exportAsset(project, asset.id, 'wav-s16')).name).toBe('voice.wav')
    await project.close()
  })

  it('leaves nothing when it is cancelled or the asset is unknown', async () => {
    const { project, asset } = await withAsset()
    await expect(exportAsset(project, asset.id, 'wav-s16', AbortSignal.abort())).rejects.toMatchObject({
      code: 'cancelled',
    })
    await expect(exportAsset(project, 'a-none', 'wav-s16')).rejects.toMatchObject({ code: 'not-found' })
    expect(await filesUnder(project.paths.exports)).toEqual([])
    await project.close()
  })
})

describe('names', () => {
  it('are safe on every system', () => {
    expect(safeFileName('../../etc/passwd')).toBe('__.._etc_passwd')
    expect(safeFileName('a\u0000b\u202e<c>.wav')).toBe('a_b__c_.wav')
    expect(safeFileName('CON.wav')).toBe('_CON.wav')
    expect(safeFileName('nul.tar .gz')).toBe('_nul.tar .gz')
    expect(safeFileName('console.wav')).toBe('console.wav')
    expect(safeFileName('...')).toBe('_')
    expect(encodeURIComponent(safeFileName('\ud800x.wav'))).toBe('_x.wav')
    const long = safeFileName('流'.repeat(300) + '.wav')
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(200)
    expect(long).toMatch(/^流+\.wav$/)
    expect(safeFileName('x'.repeat(400) + '.flac')).toHaveLength(200)
    expect(safeFileName('声 (clean).wav')).toBe('声 (clean).wav')
  })

  it('are numbered before the extension', () => {
    expect(uniqueName('a.wav', [])).toBe('a.wav')
    expect(uniqueName('a.wav', ['A.WAV', 'a 2.wav'])).toBe('a 3.wav')
  })
})
