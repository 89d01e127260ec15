import * as tf from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { resizeBilinear, type ProgramSpec } from '../../compute'
import { NagareError } from '../../lib/errors'
import { float32, sizeOf, type NDArray } from '../../lib/ndarray'
import type { FitContext, Method } from './detector'
import { addVectors, emptySums, gaussiansOf, withoutPlaces } from './gaussians'
import { eachBatch, imagesInMemory, type ImageShape, type ImageSource } from './image-source'
import {
  cellsOf,
  featuresOf,
  patchFeatures,
  randomFilters,
  whiteningCount,
  whiteningFilters,
  type PatchGeometry,
} from './patch-features'
import { shapeArray, shapeOf } from './pca'
import { scoreInBatches } from './score-in-batches'

export const PatchGaussianSettings = z.object({
  /** Side of a cell, pixels: a power of two. */
  cell: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8), z.literal(16)]).default(4),
  filters: z.int().min(1).max(64).default(12),
  scales: z.int().min(1).max(4).default(3),
  bank: z.enum(['random', 'whitening']).default('random'),
  /** Side of the neighbourhood of whitening filters, cells. */
  window: z.union([z.literal(1), z.literal(3), z.literal(5), z.literal(7)]).default(3),
  /** One Gaussian for all cells, for textures that look alike everywhere, in place of one for each. */
  positionFree: z.boolean().default(false),
  /** What an image's score is: its oddest cell, or the mean of all. */
  score: z.enum(['max', 'mean']).default('max'),
  /** Images' worth of the mean covariance that each cell's is mixed with; as many as there are features, and one, where left out. */
  prior: z.number().min(0).optional(),
})
export type PatchGaussianSettings = z.infer<typeof PatchGaussianSettings>

const BATCH = 16

const key = (what: string, ...rest: unknown[]) => JSON.stringify([what, BATCH, ...rest])

const featureProgram = (shape: ImageShape, geometry: PatchGeometry, filters: readonly number[]): ProgramSpec => ({
  name: 'patch features',
  key: key('features', shape, geometry),
  params: { filters },
  inputs: { images: [BATCH, ...shape] },
  run: ({ params, inputs }) => ({
    outputs: { features: patchFeatures(inputs['images']!, params['filters']!, geometry) },
  }),
})

/**
 * `images` [batch, channels, height, width] → `map` [batch, height, width], each cell's Mahalanobis distance over the root of the number of features (about
 * 1 for normal images), drawn out to the image's size, and `score` [batch]. params: filters, mean [places, features], whiten [places, features, features].
 */
export function patchGaussianProgram(
  shape: ImageShape,
  { score, places, ...geometry }: PatchGeometry & { score: 'max' | 'mean'; places: number },
  batch: number,
): ProgramSpec {
  const [rows, columns] = cellsOf(shape, geometry)
  const features = featuresOf(shape, geometry)
  return {
    name: 'patch gaussian scores',
    key: key('scores', shape, geometry, score, places, batch),
    params: {
      filters: [geometry.filters, shape[0], 5, 5],
      mean: [places, features],
      whiten: [places, features, features],
    },
    inputs: { images: [batch, ...shape] },
    run({ params, inputs: { images } }) {
      const found = patchFeatures(images!, params['filters']!, geometry)
      const flat = tf.reshape(found, [batch, features, rows * columns])
      // [places, vectors, features]: without positions all cells of all images are vectors of one place.
      const byPlace =
        places === 1
          ? tf.reshape(tf.transpose(flat, [2, 0, 1]), [1, rows * columns * batch, features])
          : tf.transpose(flat, [2, 0, 1])
      const centred = tf.sub(byPlace, tf.reshape(params['mean']!, [places, 1, features]))
      const white = tf.matMul(centred, params['whiten']!, false, true)
      const distance = tf.sqrt(tf.mean(tf.square(white), 2))
      const cells = tf.transpose(tf.reshape(distance, [rows * columns, batch]))
      const grid = tf.reshape(cells, [batch, 1, rows, columns])
      return {
        outputs: {
          score: score === 'max' ? tf.max(cells, 1) : tf.mean(cells, 1),
          map: tf.reshape(resizeBilinear(grid, shape.slice(1)), [batch, ...shape.slice(1)]),
        },
      }
    },
  }
}

/**
 * A Gaussian of filter answers for each cell of the image, the oddity of a cell its Mahalanobis distance (after PaDiM, Defard et al., 2021, §3, with fixed
 * random filters in place of a pretrained network).
 */
export const patchGaussian: Method<PatchGaussianSettings> = {
  kind: 'patch-gaussian',
  label: 'Patch Gaussian',
  async fit(normals, { cell, scales, bank: kind, window, positionFree, score, prior, ...settings }, context) {
    const filters = kind === 'random' ? settings.filters : whiteningCount(normals.shape)
    const geometry = { cell, filters, scales: kind === 'random' ? scales : 1, bank: kind, window }
    check(normals, geometry)
    const [rows, columns] = cellsOf(normals.shape, geometry)
    const features = featuresOf(normals.shape, geometry)
    const bank =
      kind === 'random'
        ? randomFilters(context.seed, filters, normals.shape[0])
        : await whiteningFilters(normals, context.checkCancelled)
    const sums = emptySums(rows * columns, features)
    await eachFeatures(normals, geometry, bank, context, (vectors) => addVectors(sums, vectors))
    const joined = positionFree ? withoutPlaces(sums) : sums
    const { mean, whiten } = gaussiansOf(joined, prior === undefined ? {} : { prior })
    const { places } = joined
    return {
      filters: bank,
      mean: float32([places, features], mean),
      whiten: float32([places, features, features], whiten),
      shape: shapeArray(normals.shape),
      geometry: geometryArray(geometry, score),
    }
  },
  async open(arrays, device) {
    const shape = shapeOf(arrays['shape'])
    const { filters, mean, whiten } = arrays
    const geometry = geometryOf(arrays['geometry'])
    if (!filters || !mean || !whiten) throw new NagareError('corrupt', 'The patch Gaussian lacks some of its arrays.')
    const spec = patchGaussianProgram(shape, { ...geometry, places: mean.shape[0]! }, BATCH)
    const runner = await device.load(spec, { params: { filters, mean, whiten } })
    return {
      weights: { distance: 1 },
      pools: { distance: geometry.score },
      async score(images, check) {
        const { score, map } = await scoreInBatches(runner, imagesInMemory(images), BATCH, check)
        return { terms: { distance: score!.data as Float32Array }, map: map! }
      },
      close: () => runner.dispose(),
    }
  },
}

/** A geometry, and how cells become a score, as an array of a pack. */
const geometryArray = ({ cell, filters, scales, bank, window }: PatchGeometry, score: 'max' | 'mean') =>
  float32([6], Float32Array.of(cell, filters, scales, score === 'max' ? 0 : 1, bank === 'random' ? 0 : 1, window))

/** What such an array says. Throws `corrupt` where it is none. */
export function geometryOf(array: NDArray | undefined): PatchGeometry & { score: 'max' | 'mean' } {
  const [cell, filters, scales, pooling, bank, window] = [...(array?.data ?? [])]
  if (window === undefined) throw new NagareError('corrupt', 'The patch Gaussian does not say what its cells are.')
  return {
    ...{ cell: cell!, filters: filters!, scales: scales!, window },
    ...{ bank: bank === 0 ? 'random' : 'whitening', score: pooling === 0 ? 'max' : 'mean' },
  }
}

/** Throws `bad-input` where cells and scales do not fit the images, or there are too few of these. */
function check({ count, shape }: ImageSource, { cell, scales, ...rest }: PatchGeometry): void {
  const [rows, columns] = cellsOf(shape, { cell, scales, ...rest })
  const coarsest = 2 ** (scales - 1)
  if (rows < 1 || columns < 1 || (rows * cell) % coarsest !== 0 || (columns * cell) % coarsest !== 0)
    throw new NagareError(
      'bad-input',
      `Cells of ${cell} pixels at ${scales} scales need images of a multiple of ${Math.max(cell, coarsest)} pixels, found ${shape[1]} × ${shape[2]}.`,
    )
  if (count < 2) throw new NagareError('bad-input', `A patch Gaussian needs at least 2 normal images, found ${count}.`)
}

/** Calls `use` with each image's features [features, places]. */
async function eachFeatures(
  images: ImageSource,
  geometry: PatchGeometry,
  bank: NDArray,
  { device, progress, checkCancelled }: FitContext,
  use: (vectors: Float32Array) => void,
): Promise<void> {
  const runner = await device.load(featureProgram(images.shape, geometry, bank.shape), { params: { filters: bank } })
  try {
    await eachBatch(images, BATCH, async (batch, seen, first) => {
      checkCancelled()
      const { features } = await runner.run({ images: float32([BATCH, ...images.shape], batch) })
      const size = sizeOf(features!.shape.slice(1))
      for (let i = 0; i < seen; i++) use((features!.data as Float32Array).subarray(i * size, (i + 1) * size))
      progress(first + seen, images.count)
    })
  } finally {
    await runner.dispose()
  }
}
