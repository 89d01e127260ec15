import { describe, expect, it } from 'vitest'
import type { Picture } from '../../../../src-main/image'
import { random } from '../../../../src-main/lib/random'
import { prepareImage, preparationInWords } from '../../../../src-main/models/anomaly/prepare-image'
import { imagesOf, View } from '../../../../src-main/models/anomaly/view'

const noise = (count: number, seed = 1) => {
  const data = new Float32Array(count)
  random(seed).fillUniform(data)
  return data
}
const mean = (x: Float32Array) => x.reduce((sum, value) => sum + value, 0) / x.length
const deviation = (x: Float32Array) => Math.sqrt(mean(x.map((value) => value ** 2)) - mean(x) ** 2)

describe('prepareImage', () => {
  it('leaves an image alone unless told otherwise', () => {
    const image = noise(3 * 8 * 8)
    const before = image.slice()
    prepareImage(image, [3, 8, 8], { blur: 0, contrast: 'kept' })
    expect(image).toEqual(before)
  })

  it('brings every image to one mean and deviation, whatever its light', () => {
    const image = noise(12 * 12)
    const dim = image.map((value) => 0.1 * value - 0.7)
    for (const each of [image, dim]) prepareImage(each, [1, 12, 12], { blur: 0, contrast: 'even' })
    expect(mean(image)).toBeCloseTo(0, 6)
    expect(deviation(image)).toBeCloseTo(0.25, 5)
    expect(dim).toBeAllclose(image, { absolute: 1e-5 })
  })

  it('keeps to the range, and stretches no noise of a flat image beyond sense', () => {
    const spike = new Float32Array(400).fill(-1)
    spike[7] = 1
    const flat = new Float32Array(400).fill(0.3).map((value, i) => value + (i % 2 ? 1e-4 : -1e-4))
    for (const each of [spike, flat]) prepareImage(each, [1, 20, 20], { blur: 0, contrast: 'even' })
    expect(spike[7]).toBe(1)
    expect(Math.max(...flat.map(Math.abs))).toBeLessThan(0.01)
  })

  it('softens by a Gaussian: a constant stays, a point spreads to its deviation, channels do not mix', () => {
    const side = 31
    const image = new Float32Array(2 * side * side)
    image.fill(0.25, side * side)
    const middle = 15 * side + 15
    image[middle] = 1
    prepareImage(image, [2, side, side], { blur: 1.5, contrast: 'kept' })
    const [point, constant] = [image.subarray(0, side * side), image.subarray(side * side)]
    expect(Math.max(...constant.map((value) => Math.abs(value - 0.25)))).toBeLessThan(1e-6)
    expect(point.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5)
    const spread = point.reduce((sum, value, i) => sum + value * ((i % side) - 15) ** 2, 0)
    expect(Math.sqrt(spread)).toBeCloseTo(1.5, 2)
    expect(point[middle + 1]! / point[middle]!).toBeCloseTo(Math.exp(-0.5 / 1.5 ** 2), 4)
  })

  it('is part of how a detector sees pictures, and old packs see them as they are', () => {
    const picture: Picture = { width: 8, height: 8, channels: 1, depth: 8, data: noise(64) }
    const old = View.parse({ mode: 'whole', size: 8, channels: 1, overlap: 2 })
    const even = { ...old, contrast: 'even' as const }
    expect(old).toMatchObject({ blur: 0, contrast: 'kept' })
    expect(imagesOf([picture], old).data).toBeAllclose(
      picture.data.map((value) => 2 * value - 1),
      { absolute: 1e-6 },
    )
    expect(deviation(imagesOf([picture, picture], even).data)).toBeCloseTo(0.25, 5)
  })

  it('says what it does', () => {
    expect(preparationInWords({ blur: 0, contrast: 'kept' })).toBe('')
    expect(preparationInWords({ blur: 1, contrast: 'even' })).toMatch(/deviation 1 pixels, then brought to mean 0/)
  })
})
