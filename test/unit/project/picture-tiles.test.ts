import { heatScale, regionFinder, valuesOf, type Origin } from '@contract'
import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { levelCount, levelSize, pyramidBytes, readPicture, writePng } from '../../../src-main/image'
import {
  adopt,
  drawFinds,
  findSource,
  mapRegions,
  openLines,
  openProject,
  type Project,
} from '../../../src-main/project'
import { silent } from '../../../src-main/lib/log'
import { random } from '../../../src-main/lib/random'
import { filesUnder, tempFolder } from '../../helpers/folder'

async function opened(folder?: string): Promise<{ folder: string; project: Project }> {
  const at = folder ?? (await tempFolder())
  const project = await openProject(join(at, 'p'))
  onTestFinished(() => project.close())
  return { folder: at, project }
}

async function take(folder: string, project: Project, name: string, bytes: Uint8Array, origin?: Origin) {
  await writeFile(join(folder, name), bytes)
  return adopt(project, await findSource({ path: join(folder, name) }, project.paths, true), origin ? { origin } : {})
}

const noise = (width: number, height: number, channels: 1 | 3, seed = 3) => {
  const rng = random(seed)
  return Uint8Array.from({ length: width * height * channels }, () => rng.integer(256))
}
const png = (data: Uint8Array, width: number, height: number, channels: 1 | 3) =>
  sharp(data, { raw: { width, height, channels } }).png().toBuffer()
const decoded = async (tile: Uint8Array) => sharp(tile).raw().toBuffer({ resolveWithObject: true })

const origin = (role: string, source: string): Origin => ({
  ...{ job: 'j-1', task: 'inspect', role, source, pack: { id: 'p', name: 'Cloth', sha256: 'f' } },
  ...{ settings: {}, seed: 1, device: 'cpu', fallback: null, seconds: 1, facts: { score: 0.7 } },
})

describe('the pyramid', () => {
  it('halves until one tile holds all', () => {
    const size = { width: 1301, height: 700 }
    expect(levelCount(size)).toBe(3)
    expect([0, 1, 2].map((level) => levelSize(size, level))).toEqual([
      size,
      { width: 651, height: 350 },
      { width: 326, height: 175 },
    ])
    expect(levelCount({ width: 512, height: 1 })).toBe(1)
    expect(pyramidBytes({ ...size, channels: 3, depth: 16 })).toBe(6 * (1301 * 700 + 651 * 350 + 326 * 175))
  })
})

describe('tiles', () => {
  it('hold the very pixels at the largest level, and their means further up, also at odd edges', async () => {
    const { folder, project } = await opened()
    const [width, height] = [1301, 701]
    const data = noise(width, height, 3)
    const { id } = await take(folder, project, 'a.png', await png(data, width, height, 3))
    const tile = await decoded(await project.tiles.picture(id, 0, 2, 1))
    expect(tile.info).toMatchObject({ width: 1301 - 1024, height: 701 - 512, channels: 3 })
    for (const [x, y] of [
      [0, 0],
      [276, 188],
      [100, 57],
    ] as const) {
      const at = 3 * ((512 + y) * width + 1024 + x)
      expect([...tile.data.subarray(3 * (y * 277 + x), 3 * (y * 277 + x) + 3)]).toEqual([...data.subarray(at, at + 3)])
    }
    const half = await decoded(await project.tiles.picture(id, 1, 1, 0))
    expect(half.info).toMatchObject({ width: 651 - 512, height: 351 })
    const value = (x: number, y: number, c: number) =>
      data[3 * (Math.min(y, height - 1) * width + Math.min(x, width - 1)) + c]!
    for (const [x, y] of [
      [3, 3],
      [138, 5],
      [138, 350],
    ] as const)
      for (let c = 0; c < 3; c++) {
        const [left, top] = [2 * (512 + x), 2 * y]
        const sum =
          value(left, top, c) + value(left + 1, top, c) + value(left, top + 1, c) + value(left + 1, top + 1, c)
        expect(half.data[3 * (y * 139 + x) + c]).toBe((sum + 2) >> 2)
      }
    expect(await project.tiles.pixel(id, 1300, 700)).toEqual([...data.subarray(data.length - 3)])
    await expect(project.tiles.picture(id, 0, 3, 0)).rejects.toMatchObject({ code: 'bad-input' })
    await expect(project.tiles.picture(id, 9, 0, 0)).rejects.toMatchObject({ code: 'bad-input' })
    await expect(project.tiles.picture('a-gone', 0, 0, 0)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('of TIFFs, turned pictures and 16 bits are exact too', async () => {
    const { folder, project } = await opened()
    const data = noise(600, 40, 3)
    const raw = sharp(data, { raw: { width: 600, height: 40, channels: 3 } })
    const tiff = await take(folder, project, 'a.tif', await raw.clone().tiff({ compression: 'lzw' }).toBuffer())
    expect((await decoded(await project.tiles.picture(tiff.id, 0, 1, 0))).data.subarray(0, 3)).toEqual(
      Buffer.from(data.subarray(512 * 3, 512 * 3 + 3)),
    )
    const turned = await take(
      folder,
      project,
      'turned.png',
      await raw.clone().withMetadata({ orientation: 3 }).png().toBuffer(),
    )
    const upright = await readPicture(join(project.paths.asset(turned.id), 'source.png'))
    expect((await project.tiles.pixel(turned.id, 5, 7)).map((value) => value / 255)).toBeAllclose(
      upright.data.subarray(3 * (7 * 600 + 5), 3 * (7 * 600 + 5) + 3),
      { relative: 0, absolute: 1e-6 },
    )
    const deep = Uint16Array.from({ length: 600 * 40 }, (_, i) => (i * 977) % 65536)
    const wide = await take(
      folder,
      project,
      'deep.png',
      await sharp(deep, { raw: { width: 600, height: 40, channels: 1 } })
        .toColourspace('grey16')
        .png()
        .toBuffer(),
    )
    expect(await project.tiles.pixel(wide.id, 599, 39)).toEqual([deep.at(-1)])
    const values = await project.tiles.values(wide.id, 0, 0, 0)
    expect([...new Uint16Array(values.buffer, values.byteOffset, 512)]).toEqual([...deep.subarray(0, 512)])
    const shown = await decoded(await project.tiles.picture(wide.id, 0, 0, 0))
    expect(shown.data[shown.info.channels * 511]).toBe(Math.round(deep[511]! / 257))
  })

  it('are kept beside the assets, found again, made anew when they are gone, and go with their picture', async () => {
    const { folder, project } = await opened()
    const { id } = await take(folder, project, 'a.png', await png(noise(700, 30, 1), 700, 30, 1))
    const first = await project.tiles.picture(id, 0, 1, 0)
    expect(await filesUnder(project.paths.tiles)).toEqual([`${id}/0.v`, `${id}/1.raw`, `${id}/pyramid.json`])
    const made = (await stat(join(project.paths.tiles, id, '0.v'))).mtimeMs
    await project.close()
    await rm(join(folder, 'p', 'tiles', 'a-nobody'), { recursive: true, force: true })
    const again = (await opened(folder)).project
    expect(Buffer.from(await again.tiles.picture(id, 0, 1, 0)).equals(first)).toBe(true)
    expect((await stat(join(again.paths.tiles, id, '0.v'))).mtimeMs).toBe(made)
    await again.assets.remove(id)
    await expect.poll(() => readdir(again.paths.tiles)).toEqual([])
    expect(await readdir(again.paths.work)).toEqual([])
  })

  it('of a large picture are there as drafts at once, about as they will be, until they are made', async () => {
    const { folder, project } = await opened()
    const [width, height] = [4500, 3700]
    // Smooth, so that any way of shrinking comes to about the same.
    const data = new Uint8Array(width * height * 3)
    for (let y = 0, i = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        data[i++] = Math.floor((255 * x) / width)
        data[i++] = Math.floor((255 * y) / height)
        data[i++] = 128 + Math.round(100 * Math.sin((x + y) / 300))
      }
    const raw = sharp(data, { raw: { width, height, channels: 3 } })
    const whole = await raw.clone().png({ compressionLevel: 1 }).toBuffer()
    for (const [name, bytes] of [
      ['a.png', whole],
      ['a.jpg', await raw.clone().jpeg({ quality: 95 }).toBuffer()],
    ] as const) {
      const { id } = await take(folder, project, name, bytes)
      const draft = await project.tiles.draft(id, 2, 1, 1)
      expect(draft).toBeDefined()
      // Nothing stands in for pixels of the file.
      expect(await project.tiles.draft(id, 0, 0, 0)).toBeUndefined()
      const [before, after] = [await decoded(draft!), await decoded(await project.tiles.picture(id, 2, 1, 1))]
      expect(before.info).toMatchObject({ width: 512, height: 413, channels: 3 })
      expect(after.info).toMatchObject({ width: 512, height: 413, channels: 3 })
      const most = after.data.reduce((far, value, i) => Math.max(far, Math.abs(value - before.data[i]!)), 0)
      expect(most).toBeLessThan(8)
      expect(await project.tiles.draft(id, 2, 1, 1)).toBeUndefined()
    }
    const broken = await take(folder, project, 'torn.png', whole.subarray(0, 9000))
    expect(await project.tiles.draft(broken.id, 2, 0, 0)).toBeUndefined()
    await expect(project.tiles.picture(broken.id, 2, 0, 0)).rejects.toMatchObject({ code: expect.any(String) })
  })

  it('are asked for by many at once and made once', async () => {
    const { folder, project } = await opened()
    const { id } = await take(folder, project, 'a.png', await png(noise(1200, 600, 1), 1200, 600, 1))
    const tiles = await Promise.all([0, 1, 2, 0, 1, 2].map((column) => project.tiles.picture(id, 0, column, 0)))
    expect(Buffer.from(tiles[0]!).equals(tiles[3]!)).toBe(true)
  })
})

describe('a map', () => {
  async function map(width = 640, height = 90) {
    const { folder, project } = await opened()
    const rng = random(8)
    const levels = Uint16Array.from({ length: width * height }, () => Math.floor(65535 * rng.uniform() ** 4))
    for (let y = 40; y < 60; y++) levels.fill(60_000 + y, y * width + 500, y * width + 530)
    const source = noise(width, height, 3)
    const picture = await take(folder, project, 'cloth.png', await png(source, width, height, 3))
    const data = Float32Array.from(levels, (level) => level / 65535)
    await writePng(join(folder, 'map.png'), { width, height, channels: 1, depth: 16, data })
    const asset = await adopt(project, await findSource({ path: join(folder, 'map.png') }, project.paths, true), {
      origin: origin('map', picture.id),
    })
    return { folder, project, levels, source, picture, asset, width, height }
  }

  it('keeps its peaks where it is shown smaller', async () => {
    const { project, levels, asset, width } = await map()
    const values = await project.tiles.values(asset.id, 1, 0, 0)
    const small = new Uint16Array(values.buffer, values.byteOffset, values.length / 2)
    for (const [x, y] of [
      [0, 0],
      [255, 29],
      [319, 44],
    ] as const) {
      const four = [0, 1, width, width + 1].map((by) => levels[2 * y * width + 2 * x + by]!)
      expect(small[y * 320 + x]).toBe(Math.max(...four))
    }
  })

  it('has the regions that its inspection would find, and tells the runs of those left out', async () => {
    const { project, levels, asset, width, height } = await map()
    const line = { threshold: 0.6, minArea: 4 }
    const found = await project.tiles.withPyramid(asset.id, (pyramid) => mapRegions(pyramid, line))
    const left: number[] = []
    const finder = regionFinder(width, { ...line, most: 200, speck: (runs) => left.push(...runs) })
    finder.push(valuesOf(levels))
    const wanted = finder.finish()
    expect({ regions: found.regions, count: found.count }).toEqual(wanted)
    expect([...found.specks!]).toEqual(left)
    const inRegions = valuesOf(levels).filter((value) => value >= 0.6).length
    const leftOut = left.reduce((sum, at, i) => sum + (i % 3 === 2 ? at : i % 3 === 1 ? -at : 0), 0)
    expect(found.share).toBeCloseTo((inRegions - leftOut) / (width * height), 12)
    expect(leftOut).toBeGreaterThan(0)
  })

  it('is drawn as it is seen: colours, mask by a line, over the picture', async () => {
    const { project, levels, source, asset, width } = await map()
    const base = {
      map: asset.id,
      line: { threshold: 0.6, minArea: 4 },
      colours: 'lagoon',
      low: 0.2,
      high: 0.8,
    } as const
    const drawn = async (what: 'heatmap' | 'mask' | 'overlay') => {
      const { name, url, bytes } = await drawFinds(project, { ...base, what, opacity: 0.25 })
      expect(name).toBe(`cloth (${what}).png`)
      expect(url).toBe(`/exports/${encodeURIComponent(name)}`)
      const path = join(project.paths.exports, name)
      expect((await stat(path)).size).toBe(bytes)
      return (await sharp(path).raw().toBuffer({ resolveWithObject: true })).data
    }
    const [heat, mask, over] = [await drawn('heatmap'), await drawn('mask'), await drawn('overlay')]
    const colours = heatScale('lagoon')
    for (const at of [0, 7, 45 * width + 510, 60 * width + 3]) {
      const value = levels[at]! / 65535
      const index = 3 * Math.min(255, Math.max(0, Math.round(((value - 0.2) / 0.6) * 255)))
      const wanted = [...colours.subarray(index, index + 3)]
      expect([...heat.subarray(3 * at, 3 * at + 3)]).toEqual(wanted)
      expect([...over.subarray(3 * at, 3 * at + 3)]).toEqual(
        wanted.map((colour, c) => Math.round(0.25 * colour + 0.75 * source[3 * at + c]!)),
      )
    }
    const found = await project.tiles.withPyramid(asset.id, (pyramid) => mapRegions(pyramid, base.line))
    const channels = mask.length / levels.length
    expect(mask.filter((value, i) => i % channels === 0 && value === 255)).toHaveLength(
      Math.round(found.share * levels.length),
    )
    await expect(drawFinds(project, { ...base, what: 'difference', opacity: 1 })).rejects.toMatchObject({
      code: 'not-found',
    })
  })

  it('is what is asked for: a picture is none', async () => {
    const { project, picture } = await map()
    const options = { map: picture.id, what: 'mask', line: { threshold: 0.5, minArea: 1 }, opacity: 1 } as const
    await expect(drawFinds(project, { ...options, colours: 'ember', low: 0, high: 1 })).rejects.toMatchObject({
      code: 'bad-input',
    })
  })
})

describe('lines put by hand', () => {
  it('are saved, forgotten, and read again; a broken file is kept aside', async () => {
    const folder = await tempFolder()
    const file = join(folder, 'lines.json')
    const lines = await openLines(file, silent)
    await Promise.all([
      lines.set('a', { threshold: 0.6, minArea: 2 }),
      lines.set('b', { threshold: 0.1, minArea: 1 }),
      lines.set('a', null),
    ])
    expect((await openLines(file, silent)).get()).toEqual({ b: { threshold: 0.1, minArea: 1 } })
    await writeFile(file, '{"a": {"threshold": 7}}')
    expect((await openLines(file, silent)).get()).toEqual({})
    expect(await readdir(folder)).toEqual(['lines.json.broken'])
  })
})
