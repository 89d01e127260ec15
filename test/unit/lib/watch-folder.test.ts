import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { watchFolder } from '../../../src-main/lib/watch-folder'
import { escaped } from '../../../src-main/tasks/inspect/report/escaped'
import { tempFolder } from '../../helpers/folder'

describe('watchFolder', () => {
  it('gives each file once it has stopped growing, and again when it is written anew', async () => {
    const folder = await tempFolder()
    const at = (name: string) => join(folder, name)
    await writeFile(at('there.png'), 'whole')
    await writeFile(at('growing.png'), 'a')
    await writeFile(at('half.png.part'), 'a')
    await writeFile(at('empty.png'), '')
    await mkdir(at('inner.png'))
    const seen: string[] = []
    let turns = 0
    const grow = setInterval(() => {
      turns++
      if (turns < 6) void appendFile(at('growing.png'), 'a')
      if (turns === 12) void appendFile(at('there.png'), ' again')
    }, 40)
    try {
      const signal = AbortSignal.timeout(20_000)
      for await (const names of watchFolder(folder, { signal, idleSeconds: 1.5, every: 100 })) seen.push(...names)
      expect(signal.aborted).toBe(false)
    } finally {
      clearInterval(grow)
    }
    expect(seen.filter((name) => name === at('there.png'))).toHaveLength(2)
    expect(seen.at(0)).toBe(at('there.png'))
    expect(seen.filter((name) => name !== at('there.png'))).toEqual([at('growing.png')])
  })

  it('ends when it is told to, and says where there is no folder', async () => {
    const stopped = new AbortController()
    stopped.abort()
    const folder = await tempFolder()
    expect((await watchFolder(folder, { signal: stopped.signal }).next()).done).toBe(true)
    const none = watchFolder(join(folder, 'none'), { signal: new AbortController().signal })
    await expect(none.next()).rejects.toMatchObject({ code: 'not-found' })
  })
})

it('names stand for themselves in a report', () => {
  expect(escaped(`<img src=x onerror="a()">&'`)).toBe('&lt;img src=x onerror=&quot;a()&quot;&gt;&amp;&#39;')
  expect(escaped('a\u202egnp.exe\u0000')).toBe('a\ufffdgnp.exe\ufffd')
})
