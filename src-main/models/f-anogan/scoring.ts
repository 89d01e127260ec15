import * as tf from '@tensorflow/tfjs-core'
import type { Device, ProgramSpec } from '../../compute'
import { float32, pick, type NDArray, type NDArrays } from '../../lib/ndarray'
import type { Random } from '../../lib/random'
import { imagesInMemory } from '../anomaly/image-source'
import { scoreInBatches } from '../anomaly/score-in-batches'
import { imageShape, type FAnoganConfig } from './config'
import { distances, imageDistance, zDistance } from './loss'
import { encode, generate } from './network'
import { runningNorms } from './norms'
import { partShapes, weightShapes } from './weights'

/** What is told of images beside their term `image`, map and reconstruction. */
export interface ScoreParts {
  /** The latents' distance (default: no). */
  latent?: boolean
  /** The term `feature` (default: yes). */
  features?: boolean
}

/**
 * Scores of f-AnoGAN (Schlegl et al., 2019, eq. 6), every image by itself. Input `images` [batch, channels, size, size]; outputs `image` and `feature`
 * [batch], `reconstruction` like the images, `map` [batch, size, size], the mean over channels of |x − G(E(x))|, and with `latent` `zDistance` [batch],
 * the mean squared difference of E(x) and E(G(E(x))). Without `features` the critic, half of the work, is left out.
 */
export const scoreProgram = (
  config: FAnoganConfig,
  batch: number,
  { latent = false, features = true }: ScoreParts = {},
): ProgramSpec => ({
  name: 'f-anogan scores',
  key: JSON.stringify([config, batch, latent, features]),
  params: features ? weightShapes(config) : { ...partShapes(config, 'generator'), ...partShapes(config, 'encoder') },
  inputs: { images: [batch, ...imageShape(config)] },
  run({ params, inputs: { images } }) {
    const norm = runningNorms(config, params)
    const z = encode(config, params, images!, norm)
    const reconstruction = generate(config, params, z, norm)
    const terms = features
      ? { ...distances(config, params, images!, reconstruction) }
      : { image: imageDistance(images!, reconstruction) }
    const map = tf.mean(tf.abs(tf.sub(images!, reconstruction)), 1)
    const outputs = { ...terms, reconstruction, map }
    if (!latent) return { outputs }
    return { outputs: { ...outputs, zDistance: zDistance(z, encode(config, params, reconstruction, norm)) } }
  },
})

/** `z` [batch, latent] → `images` [batch, channels, size, size]. */
export const generatorProgram = (config: FAnoganConfig, batch: number): ProgramSpec => ({
  name: 'f-anogan generator',
  key: JSON.stringify([config, batch]),
  params: partShapes(config, 'generator'),
  inputs: { z: [batch, config.latent] },
  run: ({ params, inputs: { z } }) => ({
    outputs: { images: generate(config, params, z!, runningNorms(config, params)) },
  }),
})

/** What f-AnoGAN finds in images. */
export interface Scores {
  /** Mean squared difference of the pixels, and where asked for of the critic's features, [count]. */
  image: Float32Array
  feature?: Float32Array
  /** Mean squared difference of the latents of image and reconstruction, [count], where asked for. */
  zDistance?: Float32Array
  /** [count, size, size]. */
  map: NDArray
  /** [count, channels, size, size]. */
  reconstruction: NDArray
}

export interface Scorer {
  /** images [count, channels, size, size] between −1 and 1; `check` is called before each batch. */
  score(images: NDArray, check?: () => void): Promise<Scores>
  close(): Promise<void>
}

/** Loads a trained f-AnoGAN for scoring, `batch` images at a time (default 32). */
export async function openScorer(
  device: Device,
  { config, weights }: { config: FAnoganConfig; weights: NDArrays },
  { batch = 32, latent = false, features = true }: ScoreParts & { batch?: number } = {},
): Promise<Scorer> {
  const spec = scoreProgram(config, batch, { latent, features })
  const runner = await device.load(spec, { params: pick(weights, Object.keys(spec.params!)) })
  return {
    async score(images, check) {
      const found = await scoreInBatches(runner, imagesInMemory(images), batch, check)
      const numbers = (name: string) => found[name]!.data as Float32Array
      return {
        image: numbers('image'),
        ...(features ? { feature: numbers('feature') } : {}),
        ...(latent ? { zDistance: numbers('zDistance') } : {}),
        map: found['map']!,
        reconstruction: found['reconstruction']!,
      }
    },
    close: () => runner.dispose(),
  }
}

/** `count` images that the generator makes of fresh latents, [count, channels, size, size]. */
export async function samples(
  device: Device,
  { config, weights }: { config: FAnoganConfig; weights: NDArrays },
  count: number,
  random: Random,
): Promise<NDArray> {
  const spec = generatorProgram(config, count)
  const runner = await device.load(spec, { params: pick(weights, Object.keys(spec.params!)) })
  try {
    const z = float32([count, config.latent])
    random.fillNormal(z.data)
    return (await runner.run({ z }))['images']!
  } finally {
    await runner.dispose()
  }
}
