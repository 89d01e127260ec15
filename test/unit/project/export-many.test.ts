import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import yauzl from 'yauzl'
import type { Origin } from '@contract'
import { openAudio, readTags } from '../../../src-main/dsp'
import { adopt, exportAsset, exportMany, exportNames, openProject } from '../../../src-main/project'
import { filesUnder, tempFolder } from '../../helpers/folder'
import { formatBody, int16Bytes, riffChunk, tone, wavFile } from '../../helpers/signals'

const tagged = wavFile([
  riffChunk('fmt ', formatBody()),
  riffChunk('data', int16Bytes(tone(440, 4000, 16_000))),
  riffChunk('LIST', Buffer.concat([Buffer.from('INFO'), riffChunk('INAM', Buffer.from('Im Walde\0'))])),
])

async function setup() {
  const home = await tempFolder()
  const project = await openProject(join(home, 'project'))
  onTestFinished(() => project.close())
  const file = join(home, 'talk.wav')
  await writeFile(file, tagged)
  const source = await adopt(project, { file, name: 'talk.wav', move: false })
  const origin: Origin = {
    ...{ job: 'j-1', task: 'enhance', role: 'clean', source: source.id, settings: {}, seed: 1, device: 'cpu' },
    ...{ pack: { id: 'p', name: 'Speech / enhancer', sha256: '' }, fallback: null, seconds: 1 },
  }
  const plain = join(home, 'plain.wav')
  await writeFile(
    plain,
    wavFile([riffChunk('fmt ', formatBody()), riffChunk('data', int16Bytes(tone(220, 4000, 16_000)))]),
  )
  const made = (name: string) => adopt(project, { file: plain, name, move: false }, { origin })
  return { home, project, source, results: [await made('one.wav'), await made('two.wav')] }
}

/** Names and bytes of the files in a zip. */
async function unzipped(path: string): Promise<Map<string, Buffer>> {
  const zip = await yauzl.openPromise(path)
  const files = new Map<string, Buffer>()
  for await (const entry of zip.eachEntry()) {
    const parts: Buffer[] = []
    for await (const part of await zip.openReadStreamPromise(entry)) parts.push(part as Buffer)
    files.set(entry.fileName, Buffer.concat(parts))
  }
  return files
}

describe('exportMany', () => {
  it.each(['wav-s24', 'flac-16'] as const)(
    'writes %s files, named by the pattern, with the tags of their source',
    async (format) => {
      const { home, project, source, results } = await setup()
      const told: number[] = []
      const exported = await exportMany(project, [source.id, ...results.map(({ id }) => id)], {
        ...{ format, pattern: '{n} {name} ({task}, {model})', onProgress: (done: number) => told.push(done) },
      })
      expect(told).toEqual([1, 2, 3])
      const files = await unzipped(join(project.paths.exports, exported.name))
      const ending = format === 'flac-16' ? 'flac' : 'wav'
      expect([...files.keys()]).toEqual([
        `1 talk (original).${ending}`,
        `2 talk (enhance, Speech _ enhancer).${ending}`,
        `3 talk (enhance, Speech _ enhancer).${ending}`,
      ])
      for (const [name, bytes] of files) {
        const path = join(home, name)
        await writeFile(path, bytes)
        expect(await readTags(path)).toEqual({ title: 'Im Walde' })
        const reader = await openAudio(path)
        expect(reader.info.frames).toBe(4000)
        await reader.close()
      }
      expect(await filesUnder(project.paths.work)).toEqual([])
    },
  )

  it('leaves nothing when it is stopped, or asked for what is not there or means nothing', async () => {
    const { project, source } = await setup()
    const ask = (ids: string[], more: Partial<Parameters<typeof exportMany>[2]> = {}) =>
      exportMany(project, ids, { format: 'wav-s16', pattern: '{name}', ...more })
    await expect(ask([source.id], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
    await expect(ask(['a-none'])).rejects.toMatchObject({ code: 'not-found' })
    await expect(ask([source.id], { pattern: '{nmae}' })).rejects.toMatchObject({ code: 'bad-input' })
    expect(await filesUnder(project.paths.exports)).toEqual([])
    expect(await filesUnder(project.paths.work)).toEqual([])
  })

  it('keeps the tags of one result too', async () => {
    const { project, results } = await setup()
    const { name } = await exportAsset(project, results[0]!.id, 'wav-f32')
    expect(await readTags(join(project.paths.exports, name))).toEqual({ title: 'Im Walde' })
  })
})

describe('exportNames', () => {
  const facts = { name: 'a.b.wav', task: 'enhance', model: 'M', date: '2026-11-29' }

  it('counts with as many digits as the last, and gives no name twice', () => {
    expect(
      exportNames(
        '{name} {n}',
        Array.from({ length: 10 }, () => facts),
        '.wav',
      ).at(0),
    ).toBe('a.b 01.wav')
    expect(exportNames('{date} {task}', [facts, facts], '.flac')).toEqual([
      '2026-11-29 enhance.flac',
      '2026-11-29 enhance 2.flac',
    ])
  })

  it('never leaves its folder, and is never empty', () => {
    expect(exportNames('../../{name}/{task}', [{ ...facts, name: '/etc/passwd' }], '.wav')).toEqual([
      '__.._passwd_enhance.wav',
    ])
    expect(exportNames('{model}', [{ ...facts, model: '' }], '.wav')).toEqual(['a.b.wav'])
  })
})
