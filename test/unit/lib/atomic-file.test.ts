import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { partPath, sweepParts, writeAside, writeFileAtomic } from '../../../src-main/lib/atomic-file'
import { asNagareError } from '../../../src-main/lib/errors'
import { tempFolder } from '../../helpers/folder'

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

describe('writing aside', () => {
  it('replaces a file in one step and makes folders on the way', async () => {
    const path = join(folder, 'a', 'b.txt')
    await writeFileAtomic(path, 'one')
    await writeFileAtomic(path, 'two')
    expect(await readFile(path, 'utf8')).toBe('two')
    expect(await readdir(join(folder, 'a'))).toEqual(['b.txt'])
  })

  it('leaves the old file and no part when writing fails', async () => {
    const path = join(folder, 'kept.txt')
    await writeFile(path, 'old')
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
    const failing = writeAside(path, async (part) => {
      await writeFile(part, 'half')
      throw full
    })
    await expect(failing).rejects.toMatchObject({
      code: 'disk-full',
      file: path,
      message: expect.stringContaining('disk is full') as unknown,
    })
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['kept.txt'])
  })

  it('says that a folder stands where a file should', async () => {
    await mkdir(join(folder, 'taken', 'inside'), { recursive: true })
    await expect(writeFileAtomic(join(folder, 'taken'), 'x')).rejects.toMatchObject({ file: join(folder, 'taken') })
    expect(await readdir(folder)).toEqual(['taken'])
  })
})

describe('system errors', () => {
  it.each([
    ['ENOENT', 'not-found'],
    ['EACCES', 'no-permission'],
    ['EISDIR', 'bad-input'],
    ['ENOSPC', 'disk-full'],
    ['EROFS', 'no-permission'],
  ])('%s becomes %s and names the file', (code, kind) => {
    const error = asNagareError(Object.assign(new Error(code), { code }), 'take.wav')
    expect(error).toMatchObject({ code: kind, file: 'take.wav' })
    expect(error.message).toContain('take.wav')
    expect(error.hint).toBeTruthy()
  })
})

describe('sweepParts', () => {
  it('removes what was left unfinished long enough ago, and nothing else', async () => {
    const [old, young] = [partPath(join(folder, 'a.json')), partPath(join(folder, 'a.json'))]
    for (const file of [old, young, join(folder, '.mine.part')]) await writeFile(file, 'half')
    await utimes(old, 0, 0)
    await sweepParts(folder, 60_000)
    expect((await readdir(folder)).sort()).toEqual(['.mine.part', basename(young)].sort())
    await sweepParts(folder)
    expect(await readdir(folder)).toEqual(['.mine.part'])
    await sweepParts(join(folder, 'missing'))
  })
})
