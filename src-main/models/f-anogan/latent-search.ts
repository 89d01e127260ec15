import * as tf from '@tensorflow/tfjs-core'
import type { Device, ProgramSpec } from '../../compute'
import { float32, pick, type NDArray, type NDArrays } from '../../lib/ndarray'
import { random } from '../../lib/random'
import { adam, trainingProgram, type Optimizer } from '../../nn'
import { imageShape, pixelsOf, type FAnoganConfig } from './config'
import { criticise, generate } from './network'
import { runningNorms } from './norms'
import { partShapes } from './weights'

export interface SearchOptions {
  /** Weight of the feature term, λ (default 0.1). */
  lambda?: number
  /** Most steps of a search (default 500), and its step size (default 0.02). */
  steps?: number
  learningRate?: number
  /** Searches from other starts, of which each image keeps its best (default 2). */
  restarts?: number
  /** A search ends after this many steps in which no image got better by a thousandth (default 25). */
  patience?: number
  /** Images at a time (default 32). */
  batch?: number
  seed?: number
  optimizer?: Optimizer
  /** Called before each step; may throw `cancelled`. */
  check?: () => void
}

/** What AnoGAN finds in images. */
export interface SearchResult {
  /** (1 − λ) · residual + λ · feature, [count]. */
  scores: Float32Array
  /** The two sums, [count]. */
  residual: Float32Array
  feature: Float32Array
  /** Best latents, [count, latent], their images, and |x − G(z)| as a mean over channels, [count, size, size]. */
  z: NDArray
  reconstruction: NDArray
  map: NDArray
}

/** (1 − λ) Σ|x − G(z)| + λ Σ|f(x) − f(G(z))| of each image (Schlegl et al., 2017, eqs. 3–5): sums, [batch]; f the critic's features. */
function searchLoss(
  config: FAnoganConfig,
  weights: tf.NamedTensorMap,
  images: tf.Tensor,
  z: tf.Tensor,
  lambda: number,
) {
  const [batch] = images.shape as [number]
  const made = generate(config, weights, z, runningNorms(config, weights))
  const total = (x: tf.Tensor) => tf.sum(tf.reshape(tf.abs(x), [batch, -1]), 1)
  const residual = total(tf.sub(images, made))
  const feature = total(tf.sub(criticise(config, weights, images).features, criticise(config, weights, made).features))
  return { made, residual, feature, loss: tf.add(tf.mul(residual, 1 - lambda), tf.mul(feature, lambda)) }
}

const fixedShapes = (config: FAnoganConfig) => ({ ...partShapes(config, 'generator'), ...partShapes(config, 'critic') })

/**
 * One step of the search for latents, all images of a batch side by side, each with its own. State `z` [batch, latent], the best so far `bestZ` and
 * `bestLoss` [batch]; input `images`; output `losses` [batch], before the step.
 */
export function searchProgram(
  config: FAnoganConfig,
  {
    batch,
    lambda,
    learningRate,
    optimizer,
  }: Required<Pick<SearchOptions, 'batch' | 'lambda' | 'learningRate' | 'optimizer'>>,
): ProgramSpec {
  return trainingProgram({
    name: 'anogan search',
    params: { z: [batch, config.latent] },
    state: { bestZ: [batch, config.latent], bestLoss: [batch] },
    frozen: fixedShapes(config),
    inputs: { images: [batch, ...imageShape(config)] },
    loss({ z }, { images }, state) {
      const { loss: losses } = searchLoss(config, state, images!, z!, lambda)
      const better = tf.less(losses, state['bestLoss']!)
      const bestZ = tf.where(tf.tile(tf.reshape(better, [batch, 1]), [1, config.latent]), z!, state['bestZ']!)
      const bestLoss = tf.minimum(losses, state['bestLoss']!)
      return { loss: tf.sum(losses), metrics: { losses }, state: { bestZ, bestLoss } }
    },
    optimizer,
    learningRate,
  })
}

/** What the best latents make: `images`, `z` → `residual`, `feature`, `scores`, `reconstruction`, `map`. */
const resultProgram = (config: FAnoganConfig, batch: number, lambda: number): ProgramSpec => ({
  name: 'anogan result',
  params: fixedShapes(config),
  inputs: { images: [batch, ...imageShape(config)], z: [batch, config.latent] },
  run({ params, inputs: { images, z } }) {
    const { made, residual, feature, loss } = searchLoss(config, params, images!, z!, lambda)
    const map = tf.mean(tf.abs(tf.sub(images!, made)), 1)
    return { outputs: { residual, feature, scores: loss, reconstruction: made, map } }
  },
})

/**
 * AnoGAN's way to score images [count, channels, size, size]: the latents whose images come closest are searched for by gradients (Schlegl et al., 2017),
 * Adam's moments being each image's own. Slow: hundreds of passes through generator and critic for each image.
 */
export async function searchLatents(
  device: Device,
  { config, weights }: { config: FAnoganConfig; weights: NDArrays },
  images: NDArray,
  options: SearchOptions = {},
): Promise<SearchResult> {
  const { lambda = 0.1, steps = 500, learningRate = 0.02, restarts = 2, patience = 25, batch = 32 } = options
  const { seed = 0, optimizer = adam(), check = () => {} } = options
  const fixed = pick(weights, Object.keys(fixedShapes(config)))
  const count = images.shape[0]!
  const draws = random(seed)
  const start = () => ({
    ...float32([batch, config.latent]),
    data: draws.fillNormal(new Float32Array(batch * config.latent)),
  })
  const blank = {
    bestZ: float32([batch, config.latent]),
    bestLoss: float32([batch], new Float32Array(batch).fill(3e38)),
  }
  const spec = searchProgram(config, { batch, lambda, learningRate, optimizer })
  const fresh = Object.fromEntries(spec.zeros!.map((name) => [name, float32(spec.state![name] as readonly number[])]))
  const searcher = await device.load(spec, { state: { ...fixed, ...blank, z: start() } })
  const finisher = await device.load(resultProgram(config, batch, lambda), { params: fixed })
  const found: Record<string, NDArray & { data: Float32Array }> = {}
  const keep = (name: string, { shape, data }: NDArray, first: number, seen: number) => {
    const size = data.length / batch
    found[name] ??= float32([count, ...shape.slice(1)])
    found[name].data.set((data as Float32Array).subarray(0, seen * size), first * size)
  }
  try {
    for (let first = 0; first < count; first += batch) {
      const seen = Math.min(batch, count - first)
      const shown = filled(config, images, first, seen, batch)
      await searcher.setState(blank)
      for (let restart = 0; restart < restarts; restart++) {
        await searcher.setState({ ...fresh, z: start() })
        const best = new Float32Array(seen).fill(Infinity)
        let idle = 0
        // One step more than moves are made: each looks at where the one before led.
        for (let step = 0; step <= steps && idle < patience; step++) {
          check()
          const losses = (await searcher.run({ images: shown }))['losses']!.data
          const gained = best.reduce((any, least, i) => any || losses[i]! < least * 0.999, false)
          for (let i = 0; i < seen; i++) best[i] = Math.min(best[i]!, losses[i]!)
          idle = gained ? 0 : idle + 1
        }
      }
      const z = (await searcher.state())['bestZ']!
      keep('z', z, first, seen)
      const result = await finisher.run({ images: shown, z })
      for (const [name, value] of Object.entries(result)) keep(name, value, first, seen)
    }
  } finally {
    await searcher.dispose()
    await finisher.dispose()
  }
  const { scores, residual, feature } = found
  return {
    ...{ scores: scores!.data, residual: residual!.data, feature: feature!.data },
    ...{ z: found['z']!, reconstruction: found['reconstruction']!, map: found['map']! },
  }
}

/** Images `first` … of a set, the batch filled up with its last one. */
function filled(config: FAnoganConfig, images: NDArray, first: number, seen: number, batch: number): NDArray {
  const size = pixelsOf(config)
  const shown = float32([batch, ...imageShape(config)])
  for (let i = 0; i < batch; i++) {
    const from = (first + Math.min(i, seen - 1)) * size
    shown.data.set((images.data as Float32Array).subarray(from, from + size), i * size)
  }
  return shown
}
