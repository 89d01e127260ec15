import { describe, expect, test } from 'vitest'
import { bitMask } from '../../src-renderer/masks/bit-mask'
import { readCoco, writeCoco } from '../../src-renderer/masks/coco'
import { maskPng } from '../../src-renderer/masks/mask-png'
import { readMask } from '../../src-renderer/masks/mask-files'
import { fillPolygon, fillRegion, fillStroke } from '../../src-renderer/masks/shapes'

const rows = { from: 0, to: 300 }
const onOf = (data: Uint8Array) => data.reduce((sum, value) => sum + value, 0)

describe('strokes and areas', () => {
  test('a stroke covers just the pixels whose centres are near enough', () => {
    const mask = bitMask(60, 40)
    const [a, b, radius] = [{ x: 12.3, y: 10.7 }, { x: 45.1, y: 27.2 }, 6.5]
    fillStroke(a, b, radius, { from: 0, to: 40 }, (y, from, to) => mask.span(y, from, to, 1))
    const length = Math.hypot(b.x - a.x, b.y - a.y)
    for (let y = 0; y < 40; y++)
      for (let x = 0; x < 60; x++) {
        const [px, py] = [x + 0.5 - a.x, y + 0.5 - a.y]
        const t = Math.min(1, Math.max(0, (px * (b.x - a.x) + py * (b.y - a.y)) / length ** 2))
        const distance = Math.hypot(px - t * (b.x - a.x), py - t * (b.y - a.y))
        if (Math.abs(distance - radius) > 1e-6)
          expect(mask.data[y * 60 + x], `${x} ${y}`).toBe(Number(distance <= radius))
      }
  })

  test('the smallest brush sets the pixel that it is in', () => {
    const mask = bitMask(4, 4)
    const at = { x: 2, y: 2 }
    fillStroke(at, at, 0.5, { from: 0, to: 4 }, (y, from, to) => mask.span(y, from, to, 1))
    expect(mask.data[2 * 4 + 2]).toBe(1)
  })

  test('a polygon holds what it goes around an odd number of times', () => {
    const mask = bitMask(10, 10)
    const square = [0, 1, 2, 3].map((i) => ({ x: i === 1 || i === 2 ? 8 : 2, y: i > 1 ? 9 : 3 }))
    fillPolygon(square, { from: 0, to: 10 }, (y, from, to) => mask.span(y, from, to, 1))
    expect(mask.on).toBe(36)
    expect(mask.data[3 * 10 + 2]).toBe(1)
    expect(mask.data[9 * 10 + 2]).toBe(0)
    fillPolygon(square.slice(0, 2), rows, () => expect.unreachable())
  })

  test('a fill reaches what is connected at the level', () => {
    const map = [0, 9, 9, 0, 9, 0, 0, 0, 9, 0, 0, 0]
    const found: string[] = []
    const size = { width: 4, height: 3 }
    fillRegion(map, size, { x: 1, y: 0 }, 5, (y, from, to) => found.push(`${y}:${from}-${to}`))
    expect(found.sort()).toEqual(['0:1-3'])
    const other: string[] = []
    fillRegion(map, size, { x: 0, y: 2 }, 5, (y, from, to) => other.push(`${y}:${from}-${to}`))
    expect(other.sort()).toEqual(['1:0-1', '2:0-1'])
    fillRegion(map, size, { x: 0, y: 0 }, 5, () => expect.unreachable())
  })
})

describe('a mask', () => {
  const draw = (mask: ReturnType<typeof bitMask>, seed: number, value: 0 | 1) => {
    mask.begin()
    const at = (k: number) => ({ x: (seed * 7919 * k) % 300, y: (seed * 104_729 * k) % 300 })
    for (let k = 1; k < 5; k++) fillStroke(at(k), at(k + 1), 9, rows, (y, from, to) => mask.span(y, from, to, value))
    return mask.end()!
  }

  test('takes strokes back and again, to the pixel', () => {
    const mask = bitMask(300, 300)
    const states = [mask.data.slice()]
    const steps = [1, 2, 3, 4].map((seed) => {
      const step = draw(mask, seed, seed === 3 ? 0 : 1)
      states.push(mask.data.slice())
      return step
    })
    for (let i = 3; i >= 0; i--) {
      steps[i] = mask.restore(steps[i]!)
      expect(mask.data).toEqual(states[i])
      expect(mask.on).toBe(onOf(states[i]!))
    }
    for (let i = 0; i < 4; i++) {
      steps[i] = mask.restore(steps[i]!)
      expect(mask.data).toEqual(states[i + 1])
    }
    expect(steps[0]!.bytes).toBeLessThan(300 * 300)
  })

  test('says what changed, and that nothing did', () => {
    const mask = bitMask(100, 50)
    mask.begin()
    mask.span(10, -5, 20, 1)
    mask.span(12, 90, 400, 1)
    mask.span(99, 0, 5, 1)
    expect(mask.takeDirty()).toEqual({ x: 0, y: 10, width: 100, height: 3 })
    expect(mask.takeDirty()).toBeNull()
    expect(mask.end()).not.toBeNull()
    mask.begin()
    mask.span(10, 0, 20, 1)
    expect(mask.end()).toBeNull()
    expect(mask.on).toBe(30)
    expect(mask.packed()).toHaveLength(625)
    expect(mask.packed()[125]).toBe(255)
  })

  test('is written as a PNG that reads as it was', async () => {
    const mask = bitMask(300, 300)
    draw(mask, 5, 1)
    const blob = await maskPng(mask.data, 300, 300)
    expect(await readMask(blob, { width: 300, height: 300 }, (found) => found)).toEqual(mask.data)
    await expect(readMask(blob, { width: 300, height: 200 }, (found) => `found ${found}`)).rejects.toThrow('300 × 300')
  })
})

describe('COCO', () => {
  const picture = { name: 'cloth.png', width: 30, height: 20 }
  const mask = new Uint8Array(600).map((_, i) => Number((i * 7919) % 13 < 4))
  const file = (segmentation: unknown, image: object = {}) =>
    JSON.stringify({
      images: [{ id: 5, file_name: 'a/cloth.png', width: 30, height: 20, ...image }],
      annotations: [
        { image_id: 5, segmentation },
        { image_id: 6, segmentation: [[0, 0, 30, 0, 30, 20, 0, 20]] },
      ],
    })

  test('reads what it writes', () => {
    expect(readCoco(writeCoco(mask, picture, 'stain'), picture)).toEqual(mask)
    expect(onOf(readCoco(writeCoco(new Uint8Array(600), picture, 'stain'), picture))).toBe(0)
  })

  test('reads polygons, and compressed run lengths as pycocotools writes them', () => {
    expect(onOf(readCoco(file([[2, 3, 8, 3, 8, 9, 2, 9]]), picture))).toBe(36)
    // Run lengths 45, 5, 550 in 20 rows: the third column's last five pixels.
    const read = readCoco(file({ size: [20, 30], counts: ']15Va0' }), picture)
    expect([...read].flatMap((on, i) => (on ? [i] : []))).toEqual([5, 6, 7, 8, 9].map((row) => row * 30 + 2))
  })

  test('refuses what is no such file, of another size, or beyond the picture', () => {
    const hostile: [string, RegExp][] = [
      ['{', /JSON/],
      ['[]', /object/],
      [
        JSON.stringify({
          images: [
            { id: 1, file_name: 'x' },
            { id: 2, file_name: 'y' },
          ],
        }),
        /cloth.png/,
      ],
      [file([], { width: 31 }), /31 × 20/],
      [file({ size: [30, 20], counts: [600] }), /20 × 30/],
      [file({ size: [20, 30], counts: [600, 1] }), /run lengths/],
      [file({ size: [20, 30], counts: [-1, 601] }), /run lengths/],
      [file({ size: [20, 30], counts: [1e9] }), /run lengths/],
      [file({ size: [20, 30], counts: '\u0001' }), /damaged/],
      [file({ size: [20, 30], counts: 'oooooooooooo' }), /damaged|run lengths/],
      [file([[1, 2, 3]]), /polygon/],
      [file([[1, 2, 1e300, 4]]), /polygon/],
      [file(7), /neither/],
    ]
    for (const [text, why] of hostile) expect(() => readCoco(text, picture), text.slice(0, 60)).toThrow(why)
  })
})
