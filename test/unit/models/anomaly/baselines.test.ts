import { beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type Device } from '../../../../src-main/compute'
import { float32, type NDArray } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import type { FitContext } from '../../../../src-main/models/anomaly/detector'
import { addVectors, emptySums, gaussiansOf, withoutPlaces } from '../../../../src-main/models/anomaly/gaussians'
import { imagesInMemory } from '../../../../src-main/models/anomaly/image-source'
import { patchGaussian, PatchGaussianSettings } from '../../../../src-main/models/anomaly/patch-gaussian'
import { pca } from '../../../../src-main/models/anomaly/pca'
import { principalComponents } from '../../../../src-main/models/anomaly/principal-components'
import { symmetricEigen } from '../../../../src-main/models/anomaly/symmetric-eigen'
import { blobs } from '../../../helpers/blobs'

let devices: Record<'cpu' | 'reference', Device>
beforeAll(async () => {
  devices = { cpu: await openDevice('cpu'), reference: await openDevice('reference') }
})

const context = (device: Device, more: Partial<FitContext> = {}): FitContext => ({
  ...{ device, seed: 1, progress: () => {}, checkCancelled: () => {} },
  ...more,
})

const part = ({ shape, data }: NDArray, first: number, count: number): NDArray => {
  const size = data.length / shape[0]!
  return float32([count, ...shape.slice(1)], (data as Float32Array).slice(first * size, (first + count) * size))
}

const mean = (numbers: ArrayLike<number>) => Array.from(numbers).reduce((sum, x) => sum + x, 0) / numbers.length

describe('eigenvectors of a symmetric matrix', () => {
  it('are orthonormal and give the matrix back', () => {
    const size = 12
    const draws = random(2)
    const half = Float64Array.from({ length: size * size }, () => draws.normal())
    const matrix = Float64Array.from(half, (_, i) => half[i]! + half[(i % size) * size + Math.floor(i / size)]!)
    const { values, vectors } = symmetricEigen(matrix, size)
    expect([...values]).toEqual([...values].sort((a, b) => b - a))
    const back = (i: number, j: number) =>
      values.reduce((sum, value, k) => sum + value * vectors[i * size + k]! * vectors[j * size + k]!, 0)
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) expect(back(i, j)).toBeCloseTo(matrix[i * size + j]!, 10)
  })
})

describe('principal components', () => {
  it('are those of the covariance, and leave a residual at right angles to them', async () => {
    const images = blobs(70, 8)
    const {
      components,
      variances,
      mean: centre,
    } = await principalComponents(imagesInMemory(images), 5, context(devices.cpu))
    const [count, size] = [70, 64]
    const covariance = new Float64Array(size * size)
    for (let n = 0; n < count; n++)
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++)
          covariance[i * size + j]! +=
            ((images.data[n * size + i]! - centre[i]!) * (images.data[n * size + j]! - centre[j]!)) / (count - 1)
    const exact = symmetricEigen(covariance, size)
    for (let k = 0; k < 5; k++) {
      expect(variances[k]! / exact.values[k]!).toBeCloseTo(1, 3)
      let along = 0
      for (let i = 0; i < size; i++) along += components[k * size + i]! * exact.vectors[i * size + k]!
      expect(Math.abs(along)).toBeCloseTo(1, 3)
    }

    const detector = await pca.open(
      {
        mean: float32([size], centre),
        components: float32([5, size], components),
        shape: float32([3], Float32Array.of(1, 8, 8)),
      },
      devices.cpu,
    )
    const one = blobs(1, 8, { seed: 7, odd: true })
    const { terms, map } = await detector.score(one)
    const scores = terms['residual']!
    await detector.close()
    // What the components cannot say: by Pythagoras, all of the image less what they can.
    const centred = Float64Array.from(one.data, (x, i) => x - centre[i]!)
    const total = centred.reduce((sum, x) => sum + x * x, 0)
    let said = 0
    for (let k = 0; k < 5; k++) {
      let along = 0
      for (let i = 0; i < size; i++) along += components[k * size + i]! * centred[i]!
      said += along * along
    }
    expect(scores[0]! * size).toBeCloseTo(total - said, 3)
    expect((map.data as Float32Array).reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(total - said, 3)
  })
})

describe('Gaussians at places', () => {
  /** 200 vectors of 3 features at 2 places, [features, places] each. */
  const drawn = () => {
    const draws = random(5)
    return Array.from({ length: 200 }, () => {
      const [a, b, c] = [draws.normal(), draws.normal(), draws.normal()]
      return Float32Array.of(a, 5 + b, a + 0.3 * b, 2 * c, 3 * c + a, b + draws.normal())
    })
  }
  const distance = (
    { mean, whiten }: ReturnType<typeof gaussiansOf>,
    vector: Float32Array,
    place: number,
    places = 2,
  ) => {
    let sum = 0
    for (let i = 0; i < 3; i++) {
      let row = 0
      for (let j = 0; j <= i; j++)
        row += whiten[(place * 3 + i) * 3 + j]! * (vector[j * 2 + (places === 1 ? 0 : place)]! - mean[place * 3 + j]!)
      sum += row * row
    }
    return sum
  }

  it('have a mean squared Mahalanobis distance of the number of features over what they were fitted to', () => {
    const vectors = drawn()
    const sums = emptySums(2, 3)
    for (const vector of vectors) addVectors(sums, vector)
    const found = gaussiansOf(sums, { prior: 0, ridge: 0 })
    for (const place of [0, 1]) expect(mean(vectors.map((vector) => distance(found, vector, place)))).toBeCloseTo(3, 4)
    expect(withoutPlaces(sums)).toMatchObject({ places: 1, count: 400 })
    const pooled = gaussiansOf(withoutPlaces(sums), { prior: 0, ridge: 0 })
    expect(pooled.mean[0]).toBeCloseTo(mean([...vectors.map((v) => v[0]!), ...vectors.map((v) => v[1]!)]), 5)
  })

  it('stay sound with a single vector, or with one that never changes', () => {
    const sums = emptySums(2, 3)
    for (let i = 0; i < 2; i++) addVectors(sums, Float32Array.of(1, 2, 3, 4, 5, 6))
    const { whiten } = gaussiansOf(sums)
    expect(whiten.every(Number.isFinite)).toBe(true)
  })
})

const methods = [
  ['pca', pca, { components: 4 }],
  ['patch-gaussian', patchGaussian, PatchGaussianSettings.parse({ cell: 4, filters: 3, scales: 3 })],
  ['patch-gaussian', patchGaussian, PatchGaussianSettings.parse({ cell: 2, filters: 4, scales: 3, score: 'mean' })],
  [
    'patch-gaussian',
    patchGaussian,
    PatchGaussianSettings.parse({ cell: 4, filters: 4, scales: 1, positionFree: true }),
  ],
  ['patch-gaussian', patchGaussian, PatchGaussianSettings.parse({ cell: 2, bank: 'whitening', window: 3 })],
] as const

describe.each(methods)('%s', (kind, method, settings) => {
  const term = kind === 'pca' ? 'residual' : 'distance'
  const fit = (images: NDArray, device: Device) =>
    method.fit(imagesInMemory(images), settings as never, context(device))

  it('scores odd images above normal ones, with a map as large as the image', async () => {
    const detector = await method.open(await fit(blobs(120, 16, { channels: 3 }), devices.cpu), devices.cpu)
    const normal = await detector.score(blobs(40, 16, { channels: 3, seed: 2 }))
    const odd = await detector.score(blobs(40, 16, { channels: 3, seed: 3, odd: true }))
    await detector.close()
    expect(method.kind).toBe(kind)
    expect(normal.map.shape).toEqual([40, 16, 16])
    expect(mean(odd.terms[term]!)).toBeGreaterThan(1.5 * mean(normal.terms[term]!))
    const above = odd.terms[term]!.filter((score) => score > Math.max(...normal.terms[term]!)).length
    expect(above).toBeGreaterThan(20)
  })

  it('gives an image the same score alone and among others, and on both devices', async () => {
    const arrays = await fit(blobs(60, 16), devices.cpu)
    const images = blobs(21, 16, { seed: 2, odd: true })
    const [cpu, reference] = [await method.open(arrays, devices.cpu), await method.open(arrays, devices.reference)]
    const all = await cpu.score(images)
    const alone = await cpu.score(part(images, 20, 1))
    expect(alone.terms[term]![0]).toBeCloseTo(all.terms[term]![20]!, 5)
    expect(alone.map.data).toBeAllclose(all.map.data.slice(20 * 256), { relative: 1e-4, absolute: 1e-5 })
    const there = await reference.score(part(images, 0, 3))
    expect(there.terms[term]!).toBeAllclose(all.terms[term]!.slice(0, 3), { relative: 1e-3 })
    await cpu.close()
    await reference.close()
  })

  it('refuses too few images and damaged arrays', async () => {
    await expect(fit(blobs(1, 16), devices.cpu)).rejects.toMatchObject({ code: 'bad-input' })
    await expect(method.open({}, devices.cpu)).rejects.toMatchObject({ code: 'corrupt' })
  })
})
