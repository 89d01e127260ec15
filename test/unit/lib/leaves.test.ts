import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { NagareError } from '../../../src-main/lib/errors'
import { newId } from '../../../src-main/lib/id'
import { openLog } from '../../../src-main/lib/log'
import { appVersion } from '../../../src-main/lib/version'
import { Id } from '@contract'
import { tempFolder } from '../../helpers/folder'

const lines = async (file: string) =>
  (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('openLog', () => {
  it('writes one JSON object per line and names no home folder', async () => {
    const file = join(await tempFolder(), 'logs', 'engine.jsonl')
    const log = openLog(file, { home: '/home/mia' })
    log.info('opened', { folder: '/home/mia/songs', pid: 3 })
    log.error('broke', { error: new NagareError('corrupt', '/home/mia/a.wav: bad', { file: '/home/mia/a.wav' }) })
    expect(await lines(file)).toMatchObject([
      { level: 'info', event: 'opened', folder: '~/songs', pid: 3, at: expect.any(String) },
      { level: 'error', event: 'broke', error: { code: 'corrupt', message: '~/a.wav: bad', file: '~/a.wav' } },
    ])
    expect(await readFile(file, 'utf8')).not.toContain('mia/')
  })

  it('keeps the newest few files', async () => {
    const folder = await tempFolder()
    const file = join(folder, 'engine.jsonl')
    const log = openLog(file, { maxBytes: 200, keep: 2 })
    for (let i = 0; i < 40; i++) log.warn('count', { i })
    expect((await readdir(folder)).sort()).toEqual(['engine.jsonl', 'engine.jsonl.1', 'engine.jsonl.2'])
    expect((await lines(file)).at(-1)).toMatchObject({ i: 39 })
    const [oldest] = await lines(`${file}.2`)
    expect(oldest!['i']).toBeGreaterThan(0)
  })

  it('costs no work when it cannot write', async () => {
    const folder = await tempFolder()
    await mkdir(join(folder, 'engine.jsonl'))
    expect(() => openLog(join(folder, 'engine.jsonl')).info('x')).not.toThrow()
  })
})

describe('newId', () => {
  it('is an id of the contract, and another each time', () => {
    const ids = Array.from({ length: 500 }, () => newId('a'))
    expect(ids.every((id) => Id.safeParse(id).success && /^a-[0-9a-z]{8}$/.test(id))).toBe(true)
    expect(new Set(ids).size).toBe(500)
  })
})

describe('appVersion', () => {
  it('is that of the package, found from anywhere inside it, and of no other package', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
    expect(appVersion()).toBe(version)
    expect(appVersion(join(process.cwd(), 'node_modules', 'zod'))).toBe(version)
    expect(appVersion(await tempFolder())).toBe('0.0.0')
  })
})
