import { levelOf, valuesOf, type Asset, type Origin } from '@contract'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { overlapMeter } from '../../../src-main/engine/gallery/overlap-meter'
import { createPng, pixelMetrics, type ScoredMap } from '../../../src-main/image'
import { random } from '../../../src-main/lib/random'
import { adopt, findSource, openProject, type Project } from '../../../src-main/project'
import { tempFolder } from '../../helpers/folder'

// Tells which of the project's files are opened.
const opened = vi.hoisted(() => ({ files: [] as string[] }))
vi.mock(import('../../../src-main/image'), async (original) => {
  const image = await original()
  const openPicture: typeof image.openPicture = (path, place) => {
    if (/[\\/]assets[\\/]/.test(path)) opened.files.push(path)
    return image.openPicture(path, place)
  }
  return { ...image, openPicture }
})

const [width, height] = [900, 700]
const origin = (source: string): Origin => ({
  ...{ job: 'j-1', task: 'inspect', role: 'map', source, pack: { id: 'p', name: 'Cloth', sha256: 'f' } },
  ...{ settings: {}, seed: 1, device: 'cpu', fallback: null, seconds: 1, facts: { score: 0.7 } },
})

let folder: string
let project: Project
const take = async (file: string, more: Parameters<typeof adopt>[2]) =>
  adopt(project, await findSource({ path: file }, project.paths, true), more)

beforeEach(async () => {
  folder = await tempFolder()
  project = await openProject(join(folder, 'p'))
  onTestFinished(() => project.close())
  opened.files = []
})

/** A picture with a map of `seed` in it, and the levels of that. */
async function mapped(seed: number, size = { width, height }) {
  const rng = random(seed)
  const levels = Uint16Array.from({ length: size.width * size.height }, () => levelOf(0.4 + 0.1 * rng.normal()))
  const file = join(folder, `${seed}.png`)
  const blank = { create: { ...size, channels: 3 as const, background: '#888' } }
  await sharp(blank).png().toFile(file)
  const picture = await take(file, {})
  const writer = await createPng(join(folder, `map ${seed}.png`), { ...size, channels: 1, depth: 16 })
  await writer.write(levels)
  await writer.finish()
  const map = await take(join(folder, `map ${seed}.png`), { origin: origin(picture.id) })
  return { picture, map, levels }
}

/** A mask of discs over a picture. */
async function masked(picture: Asset, role: 'truth' | 'ignore', discs: readonly (readonly [number, number, number])[]) {
  const data = new Uint8Array(width * height)
  for (const [x, y, r] of discs)
    for (let i = 0; i < data.length; i++) if (Math.hypot((i % width) - x, Math.floor(i / width) - y) < r) data[i] = 255
  const file = join(folder, `${role} ${picture.id} ${discs.length}.png`)
  await sharp(data, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(file)
  const mask = await take(file, { marks: { of: picture.id, role, everywhere: false } })
  return { mask, data }
}

const expected = (maps: readonly { levels: Uint16Array; data?: Uint8Array }[]) =>
  pixelMetrics(() =>
    maps.map(({ levels, data }): ScoredMap => ({
      map: valuesOf(levels),
      mask: data ? { width, height, data } : null,
    })),
  )

it('finds what the measure finds in the same maps, and counts again only what changed', async () => {
  const [a, b, good] = [await mapped(1), await mapped(2), await mapped(3)]
  const one = await masked(a.picture, 'truth', [
    [200, 300, 40],
    [600, 100, 9],
  ])
  const two = await masked(b.picture, 'truth', [[450, 590, 80]])
  const meter = overlapMeter(project)
  const items = [
    { map: a.map.id, mask: one.mask.id },
    { map: b.map.id, mask: two.mask.id },
    { map: good.map.id, mask: null },
  ]
  const found = (await meter.measure(items))!
  const wanted = (await expected([{ ...a, ...one }, { ...b, ...two }, good]))!
  expect(found.aupro).toBeCloseTo(wanted.aupro!, 12)
  expect(found).toMatchObject({ pixels: 3 * width * height, defective: wanted.defective, regions: 3 })
  expect(opened.files).toHaveLength(5)

  expect(await meter.measure(items)).toEqual(found)
  expect(opened.files).toHaveLength(5)

  const other = await masked(b.picture, 'truth', [
    [450, 590, 80],
    [100, 100, 20],
    [800, 20, 30],
  ])
  const again = (await meter.measure([items[0]!, { map: b.map.id, mask: other.mask.id }, items[2]!]))!
  expect(again.aupro).toBeCloseTo((await expected([{ ...a, ...one }, { ...b, ...other }, good]))!.aupro!, 12)
  expect(again.regions).toBe(5)
  expect(opened.files).toHaveLength(7)
})

it('leaves out what the picture’s mask of ignored parts covers', async () => {
  const a = await mapped(4)
  const truth = await masked(a.picture, 'truth', [
    [200, 300, 40],
    [700, 300, 40],
  ])
  const meter = overlapMeter(project)
  const items = [{ map: a.map.id, mask: truth.mask.id }]
  expect(await meter.measure(items)).toMatchObject({ pixels: width * height, regions: 2 })
  const out = await masked(a.picture, 'ignore', [[700, 300, 60]])
  const ignored = out.data.filter((on) => on > 0).length
  const found = (await meter.measure(items))!
  expect(found).toMatchObject({ pixels: width * height - ignored, regions: 1 })
})

it('is nothing without a mask, refuses what does not fit, and stops when told', async () => {
  const a = await mapped(5)
  const small = await mapped(6, { width: 30, height: 20 })
  const { mask } = await masked(a.picture, 'truth', [[200, 300, 40]])
  const meter = overlapMeter(project)
  expect(await meter.measure([{ map: a.map.id, mask: null }])).toBeNull()
  expect(opened.files).toEqual([])
  await expect(meter.measure([{ map: small.map.id, mask: mask.id }])).rejects.toMatchObject({
    code: 'bad-input',
    message: expect.stringContaining('30 × 20') as string,
  })
  await expect(meter.measure([{ map: a.picture.id, mask: mask.id }])).rejects.toMatchObject({ code: 'bad-input' })
  await expect(meter.measure([{ map: 'a-none', mask: mask.id }])).rejects.toMatchObject({ code: 'not-found' })
  const leaving = new AbortController()
  const asked = meter.measure([{ map: a.map.id, mask: mask.id }], leaving.signal)
  leaving.abort()
  await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
  expect(await meter.measure([{ map: a.map.id, mask: mask.id }])).toMatchObject({ regions: 1 })
})
