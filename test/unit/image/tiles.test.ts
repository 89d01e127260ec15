import { describe, expect, it } from 'vitest'
import {
  crop,
  fitSquare,
  picture,
  placement,
  planTiles,
  readFitted,
  readResized,
  resize,
  stitchTiles,
  tileCount,
  unfitMap,
  withChannels,
  type Picture,
  type PictureReader,
} from '../../../src-main/image'
import { random } from '../../../src-main/lib/random'

const made = (width: number, height: number, channels: 1 | 3, value: (x: number, y: number, c: number) => number) => {
  const out = picture(width, height, channels)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++) for (let c = 0; c < channels; c++) out.data[i++] = value(x, y, c)
  return out
}
const readerOf = (source: Picture): PictureReader => ({
  info: { ...source, format: 'png', orientation: 1, alpha: false, notes: [] },
  read: (box) => crop(source, box),
  readLevels: (box) => Uint8Array.from(crop(source, box).data, (value) => Math.round(255 * value)),
  close: () => {},
})
const bytes = (data: Float32Array) => Buffer.from(data.buffer)
const noise = (width: number, height: number, channels: 1 | 3) => {
  const rng = random(5)
  return made(width, height, channels, () => Math.fround(rng.uniform()))
}

const plans = [
  [100, 70, 32, 8],
  [33, 33, 32, 16],
  [64, 64, 32, 0],
  [65, 31, 16, 8],
  [20, 90, 32, 7],
  [10, 10, 32, 8],
  [1, 1, 8, 2],
  [257, 129, 64, 32],
] as const

describe('tiles', () => {
  it.each(plans)(
    '%i × %i by %i, overlap %i: weights sum to exactly 1, at most two a pixel',
    (width, height, size, overlap) => {
      const plan = planTiles({ width, height }, size, overlap)
      for (const [axis, length] of [
        [plan.columns, width],
        [plan.rows, height],
      ] as const) {
        const sums = new Float64Array(length)
        const counts = new Uint8Array(length)
        axis.starts.forEach((start, i) =>
          axis.weights[i]!.forEach((weight, k) => {
            if (start + k < 0 || start + k >= length) return
            sums[start + k]! += weight
            if (weight > 0) counts[start + k]!++
          }),
        )
        expect(sums.every((sum) => sum === 1)).toBe(true)
        expect(Math.max(...counts)).toBeLessThanOrEqual(2)
        for (let i = 1; i < axis.starts.length; i++)
          expect(axis.starts[i - 1]! + size - axis.starts[i]!).toBeGreaterThanOrEqual(overlap)
      }
    },
  )

  it.each(plans)(
    '%i × %i by %i, overlap %i: constant and linear maps come back as they are',
    async (width, height, size, overlap) => {
      const plan = planTiles({ width, height }, size, overlap)
      const maps = {
        constant: () => Math.fround(0.1234567),
        linear: (x: number, y: number) => Math.fround(x / 8 - y / 4 + 3),
      }
      for (const value of Object.values(maps)) {
        const out = new Float32Array(width * height)
        let next = 0
        let progress = 0
        const bands = stitchTiles(
          readerOf(picture(width, height, 1)),
          plan,
          (tiles) => tiles.map(({ x, y }) => made(size, size, 1, (dx, dy) => value(x + dx, y + dy)).data),
          { batch: 3, progress: (done, total) => ((progress = done), expect(total).toBe(tileCount(plan))) },
        )
        for await (const { y, rows, data } of bands) {
          expect(y).toBe(next)
          expect(data.length).toBe(rows * width)
          out.set(data, y * width)
          next += rows
        }
        expect(next).toBe(height)
        expect(progress).toBe(tileCount(plan))
        expect(Buffer.compare(bytes(out), bytes(made(width, height, 1, value).data))).toBe(0)
      }
    },
  )

  it('gives the scorer the picture itself, its edge repeated beyond it', async () => {
    const source = noise(40, 30, 3)
    const plan = planTiles(source, 16, 4)
    const grey = withChannels(source, 1)
    const out = new Float32Array(40 * 30)
    for await (const { y, data } of stitchTiles(readerOf(source), plan, (tiles) =>
      tiles.map((tile) => withChannels(tile.picture, 1).data),
    ))
      out.set(data, y * 40)
    expect(out).toBeAllclose(grey.data, { relative: 0, absolute: 1e-7 })
  })

  it('refuses overlaps beyond half a tile, and maps of another size', async () => {
    expect(() => planTiles({ width: 50, height: 50 }, 16, 9)).toThrow(RangeError)
    const bands = stitchTiles(readerOf(picture(20, 20, 1)), planTiles({ width: 20, height: 20 }, 16, 4), (tiles) =>
      tiles.map(() => new Float32Array(3)),
    )
    await expect(bands.next()).rejects.toThrow(/16 × 16/)
  })
})

describe('resize', () => {
  it('averages areas: whole blocks exactly, and the mean stays', () => {
    const small = resize(
      made(4, 2, 1, (x, y) => x + 10 * y),
      2,
      1,
    )
    expect([...small.data]).toEqual([5.5, 7.5])
    const source = noise(50, 37, 3)
    const mean = ({ data }: Picture) => data.reduce((sum, value) => sum + value, 0) / data.length
    expect(mean(resize(source, 7, 5))).toBeCloseTo(mean(source), 6)
  })

  it('keeps constants, and linear ramps when it enlarges', () => {
    expect(
      [
        ...resize(
          made(9, 5, 3, () => 0.25),
          4,
          11,
        ).data,
      ].every((value) => value === 0.25),
    ).toBe(true)
    const wide = resize(
      made(5, 1, 1, (x) => x),
      20,
      1,
    ).data
    for (let i = 2; i < 18; i++) expect(wide[i]!).toBeCloseTo((i + 0.5) / 4 - 0.5, 6)
    expect([
      ...resize(
        made(1, 1, 1, () => 0.5),
        3,
        3,
      ).data,
    ]).toEqual(new Array(9).fill(0.5))
  })

  it('by bands equals the whole', () => {
    const source = noise(1100, 60, 3)
    for (const [width, height] of [
      [64, 64],
      [31, 200],
    ] as const) {
      const [bands, whole] = [readResized(readerOf(source), width, height), resize(source, width, height)]
      expect(Buffer.compare(bytes(bands.data), bytes(whole.data))).toBe(0)
    }
  })
})

describe('fitSquare', () => {
  it('pads with the edge and keeps the aspect', () => {
    const fitted = fitSquare(
      made(40, 20, 1, (x, y) => (y < 10 ? 0.25 : 0.75)),
      16,
    )
    expect(placement(40, 20, 16).inSquare).toEqual({ x: 0, y: 4, width: 16, height: 8 })
    const column = Array.from({ length: 16 }, (_, y) => fitted.data[y * 16 + 3])
    expect(column).toEqual([...new Array(8).fill(0.25), ...new Array(8).fill(0.75)])
  })

  it('crops the middle', () => {
    const fitted = fitSquare(
      made(40, 20, 1, (x) => x / 64),
      20,
      'crop',
    )
    expect([fitted.data[0], fitted.data[19]]).toEqual([10 / 64, 29 / 64])
  })

  it.each([
    [40, 24, 'pad'],
    [24, 40, 'pad'],
    [16, 16, 'pad'],
    [300, 2, 'pad'],
    [40, 24, 'crop'],
  ] as const)('brings a map of %i × %i back to its place (%s)', (width, height, mode) => {
    const source = noise(width, height, 1)
    const size = 64
    const fitted = fitSquare(source, size, mode)
    expect([fitted.width, fitted.height]).toEqual([size, size])
    const back = unfitMap(new Float32Array(size * size).fill(1), placement(width, height, size, mode))
    expect(back.length).toBe(width * height)
    const middle = back[Math.floor(height / 2) * width + Math.floor(width / 2)]
    expect(middle).toBe(1)
    if (mode === 'pad') expect(back.every((value) => value === 1)).toBe(true)
    else expect(back[0]).toBe(0)
    expect(readFitted(readerOf(source), size, mode)).toEqual(fitted)
  })
})
