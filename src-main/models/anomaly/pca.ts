import * as tf from '@tensorflow/tfjs-core'
import { z } from 'zod'
import type { ProgramSpec } from '../../compute'
import { NagareError } from '../../lib/errors'
import { float32, sizeOf, type NDArray } from '../../lib/ndarray'
import type { Method } from './detector'
import { imagesInMemory, type ImageShape } from './image-source'
import { componentArrays, principalComponents } from './principal-components'
import { scoreInBatches } from './score-in-batches'

export const PcaSettings = z.object({
  /** Directions in which images may differ without being odd. */
  components: z.int().min(1).max(256).default(32),
})
export type PcaSettings = z.infer<typeof PcaSettings>

const BATCH = 32

/**
 * `images` [batch, channels, height, width] → `score` [batch], the mean squared residual, and `map` [batch, height, width], its size pixel by pixel, and
 * `reconstruction` like the images, the nearest combination of the components. */
export const pcaProgram = (shape: ImageShape, components: number, batch: number): ProgramSpec => ({
  name: 'pca scores',
  key: JSON.stringify([shape, components, batch]),
  params: { mean: [sizeOf(shape)], components: [components, sizeOf(shape)] },
  inputs: { images: [batch, ...shape] },
  run({ params, inputs: { images } }) {
    const centred = tf.sub(tf.reshape(images!, [batch, sizeOf(shape)]), params['mean']!)
    const along = tf.matMul(centred, params['components']!, false, true)
    const nearest = tf.matMul(along, params['components']!)
    const residual = tf.sub(centred, nearest)
    return {
      outputs: {
        score: tf.mean(tf.square(residual), 1),
        map: tf.mean(tf.abs(tf.reshape(residual, [batch, ...shape])), 1),
        reconstruction: tf.reshape(tf.add(nearest, params['mean']!), [batch, ...shape]),
      },
    }
  },
})

/**
 * Principal component analysis: what an image's projection onto the main directions of the normal ones leaves over. The plainest detector there is, and
 * hard to beat on small aligned images.
 */
export const pca: Method<PcaSettings> = {
  kind: 'pca',
  label: 'Principal components',
  async fit(normals, { components }, context) {
    if (normals.count < 2)
      throw new NagareError('bad-input', `Principal components need at least 2 normal images, found ${normals.count}.`)
    const found = await principalComponents(normals, components, context)
    return { ...componentArrays(found), shape: shapeArray(normals.shape) }
  },
  async open(arrays, device) {
    const shape = shapeOf(arrays['shape'])
    const { mean, components } = arrays
    const pixels = sizeOf(shape)
    if (mean?.shape.join() !== `${pixels}` || components?.shape[1] !== pixels)
      throw new NagareError('corrupt', `The principal components do not fit images of [${shape}].`)
    const spec = pcaProgram(shape, components.shape[0]!, BATCH)
    const runner = await device.load(spec, { params: { mean, components } })
    return {
      weights: { residual: 1 },
      pools: { residual: 'mean-square' },
      async score(images, check) {
        const { score, map, reconstruction } = await scoreInBatches(runner, imagesInMemory(images), BATCH, check)
        return { terms: { residual: score!.data as Float32Array }, map: map!, reconstruction: reconstruction! }
      },
      close: () => runner.dispose(),
    }
  },
}

/** The shape of images as an array of a pack. */
export const shapeArray = (shape: ImageShape): NDArray => float32([3], Float32Array.from(shape))

/** The shape in such an array; throws `corrupt` where it is none. */
export function shapeOf(array: NDArray | undefined): ImageShape {
  const sides = [...(array?.data ?? [])]
  if (sides.length === 3 && sides.every((side) => Number.isInteger(side) && side > 0))
    return sides as unknown as ImageShape
  throw new NagareError('corrupt', 'The model does not say what shape its images have.')
}
