import { open, readdir, writeFile } from 'node:fs/promises'
import type * as FsPromises from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openSoundStore } from '../../../src-main/models/sound-store'
import { tempFolder } from '../../helpers/folder'
import { noise, wav16 } from '../../helpers/signals'

/** Bytes that a scratch file takes and gives at a time; 0 where its disk is full. */
let most = Infinity
afterEach(() => {
  most = Infinity
})
vi.mock('node:fs/promises', async (load) => {
  const fs = await load<typeof FsPromises>()
  const opened = async (...how: Parameters<typeof fs.open>) => {
    const handle = await fs.open(...how)
    if (!String(how[0]).endsWith('scratch')) return handle
    type Move = (bytes: Uint8Array, from: number, count: number, at: number) => unknown
    const some = (move: unknown) => (bytes: Uint8Array, from: number, count: number, at: number) => {
      if (most === 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      return (move as Move).call(handle, bytes, from, Math.min(count, most), at)
    }
    return Object.assign(handle, { read: some(handle.read), write: some(handle.write) })
  }
  return { ...fs, open: opened }
})

async function recordings(...sounds: Float32Array[]) {
  const folder = await tempFolder()
  const paths = sounds.map((_, i) => join(folder, `${i}.wav`))
  for (const [i, path] of paths.entries()) await writeFile(path, wav16(sounds[i]!, 8000))
  return { folder, paths, scratch: join(folder, 'scratch') }
}
const rounded = (x: Float32Array) => x.map((value) => Math.round(value * 32_768) / 32_768)

describe('a sound store', () => {
  it.each([Infinity, 1000, 7])(
    'keeps recordings one behind the other, the disk moving at most %d bytes',
    async (bytes) => {
      const sounds = [noise(3000, 1), noise(1234, 2)]
      const { folder, paths, scratch } = await recordings(...sounds)
      most = bytes
      const store = await openSoundStore(scratch, 8000)
      const stored = [await store.append(paths[0]!), await store.append(paths[1]!)]
      expect(stored).toEqual([
        { start: 0, samples: 3000 },
        { start: 3000, samples: 1234 },
      ])
      expect(store.samples).toBe(4234)
      for (const [i, sound] of sounds.entries())
        expect(await store.read(stored[i]!, 0, sound.length)).toEqual(rounded(sound))
      const second = rounded(sounds[1]!)
      expect(await store.read(stored[1]!, -2, 5)).toEqual(Float32Array.of(0, 0, ...second.subarray(0, 3)))
      expect(await store.read(stored[1]!, 1232, 4)).toEqual(Float32Array.of(...second.subarray(1232), 0, 0))
      expect(await store.read(stored[1]!, 5000, 2)).toEqual(Float32Array.of(0, 0))
      await store.close()
      expect((await readdir(folder)).sort()).toEqual(['0.wav', '1.wav'])
    },
  )

  it('takes the mean off and levels, over more than one block, and leaves silence', async () => {
    const sound = noise(150_000, 3, 0.02).map((value) => value + 0.3)
    const { paths, scratch } = await recordings(sound, new Float32Array(100))
    const store = await openSoundStore(scratch, 8000)
    const stored = await store.append(paths[0]!, { peak: 0.5 })
    const found = await store.read(stored, 0, stored.samples)
    expect(found.reduce((sum, value) => sum + value, 0) / found.length).toBeCloseTo(0, 4)
    expect(found.reduce((size, value) => Math.max(size, Math.abs(value)), 0)).toBeCloseTo(0.5, 4)
    const silent = await store.append(paths[1]!, { peak: 0.5 })
    expect(await store.read(silent, 0, 100)).toEqual(new Float32Array(100))
    await store.close()
  })

  it('brings every recording to its rate', async () => {
    const { paths, scratch } = await recordings(noise(4000, 4))
    const store = await openSoundStore(scratch, 16_000)
    expect((await store.append(paths[0]!)).samples).toBe(8000)
    await store.close()
  })

  it('names its file where the disk is full or the file was cut, and the place that is none', async () => {
    const { folder, paths, scratch } = await recordings(noise(3000, 5))
    const store = await openSoundStore(scratch, 8000)
    const stored = await store.append(paths[0]!)
    most = 0
    await expect(store.append(paths[0]!)).rejects.toMatchObject({ code: 'disk-full', file: scratch })
    most = Infinity
    const other = await open(scratch, 'r+')
    await other.truncate(100)
    await other.close()
    await expect(store.read(stored, 0, 3000)).rejects.toMatchObject({
      file: scratch,
      message: expect.stringMatching(/ends after 100/),
    })
    await store.close()
    await expect(openSoundStore(join(folder, 'nowhere', 'scratch'), 8000)).rejects.toMatchObject({ code: 'not-found' })
  })
})
