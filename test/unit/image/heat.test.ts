import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import {
  colourScale,
  contour,
  createPng,
  drawContour,
  findRegions,
  heatMap,
  labelRegions,
  overlay,
  picture,
  readPicture,
  regionFinder,
  withoutSmall,
  writePng,
} from '../../../src-main/image'
import { random } from '../../../src-main/lib/random'
import { tempFolder } from '../../helpers/folder'

const mask = (rows: string[]) => ({
  width: rows[0]!.length,
  height: rows.length,
  data: Uint8Array.from(rows.join(''), (letter) => (letter === '#' ? 1 : 0)),
})
const drawn = (data: Uint8Array, width: number) =>
  Array.from({ length: data.length / width }, (_, y) =>
    [...data.subarray(y * width, (y + 1) * width)].map((v) => (v ? '#' : '.')).join(''),
  )

describe('PNG', () => {
  it.each([
    [1, 8],
    [3, 8],
    [1, 16],
    [3, 16],
  ] as const)('%i channels of %i bits come back as they were, in sharp too', async (channels, depth) => {
    const path = join(await tempFolder(), 'out', 'a.png')
    const most = 2 ** depth - 1
    const rng = random(channels * depth)
    const data = Float32Array.from({ length: 23 * 17 * channels }, (_, i) =>
      Math.fround((i % 3 === 0 ? rng.integer(most + 1) : i % (most + 1)) / most),
    )
    const source = picture(23, 17, channels, data, depth)
    await writePng(path, source)
    expect(await readPicture(path)).toEqual(source)
    expect(await sharp(path).metadata()).toMatchObject({ width: 23, height: 17, channels })
  })

  it('takes bands of integers, clamps floats, and appears only when complete', async () => {
    const folder = await tempFolder()
    const path = join(folder, 'a.png')
    const writer = await createPng(path, { width: 4, height: 3, channels: 1, depth: 8 })
    await writer.write(Uint8Array.of(1, 2, 3, 4))
    expect(await stat(path).catch(() => null)).toBeNull()
    await writer.write(Float32Array.of(-1, 0, 1, 2, 0.5, 0.2, 0, 1))
    await writer.finish()
    const { data } = await readPicture(path)
    expect(Array.from(data, (v) => Math.round(v * 255))).toEqual([1, 2, 3, 4, 0, 0, 255, 255, 128, 51, 0, 255])
    expect(await readdir(folder)).toEqual(['a.png'])
  })

  it('leaves nothing behind when it fails', async () => {
    const folder = await tempFolder()
    const begin = () => createPng(join(folder, 'a.png'), { width: 4, height: 2, channels: 1, depth: 8 })
    const tooFew = await begin()
    await tooFew.write(new Uint8Array(4))
    await expect(tooFew.finish()).rejects.toMatchObject({ code: 'internal', message: /1 of 2 rows/ })
    await expect((await begin()).write(Float32Array.of(NaN, 0, 0, 0))).rejects.toThrow(/not a number/)
    await expect((await begin()).write(new Uint8Array(3))).rejects.toThrow(/no whole rows/)
    await (await begin()).abort()
    expect(await readdir(folder)).toEqual([])
  })
})

describe('colour scales', () => {
  it('ember grows evenly lighter, without jumps', () => {
    const colours = colourScale('ember')
    const luminance = Array.from({ length: 256 }, (_, i) => {
      const [r, g, b] = [0, 1, 2].map((c) => (colours[3 * i + c]! / 255) ** 2.2)
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
    })
    for (let i = 1; i < 256; i++) {
      expect(luminance[i]!).toBeGreaterThan(luminance[i - 1]! - 0.004)
      for (let c = 0; c < 3; c++) expect(Math.abs(colours[3 * i + c]! - colours[3 * i - 3 + c]!)).toBeLessThan(9)
    }
    expect(luminance[255]! - luminance[0]!).toBeGreaterThan(0.8)
  })

  it('classic runs from dark blue over green to dark red', () => {
    const at = (i: number) => [...colourScale('classic').subarray(3 * i, 3 * i + 3)]
    expect(at(0)).toEqual([0, 0, 128])
    expect(at(255)).toEqual([128, 0, 0])
    expect(at(128)[1]).toBe(255)
  })

  it('one scale serves every picture: the same value has the same colour', () => {
    const a = heatMap(Float32Array.of(0.3, 0.9))
    const b = heatMap(Float32Array.of(0.3, 0.31))
    expect(a.subarray(0, 3)).toEqual(b.subarray(0, 3))
    expect(heatMap(Float32Array.of(-5, 7, 0, 1))).toEqual(heatMap(Float32Array.of(0, 1, 0, 1)))
    expect(heatMap(Float32Array.of(5), { low: 0, high: 10 })).toEqual(heatMap(Float32Array.of(0.5)))
  })

  it('overlay runs from the picture to the heat map', () => {
    const grey = { channels: 1 as const, data: Float32Array.of(0.2, 1) }
    const map = Float32Array.of(0.1, 0.8)
    expect([...overlay(grey, map, { opacity: 0 })]).toEqual([51, 51, 51, 255, 255, 255])
    expect(overlay(grey, map, { opacity: 1 })).toEqual(heatMap(map))
    const colour = { channels: 3 as const, data: Float32Array.of(0, 0.4, 1) }
    expect([...overlay(colour, Float32Array.of(0), { opacity: 0 })]).toEqual([0, 102, 255])
    expect(() => overlay(colour, map)).toThrow(RangeError)
  })
})

describe('contour', () => {
  it('is the border inside, and with 2 pixels the one outside too', () => {
    const square = mask(['......', '.####.', '.####.', '.####.', '......'])
    expect(drawn(contour(square), 6)).toEqual(['......', '.####.', '.#..#.', '.####.', '......'])
    expect(drawn(contour(square, 2), 6)).toEqual(['.####.', '######', '##..##', '######', '.####.'])
    expect(drawn(contour(mask(['###', '###', '###'])), 3)).toEqual(['###', '#.#', '###'])
  })

  it('draws in red', () => {
    const rgb = new Uint8Array(27)
    drawContour(rgb, mask(['...', '.#.', '...']))
    expect([...rgb.subarray(12, 15)]).toEqual([255, 0, 0])
    expect(rgb.reduce((sum, value) => sum + value, 0)).toBe(255)
  })
})

describe('regions', () => {
  it('joins over corners and around bends', () => {
    const u = mask(['#.#.#', '#.#..', '###.#', '...#.', '.....'])
    const { labels, count } = labelRegions(u)
    expect(count).toBe(2)
    expect(
      drawn(
        Uint8Array.from(labels, (l) => (l === 1 ? 1 : 0)),
        5,
      ),
    ).toEqual(['#.#..', '#.#..', '###.#', '...#.', '.....'])
    expect(drawn(withoutSmall(u, 2).data, 5)[0]).toBe('#.#..')
  })

  it('gives area, peak, mean and box', () => {
    const map = Float32Array.of(...[0, 0.6, 0, 0], ...[0.9, 0, 0, 0], ...[0, 0, 0, 0.7])
    expect(findRegions(map, 4, { threshold: 0.5 })).toEqual([
      {
        area: 2,
        peak: Math.fround(0.9),
        peakAt: { x: 0, y: 1 },
        mean: (Math.fround(0.9) + Math.fround(0.6)) / 2,
        box: { x: 0, y: 0, width: 2, height: 2 },
      },
      {
        ...{ area: 1, peak: Math.fround(0.7), peakAt: { x: 3, y: 2 }, mean: Math.fround(0.7) },
        box: { x: 3, y: 2, width: 1, height: 1 },
      },
    ])
    expect(findRegions(map, 4, { threshold: 0.5, minArea: 2 }).length).toBe(1)
    expect(findRegions(map, 4, { threshold: 0.95 })).toEqual([])
  })

  it.each([0.3, 0.45, 0.6, 0.8])('by rows equals labelling the whole (noise above %f)', (threshold) => {
    const rng = random(9)
    const [width, height] = [37, 29]
    const map = Float32Array.from({ length: width * height }, () => rng.uniform())
    const { labels, count } = labelRegions({
      width,
      height,
      data: Uint8Array.from(map, (v) => (v >= threshold ? 1 : 0)),
    })
    const areas = new Array<number>(count).fill(0)
    const peaks = new Array<number>(count).fill(0)
    labels.forEach((label, i) => {
      if (label === 0) return
      areas[label - 1]!++
      peaks[label - 1] = Math.max(peaks[label - 1]!, map[i]!)
    })
    const finder = regionFinder(width, { threshold })
    for (let y = 0; y < height; y += 4) finder.push(map.subarray(y * width, Math.min(height, y + 4) * width))
    const found = finder.finish()
    const order = (a: number[], b: number[]) => b[0]! - a[0]!
    expect(found.count).toBe(count)
    expect(found.regions.map(({ peak, area }) => [peak, area])).toEqual(
      peaks.map((peak, i) => [peak, areas[i]!]).sort(order),
    )
  })
})
