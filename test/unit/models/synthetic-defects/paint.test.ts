import { describe, expect, it } from 'vitest'
import { random } from '../../../../src-main/lib/random'
import { region, smoothNoise, strokes } from '../../../../src-main/models/synthetic-defects/coverage'
import { paintBatch, paintedFamilies } from '../../../../src-main/models/synthetic-defects/paint'
import { turn } from '../../../../src-main/models/synthetic-defects/squares'

/** A fine texture of [count, channels, 48, 48]. */
const textures = (count: number, channels: number) =>
  random(3)
    .fillNormal(new Float32Array(count * channels * 48 * 48), 0.2)
    .map((value) => Math.min(Math.max(value, -1), 1))

describe.each(paintedFamilies)('painted %s', (family) => {
  const options = { families: [family], crop: 32, clean: 0, balance: 3, turned: false, varied: 0 }

  it.each([1, 3])('mark what they change, in %d channels, and stay within −1 and 1', (channels) => {
    const sources = textures(24, channels)
    const before = sources.slice()
    const shape = [channels, 48, 48] as const
    const painted = paintBatch(sources, 24, shape, options, random(8))
    const bare = paintBatch(sources, 24, shape, { ...options, clean: 1 }, random(8))
    expect(sources).toEqual(before)
    expect(bare.masks.every((mark) => mark === 0)).toBe(true)
    expect(painted.images.every((value) => value >= -1 && value <= 1)).toBe(true)
    // The first image is cut at the same place in the same light with and without paint.
    const [plane, size] = [32 * 32, channels * 32 * 32]
    let changed = 0
    for (let i = 0; i < size; i++) {
      if (painted.images[i] === bare.images[i]) continue
      changed++
      expect(painted.masks[i % plane]).toBe(1)
    }
    const usual = painted.weights.filter((_, i) => painted.masks[i] === 0)
    expect(usual.every((weight) => weight === 1)).toBe(true)
    const counted = painted.weights.filter((_, i) => painted.masks[i] === 1)
    expect(counted.every((weight) => weight >= 1.5 && weight <= 9)).toBe(true)
    const marked = Array.from({ length: 24 }, (_, i) => painted.masks.subarray(i * plane, (i + 1) * plane).includes(1))
    expect(changed > 0).toBe(marked[0])
    expect(marked.filter(Boolean).length).toBeGreaterThan(12)
    const share = painted.masks.reduce((sum, mark) => sum + mark, 0) / painted.masks.length
    expect(share).toBeGreaterThan(0.01)
    expect(share).toBeLessThan(0.5)
  })

  it('come out the same from the same state, and otherwise from another', () => {
    const once = (seed: number) => paintBatch(textures(6, 1), 6, [1, 48, 48], options, random(seed))
    expect(once(1)).toEqual(once(1))
    expect(once(1)).not.toEqual(once(2))
  })
})

it.each(['lines', 'stains'] as const)('paints no %s that drown in the texture', (family) => {
  const options = { families: [family], crop: 32, clean: 0, balance: 3, turned: false, varied: 0 }
  let seen = 0
  for (let seed = 0; seed < 60; seed++) {
    const once = (clean: number) => paintBatch(textures(1, 1), 1, [1, 48, 48], { ...options, clean }, random(seed))
    const [painted, bare] = [once(0), once(1)]
    const mean = bare.images.reduce((sum, value) => sum + value, 0) / 1024
    const deviation = Math.sqrt(bare.images.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 1024)
    const marked = painted.masks.reduce((sum, mark) => sum + mark, 0)
    if (marked === 0) continue
    seen++
    const change = painted.images.reduce((sum, value, i) => sum + Math.abs(value - bare.images[i]!), 0) / marked
    // Where two of them cross, the second may take back what the first changed.
    expect(change / deviation).toBeGreaterThan(0.5)
  }
  expect(seen).toBeGreaterThan(20)
})

it('leaves about as many clean as asked', () => {
  const { masks } = paintBatch(
    textures(40, 1),
    40,
    [1, 48, 48],
    { families: paintedFamilies, ...{ crop: 32, clean: 0.5, balance: 3, turned: true, varied: 0 } },
    random(2),
  )
  const clean = Array.from({ length: 40 }, (_, i) => !masks.subarray(i * 1024, (i + 1) * 1024).includes(1))
  expect(clean.filter(Boolean).length).toBeGreaterThan(12)
  expect(clean.filter(Boolean).length).toBeLessThan(34)
})

it('varies squares by turning and scaling them, without a defect and without much blur', () => {
  const options = { families: paintedFamilies, crop: 32, clean: 1, balance: 3, turned: true }
  const sources = textures(24, 1)
  const deviation = (images: Float32Array) =>
    Math.sqrt(images.reduce((sum, value) => sum + value ** 2, 0) / images.length)
  const bare = paintBatch(sources, 24, [1, 48, 48], { ...options, varied: 0 }, random(8))
  const varied = paintBatch(sources, 24, [1, 48, 48], { ...options, varied: 1 }, random(8))
  expect(varied.masks.every((mark) => mark === 0)).toBe(true)
  expect(varied.images.every((value) => value >= -1 && value <= 1)).toBe(true)
  // White noise loses strength between pixels by any interpolation: linear ones leave two thirds.
  expect(deviation(varied.images) / deviation(bare.images)).toBeGreaterThan(0.7)
  // Where light falls off evenly, the change from pixel to pixel tells the scale, of its directions the angle.
  const ramp = Float32Array.from({ length: 48 * 48 }, (_, i) => (i % 48) / 48 - 0.5)
  const steps = Array.from({ length: 40 }, (_, seed) => {
    const one = paintBatch(ramp, 1, [1, 48, 48], { ...options, varied: 1, turned: false }, random(seed)).images
    const [across, down] = [one[17]! - one[16]!, one[16 + 32]! - one[16]!]
    return { angle: Math.atan2(down, across), scale: Math.hypot(across, down) * 48 }
  })
  for (const { angle, scale } of steps) {
    expect(Math.abs(angle)).toBeLessThan(0.13)
    expect(scale).toBeGreaterThan(0.4)
    expect(scale).toBeLessThan(2)
  }
  expect(new Set(steps.map(({ angle }) => angle.toFixed(3))).size).toBeGreaterThan(20)
})

it('covers from 0 to 1, by strokes that are thin and regions that are not', () => {
  const draws = random(6)
  const areas = (make: () => Float32Array) =>
    Array.from({ length: 30 }, () => {
      const coverage = make()
      expect(coverage.every((value) => value >= 0 && value <= 1)).toBe(true)
      return coverage.reduce((sum, value) => sum + value, 0)
    })
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  expect(mean(areas(() => strokes(64, draws)))).toBeLessThan(0.2 * 64 * 64)
  expect(mean(areas(() => region(64, draws, { least: 0.1, most: 0.4, ragged: 0.5, soft: 0.5 })))).toBeGreaterThan(100)
})

it('makes noise that is smooth, bounded and not constant', () => {
  const noise = smoothNoise(random(9), 8)
  const values = Array.from({ length: 400 }, (_, i) => noise(i / 4, 7))
  expect(values.every((value) => value >= -1 && value <= 1)).toBe(true)
  expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.5)
  for (let i = 1; i < values.length; i++) expect(Math.abs(values[i]! - values[i - 1]!)).toBeLessThan(0.15)
})

it('turns images in eight ways that are all different, and none that loses a pixel', () => {
  const image = () => Float32Array.from({ length: 2 * 9 }, (_, i) => i)
  const seen = new Set<string>()
  for (let way = 0; way < 8; way++) {
    const turned = image()
    turn(turned, 3, way)
    seen.add(turned.join())
    expect([...turned.subarray(0, 9)].sort((a, b) => a - b)).toEqual([...image().subarray(0, 9)])
    expect([...turned.subarray(9)]).toEqual([...turned.subarray(0, 9)].map((value) => value + 9))
  }
  expect(seen.size).toBe(8)
  const still = image()
  turn(still, 3, 0)
  expect(still).toEqual(image())
})
