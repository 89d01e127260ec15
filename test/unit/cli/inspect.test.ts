import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findRegions, heatMap, readPicture, writePng, type Picture } from '../../../src-main/image'
import { blobPictures, writeBlobSet } from '../../helpers/surfaces'
import { installNagare, refusal, type Nagare } from './nagare'

let nagare: Nagare
let cwd: string
const run = (...args: string[]) => nagare.run(args, { cwd })
const training = (kind: string, ...more: string[]) => ['train', kind, '--data', 'set', '--set', 'size=32', ...more]

beforeAll(async () => {
  nagare = await installNagare()
  cwd = await mkdtemp(join(tmpdir(), 'nagare-inspect-'))
  await writeBlobSet(join(cwd, 'set'))
  expect(await run(...training('pca', '--set', 'components=8', '-o', 'pca.nagare'))).toMatchObject({ code: 0 })
}, 120_000)
afterAll(async () => {
  await nagare.remove()
  await rm(cwd, { recursive: true, force: true })
})

interface Result {
  settings: { threshold: number }
  pictures: { file: string; folder: string; score: number; label: string; regions: { area: number }[]; share: number }[]
  failed: { input: string; error: string }[]
}
const resultIn = async (out: string) => JSON.parse(await readFile(join(cwd, out, 'result.json'), 'utf8')) as Result
const rowsIn = async (out: string) =>
  (await readFile(join(cwd, out, 'scores.csv'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split(','))

describe('inspect', () => {
  it('scores a folder and draws each picture, the odd ones above the others', async () => {
    await mkdir(join(cwd, 'mixed'))
    for (const [kind, count] of [
      ['good', 6],
      ['scratch', 6],
    ] as const)
      for (let i = 0; i < count; i++)
        await copyFile(join(cwd, `set/test/${kind}/00${i}.png`), join(cwd, `mixed/${kind} ${i}.png`))
    const { code, out } = await run('inspect', 'mixed', '-o', 'found', '--model', 'pca.nagare')
    expect(code).toBe(0)
    expect(out).toMatch(/\d of 12 pictures are odd; .*found\n$/)
    const [head, ...rows] = await rowsIn('found')
    expect(head).toEqual(['file', 'score', 'label', 'threshold'])
    expect(rows).toHaveLength(12)
    const scores = (kind: string) => rows.filter(([file]) => file!.includes(kind)).map(([, score]) => Number(score))
    expect(Math.min(...scores('scratch'))).toBeGreaterThan(Math.max(...scores('good')))
    for (const [, score, label, threshold] of rows) {
      expect(threshold).toBe('0.5')
      expect(label).toBe(Number(score) >= 0.5 ? 'odd' : 'normal')
    }
    const result = await resultIn('found')
    expect(result.pictures.map(({ score }) => score)).toEqual(rows.map(([, score]) => Number(score)))
    expect((await readdir(join(cwd, 'found/scratch 0'))).sort()).toEqual(['heatmap.png', 'mask.png', 'overlay.png'])
    expect((await readdir(join(cwd, 'found'))).sort()).toHaveLength(14)
  })

  it('watches a folder, writes a report, and leaves out what a mask says', async () => {
    await mkdir(join(cwd, 'incoming'))
    for (let i = 0; i < 3; i++) await copyFile(join(cwd, `set/test/scratch/00${i}.png`), join(cwd, `incoming/${i}.png`))
    await writeFile(join(cwd, 'incoming/half.png.part'), 'half')
    const watch = ['inspect', '--watch', 'incoming', '--idle', '1', '--model', 'pca.nagare']
    expect(await run(...watch, '-o', 'watched', '--report', 'report.html')).toMatchObject({ code: 0 })
    expect((await rowsIn('watched')).slice(1).map(([file]) => file)).toEqual(
      [0, 1, 2].map((i) => join('incoming', `${i}.png`)),
    )
    const report = await readFile(join(cwd, 'report.html'), 'utf8')
    expect(report.match(/data:image\/jpeg/g)).toHaveLength(3)
    expect(report).not.toContain('<script')

    const all = await sharp({ create: { width: 32, height: 32, channels: 3, background: '#fff' } })
      .toColourspace('b-w')
      .png()
      .toBuffer()
    await writeFile(join(cwd, 'all.png'), all)
    expect(await run(...watch, '-o', 'unseen', '--ignore', 'all.png')).toMatchObject({ code: 0 })
    for (const { score, share, regions } of (await resultIn('unseen')).pictures)
      expect({ odd: score >= 0.5, share, regions }).toEqual({ odd: false, share: 0, regions: [] })
    expect((await run('inspect', '--watch', 'incoming', '-o', 'incoming')).err).toContain('cannot take the results')
    expect((await run('inspect', 'set', '--watch', 'incoming', '-o', 'x')).err).toContain('takes the place')
  })

  it('draws the mask where the heat map is at the threshold, and tells its regions', async () => {
    const { code } = await run(
      'inspect',
      'set/test/scratch/001.png',
      '-o',
      'one',
      '--model',
      'pca.nagare',
      '--threshold',
      '0.6',
    )
    expect(code).toBe(0)
    const mask = await readPicture(join(cwd, 'one/001/mask.png'))
    const heat = await readPicture(join(cwd, 'one/001/heatmap.png'))
    const line = heatMap(Float32Array.of(0.6))
    const [first] = (await resultIn('one')).pictures
    expect(mask.data.filter((value) => value === 1)).toHaveLength(Math.round(first!.share * 32 * 32))
    expect(first!.regions.reduce((sum, { area }) => sum + area, 0)).toBe(Math.round(first!.share * 32 * 32))
    expect(first!.share).toBeGreaterThan(0)
    const scale = Array.from({ length: 256 }, (_, i) => heatMap(Float32Array.of(i / 255)).join())
    const level = (at: number) =>
      scale.indexOf([...heat.data.subarray(3 * at, 3 * at + 3)].map((v) => Math.round(255 * v)).join())
    for (let at = 0; at < mask.data.length; at++)
      if (mask.data[at] === 1) expect(level(at)).toBeGreaterThanOrEqual(scale.indexOf(line.join()))
      else expect(level(at)).toBeLessThanOrEqual(scale.indexOf(line.join()))
    expect((await rowsIn('one'))[1]![3]).toBe('0.6')
  })

  it('leaves out small regions, and writes the map in 16 bits and the reconstruction where asked', async () => {
    const picture = 'set/test/scratch/001.png'
    const inspected = async (out: string, ...more: string[]) => {
      const { code } = await run('inspect', picture, '-o', out, '--model', 'pca.nagare', '--threshold', '0.3', ...more)
      expect(code).toBe(0)
      return (await resultIn(out)).pictures[0]!
    }
    const all = await inspected('all')
    const large = await inspected('large', '--min-area', '3', '--maps')
    const kept = all.regions.filter(({ area }) => area >= 3)
    expect(kept.length).toBeGreaterThan(0)
    expect(kept.length).toBeLessThan(all.regions.length)
    expect(large.regions).toEqual(kept)
    const files = ['heatmap.png', 'map.png', 'mask.png', 'overlay.png', 'reconstruction.png']
    expect((await readdir(join(cwd, 'large/001'))).sort()).toEqual(files)
    const mask = await readPicture(join(cwd, 'large/001/mask.png'))
    expect(mask.data.filter((value) => value === 1)).toHaveLength(kept.reduce((sum, { area }) => sum + area, 0))
    const map = await readPicture(join(cwd, 'large/001/map.png'))
    expect(map).toMatchObject({ depth: 16, channels: 1, width: 32, height: 32 })
    expect(findRegions(map.data, 32, { threshold: 0.3, minArea: 3 })).toEqual(kept)
    const heat = await readPicture(join(cwd, 'large/001/heatmap.png'))
    expect(Uint8Array.from(heat.data, (value) => Math.round(255 * value))).toEqual(heatMap(map.data))
    const made = await readPicture(join(cwd, 'large/001/reconstruction.png'))
    expect(made).toMatchObject({ width: 32, height: 32 })
  })

  it('reads names from standard input, and goes on after pictures that it cannot read', async () => {
    await writeFile(join(cwd, 'torn.png'), (await readFile(join(cwd, 'set/test/good/001.png'))).subarray(0, 60))
    const input = ['set/test/good/000.png', 'torn.png', 'missing.png', '', 'set/test/scratch/000.png'].join('\n')
    const { code, out, err } = await nagare.run(['inspect', '-', '-o', 'stream', '--model', 'pca.nagare', '--json'], {
      cwd,
      input,
    })
    expect(code).toBe(1)
    expect(err).toMatch(/2 of 4 pictures were not inspected \(torn.png, missing.png\)/)
    const result = JSON.parse(out) as Result
    expect(result.pictures.map(({ file }) => file)).toEqual(['set/test/good/000.png', 'set/test/scratch/000.png'])
    expect(result.failed.map(({ input: name }) => name)).toEqual(['torn.png', 'missing.png'])
    expect((await readdir(join(cwd, 'stream'))).sort()).toEqual(['000', '000 2', 'result.json', 'scores.csv'])
  })

  it('takes odd kinds of picture, whatever their name and size', async () => {
    await mkdir(join(cwd, 'kinds'))
    const raw = (width: number, height: number) =>
      sharp(new Uint8Array(width * height * 3).fill(90), { raw: { width, height, channels: 3 } })
    await raw(1, 1).png().toFile(join(cwd, 'kinds/dot.png'))
    await raw(40, 30).toColourspace('cmyk').jpeg().toFile(join(cwd, 'kinds/ink.jpg'))
    await raw(300, 7).tiff().toFile(join(cwd, 'kinds/strip.tif'))
    await sharp(new Uint8Array(2 * 16 * 16 * 3), { raw: { width: 16, height: 32, channels: 3, pageHeight: 16 } })
      .gif({ delay: [100, 100] })
      .toFile(join(cwd, 'kinds/moving.gif'))
    const wide: Picture = { ...blobPictures(1, 90)[0]!, depth: 16 }
    await writePng(join(cwd, 'kinds/deep.png'), wide)
    const { code } = await run('inspect', 'kinds', '-o', 'kinds-out', '--model', 'pca.nagare')
    expect(code).toBe(0)
    const { pictures } = await resultIn('kinds-out')
    expect(pictures.map(({ folder }) => folder).sort()).toEqual(['deep', 'dot', 'ink', 'moving', 'strip'])
    for (const { folder, score } of pictures) {
      expect(score).toBeGreaterThan(0)
      const { width, height } = await readPicture(join(cwd, 'kinds-out', folder, 'heatmap.png'))
      expect([width, height]).toEqual(
        { deep: [90, 90], dot: [1, 1], ink: [40, 30], moving: [16, 16], strip: [300, 7] }[folder],
      )
    }
  })

  it('refuses what it cannot do, and leaves nothing', async () => {
    const asked = (...args: string[]) => run('inspect', ...args, '-o', 'nothing', '--model', 'pca.nagare')
    expect(await asked()).toEqual(refusal(2, 'needs a picture'))
    expect(await asked('nowhere.png')).toEqual(refusal(1, 'nowhere.png'))
    await mkdir(join(cwd, 'empty'))
    expect(await asked('empty')).toEqual(refusal(2, 'expected pictures, found none'))
    expect(await asked('torn.png')).toEqual(refusal(1, 'torn.png'))
    expect(await asked('set/test/good/000.png', '--threshold', '2')).toEqual(
      refusal(2, '--threshold must be a number from 0 to 1'),
    )
    expect(await asked('set/test/good/000.png', '--method', 'search')).toEqual(refusal(2, 'cannot score by search'))
    const vae = join(import.meta.dirname, '../../../resources/packs/speech-enhancer.nagare')
    const wrong = await run('inspect', 'set/test/good/000.png', '-o', 'nothing', '--model', vae)
    expect(wrong).toEqual(
      refusal(2, /is a vae-nmf model; this needs f-anogan or patch-gaussian or synthetic-defects or pca/),
    )
    expect(await readdir(cwd)).not.toContain('nothing')
  })
})

describe('training a detector', () => {
  it('refuses data that cannot be learned from, by name', async () => {
    const from = (folder: string, ...more: string[]) =>
      run('train', 'pca', '--data', folder, '--set', 'size=32', '-o', 'no.nagare', ...more)
    await mkdir(join(cwd, 'few'))
    for (const [i, each] of blobPictures(5, 16).entries()) await writePng(join(cwd, `few/${i}.png`), each)
    expect(await from('few')).toEqual(refusal(2, 'at least 20 normal pictures', 'only 5'))
    await mkdir(join(cwd, 'same'))
    for (let i = 0; i < 25; i++) await writePng(join(cwd, `same/${i}.png`), blobPictures(1, 16)[0]!)
    expect(await from('same')).toEqual(refusal(2, 'all 25 are the same'))
    await mkdir(join(cwd, 'labels'))
    await writeFile(join(cwd, 'labels/train-labels-idx1-ubyte'), Buffer.from([0, 0, 8, 1, 0, 0, 0, 1, 3]))
    expect(await from('labels', '--set', 'normal=3')).toEqual(refusal(2, 'expected pictures beside it'))
    expect(await from('set', '--set', 'overlap=20')).toEqual(refusal(2, 'at most half of the size'))
    expect(await from('set', '--set', 'colour=yes')).toEqual(refusal(2, 'There is no setting colour'))
    await writePng(join(cwd, 'set/ground_truth/scratch/000_mask.png'), blobPictures(1, 16)[0]!)
    expect(await from('set')).toEqual(refusal(2, 'expected a mask of 32 × 32'))
    expect(await readdir(cwd)).not.toContain('no.nagare')
  })
})
