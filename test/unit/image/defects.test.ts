import { describe, expect, it } from 'vitest'
import { defectKinds, paintDefect, picture, surfaceSet, syntheticName, type Picture } from '../../../src-main/image'
import { random } from '../../../src-main/lib/random'

const bytes = ({ data }: Picture) => Buffer.from(data.buffer)

const texture = (width: number, height: number, channels: 1 | 3, seed = 1) => {
  const rng = random(seed)
  return picture(
    width,
    height,
    channels,
    Float32Array.from(
      { length: width * height * channels },
      (_, i) => 0.3 + 0.3 * rng.uniform() + 0.1 * Math.sin(i / 9),
    ),
  )
}

describe('painted defects', () => {
  it.each(defectKinds)('%s: changes what its mask marks and nothing else, the same for the same seed', (kind) => {
    for (const [width, height, channels] of [
      [64, 64, 1],
      [96, 40, 3],
      [8, 8, 1],
      [28, 28, 1],
    ] as const)
      for (let seed = 0; seed < 6; seed++) {
        const source = texture(width, height, channels)
        const { picture: painted, mask } = paintDefect(source, kind, random(seed))
        let marked = 0
        let changed = 0
        let outside = 0
        for (let i = 0; i < mask.data.length; i++) {
          let same = true
          for (let k = i * channels; k < (i + 1) * channels; k++) same &&= painted.data[k] === source.data[k]
          if (mask.data[i] === 0) outside += same ? 0 : 1
          else {
            marked++
            if (!same) changed++
          }
        }
        expect(outside).toBe(0)
        expect(marked).toBeGreaterThan(0)
        expect(marked).toBeLessThan(width * height * 0.5)
        expect(changed / marked).toBeGreaterThan(0.9)
        expect(painted.data.every((value) => value >= 0 && value <= 1)).toBe(true)
        expect(Buffer.compare(bytes(paintDefect(source, kind, random(seed)).picture), bytes(painted))).toBe(0)
      }
  })

  it('can be seen on black, white and flat grey', () => {
    for (const kind of defectKinds)
      for (const level of [0, 0.5, 1]) {
        const source = picture(64, 64, 1, new Float32Array(4096).fill(level))
        let seen = 0
        for (let seed = 0; seed < 8; seed++) {
          const painted = paintDefect(source, kind, random(seed)).picture
          if (painted.data.some((value) => Math.abs(value - level) > 0.04)) seen++
        }
        expect(seen).toBeGreaterThanOrEqual(kind === 'cut-paste' ? 2 : 8)
      }
  })

  it('refuses pictures too small to show one', () => {
    expect(() => paintDefect(texture(7, 7, 1), 'blob', random(1))).toThrow(RangeError)
  })
})

/** A picture whose pixels are all different. */
const numbered = (width: number, height: number) =>
  picture(
    width,
    height,
    1,
    Float32Array.from({ length: width * height }, (_, i) => i / (width * height)),
  )

describe('surfaceSet', () => {
  it.each([
    ['wide', 160, 100],
    ['high', 64, 250],
  ])('trains, holds out and tests on parts of a %s texture that share no pixel', (_, width, height) => {
    const source = numbered(width, height)
    const options = { size: 32, train: 40, validation: 30, normals: 12, defects: 8, seed: 4 }
    const { train, validation, test } = surfaceSet(source, options)
    const good = test.filter(({ defect }) => defect === null).map((item) => item.picture)
    expect([train.length, validation.length, good.length]).toEqual([40, 30, 12])
    const [learned, held, tested] = [train, validation, good].map(
      (pieces) => new Set(pieces.flatMap(({ data }) => [...data])),
    )
    const shared = (a: Set<number>, b: Set<number>) => [...a].filter((value) => b.has(value)).length
    expect([shared(learned!, held!), shared(learned!, tested!), shared(held!, tested!)]).toEqual([0, 0, 0])
    // Each part is used to its edges, or nearly so.
    expect(learned!.size + held!.size + tested!.size).toBeGreaterThan(0.8 * width * height)
    expect(surfaceSet(source, options).validation.map(bytes)).toEqual(validation.map(bytes))
  })

  it('tests with the same pieces whether any are held out or not', () => {
    const source = texture(160, 100, 1)
    const options = { size: 32, train: 20, normals: 5, defects: 8, seed: 4 }
    const some = surfaceSet(source, { ...options, validation: 25 })
    const none = surfaceSet(source, { ...options, validation: 0 })
    expect(none.validation).toEqual([])
    expect(none.test.map(({ picture: p }) => bytes(p))).toEqual(some.test.map(({ picture: p }) => bytes(p)))
    expect(none.test.map(({ mask }) => mask)).toEqual(some.test.map(({ mask }) => mask))
  })

  it('names its defects synthetic, and refuses a texture that is too small', () => {
    const source = texture(128, 200, 1)
    const options = { size: 32, train: 20, validation: 10, normals: 5, defects: 8, seed: 4 }
    const { test } = surfaceSet(source, options)
    expect(new Set(test.map(({ defect }) => defect))).toEqual(new Set([null, ...defectKinds.map(syntheticName)]))
    expect(test.every(({ defect, mask }) => (defect === null) === (mask === null))).toBe(true)
    const again = surfaceSet(source, options)
    expect(again.test.every((item, i) => Buffer.compare(bytes(item.picture), bytes(test[i]!.picture)) === 0)).toBe(true)
    expect(() => surfaceSet(source, { ...options, size: 100 })).toThrow(/too small/)
    // A piece to test with and one to train on, but none beside it.
    const square = { ...options, size: 80 }
    expect(() => surfaceSet(source, square)).toThrow(/too small/)
    expect(surfaceSet(source, { ...square, validation: 0 }).train.length).toBe(20)
  })
})
