import type { EngineEvent } from '@contract'
import { rename, writeFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openWatches } from '../../../src-main/engine/watches'
import { silent } from '../../../src-main/lib/log'
import { openProject, openRefused } from '../../../src-main/project'
import { tempFolder } from '../../helpers/folder'

const png = (shade: number) =>
  sharp({ create: { width: 20, height: 10, channels: 3, background: { r: shade, g: 0, b: 0 } } })
    .png()
    .toBuffer()

const patient = { timeout: 20_000 }

async function opened(root: string) {
  const project = await openProject(join(root, 'project'))
  const events: EngineEvent[] = []
  const emit = (event: EngineEvent) => void events.push(event)
  const refused = await openRefused(project.paths.refused, silent, (all) =>
    emit({ event: 'refused.changed', data: { refused: all } }),
  )
  const inspect = vi.fn(async (_: readonly string[]) => {})
  const watches = await openWatches({ project, refused, emit, inspect, every: { look: 30, seek: 30 } })
  watches.resume()
  let isOpen = true
  const close = async () => {
    if (isOpen) await watches.close().then(() => project.close())
    isOpen = false
  }
  onTestFinished(close)
  return { project, refused, watches, inspect, events, close }
}

describe('a folder that is watched', () => {
  it('has its pictures added and inspected, what is odd refused with its reason, and goes on after a restart', async () => {
    const root = await tempFolder()
    const folder = join(root, 'line 3')
    await mkdir(folder)
    await writeFile(join(folder, 'a.png'), await png(10))
    await writeFile(join(folder, 'torn.png'), (await png(20)).subarray(0, 60))
    await writeFile(join(folder, 'notes.txt'), 'no picture')
    const first = await opened(root)
    const watch = await first.watches.start({ folder, pack: 'p', settings: { threshold: 0.4 } })
    expect(watch).toMatchObject({ state: 'watching', added: 0, error: null })
    await expect.poll(() => first.watches.list()[0], patient).toMatchObject({ added: 1, refused: 1 })
    expect(first.project.assets.list().map(({ name }) => name)).toEqual(['a.png'])
    expect(first.refused.list()).toMatchObject([{ name: 'torn.png', error: { code: 'corrupt' } }])
    await expect.poll(() => first.inspect.mock.calls.length, patient).toBe(1)
    expect(first.inspect.mock.lastCall).toMatchObject([
      [first.project.assets.list()[0]!.id],
      { pack: 'p', settings: { threshold: 0.4 } },
    ])
    await writeFile(join(folder, 'b.png'), await png(30))
    await expect.poll(() => first.watches.list()[0]!.added, patient).toBe(2)
    await expect.poll(() => first.inspect.mock.calls.length, patient).toBe(2)
    await first.close()

    await writeFile(join(folder, 'c.png'), await png(40))
    const second = await opened(root)
    expect(second.refused.list()).toMatchObject([{ name: 'torn.png' }])
    await expect.poll(() => second.watches.list()[0]!.added, patient).toBe(3)
    expect(
      second.project.assets
        .list()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['a.png', 'b.png', 'c.png'])
    await second.watches.stop(watch.id)
    await writeFile(join(folder, 'd.png'), await png(50))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(second.project.assets.list()).toHaveLength(3)
    await second.refused.remove(second.refused.list().map(({ id }) => id))
    await second.close()
    const third = await opened(root)
    expect([third.watches.list(), third.refused.list()]).toEqual([[], []])
  })

  it('that goes away is said, and taken up again when it comes back', async () => {
    const root = await tempFolder()
    const folder = join(root, 'in')
    await mkdir(folder)
    const { watches, events } = await opened(root)
    await watches.start({ folder, pack: 'p', settings: {} })
    await rename(folder, `${folder} away`)
    await expect.poll(() => watches.list()[0], patient).toMatchObject({ state: 'lost', error: { code: 'not-found' } })
    await rename(`${folder} away`, folder)
    await expect.poll(() => watches.list()[0], patient).toMatchObject({ state: 'watching', error: null })
    await writeFile(join(folder, 'a.png'), await png(1))
    await expect.poll(() => watches.list()[0]!.added, patient).toBe(1)
    expect(events.filter(({ event }) => event === 'watch.changed').length).toBeGreaterThan(3)
  })

  it('says why pictures of it are not inspected', async () => {
    const root = await tempFolder()
    const folder = join(root, 'in')
    await mkdir(folder)
    const { watches, inspect } = await opened(root)
    inspect.mockRejectedValueOnce(new Error('no such model'))
    await watches.start({ folder, pack: 'gone', settings: {} })
    await writeFile(join(folder, 'a.png'), await png(1))
    await expect.poll(() => watches.list()[0]!.error?.message, patient).toContain('no such model')
    await writeFile(join(folder, 'b.png'), await png(2))
    await expect.poll(() => watches.list()[0]!.error, patient).toBeNull()
  })

  it('is a folder by its full path, outside the project, and watched once', async () => {
    const root = await tempFolder()
    const { watches, project } = await opened(root)
    const start = (folder: string) => watches.start({ folder, pack: 'p', settings: {} })
    await writeFile(join(root, 'file'), '')
    await expect(start('here')).rejects.toMatchObject({ code: 'bad-input' })
    await expect(start(join(root, 'none'))).rejects.toMatchObject({ code: 'not-found' })
    await expect(start(join(root, 'file'))).rejects.toMatchObject({ code: 'bad-input' })
    await expect(start(project.paths.assets)).rejects.toMatchObject({ code: 'bad-input' })
    await start(root)
    await expect(start(root)).rejects.toMatchObject({ code: 'conflict' })
  })
})
