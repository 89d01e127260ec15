import { float32, pick, type NDArrays } from '../../../src-main/lib/ndarray'
import type { Random } from '../../../src-main/lib/random'
import { FAnoganConfig, imageShape } from '../../../src-main/models/f-anogan/config'
import { openScorer } from '../../../src-main/models/f-anogan/scoring'
import { adversarialProgram, encoderProgram } from '../../../src-main/models/f-anogan/training-programs'
import { initialWeights, partShapes, statisticShapes, weightShapes } from '../../../src-main/models/f-anogan/weights'
import { normal, type BenchCase } from '../bench-case'

/** A case that counts images. */
export interface ImageCase extends BenchCase {
  /** Images that one call trains on or scores. */
  images: number
}

const config = FAnoganConfig.parse({ size: 64, width: 16 })
const criticSteps = 5

/** Weights as after some training: scales, shifts and statistics that are not trivial. */
function weights(random: Random): NDArrays {
  const all = {
    ...initialWeights(config, 'generator', random),
    ...initialWeights(config, 'critic', random),
    ...initialWeights(config, 'encoder', random),
  }
  for (const [name, { data }] of Object.entries(all))
    for (let i = 0; i < data.length; i++) {
      if (/\.(gamma|variance)$/.test(name)) data[i] = 0.8 + 0.4 * random.uniform()
      else if (/\.(beta|mean|bias)$/.test(name)) data[i] = 0.1 * random.normal()
    }
  return all
}

const args = (what: string) => ['f_anogan.py', what, String(config.size), String(config.width), String(criticSteps)]

/** One iteration of WGAN-GP: five critic steps and one of the generator. */
const iteration = (batch: number): ImageCase => ({
  name: 'iteration',
  title: `f-AnoGAN ${config.size}×${config.size}, width ${config.width}: ${criticSteps} critic steps + 1, batch ${batch}`,
  torch: args('iteration'),
  calls: 1,
  repeats: 1,
  images: criticSteps * batch,
  values(random) {
    const inputs: NDArrays = { 'input.generator.z': normal(random, [batch, config.latent]) }
    for (let i = 0; i < criticSteps; i++) {
      inputs[`input.critic${i}.real`] = normal(random, [batch, ...imageShape(config)], 0.5)
      inputs[`input.critic${i}.z`] = normal(random, [batch, config.latent])
      inputs[`input.critic${i}.share`] = float32([batch, 1, 1, 1], random.fillUniform(new Float32Array(batch)))
    }
    return { ...weights(random), ...inputs }
  },
  async open(all, device) {
    const spec = adversarialProgram(config, {
      ...{ batch, criticSteps, learningRate: 1e-4, beta1: 0, beta2: 0.9, task: 'none', average: 0 },
    })
    const state = pick(all, Object.keys({ ...partShapes(config, 'generator'), ...partShapes(config, 'critic') }))
    const runner = await device.load(spec, { state })
    const inputs = inputsOf(all)
    return {
      call: () => runner.run(inputs),
      async check() {
        const outputs = await runner.run(inputs)
        const losses = [...Array(criticSteps).keys()].map((i) => outputs[`critic${i}.loss`]!.data[0]!)
        const found = await runner.state()
        return {
          loss: float32([criticSteps + 1], Float32Array.of(...losses, outputs['generator.loss']!.data[0]!)),
          ...pick(found, Object.keys(statisticShapes(config, 'generator'))),
        }
      },
    }
  },
})

const inputsOf = (all: NDArrays): NDArrays =>
  Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (name.startsWith('input.') ? [[name.slice(6), value]] : [])),
  )

/** One step of the encoder. */
const encoder = (batch: number): ImageCase => ({
  name: 'encoder',
  title: `its encoder's step, batch ${batch}`,
  torch: args('encoder'),
  calls: 1,
  repeats: 2,
  images: batch,
  values: (random) => ({ ...weights(random), 'input.images': normal(random, [batch, ...imageShape(config)], 0.5) }),
  async open(all, device) {
    const state = pick(all, Object.keys(weightShapes(config)))
    const runner = await device.load(encoderProgram(config, { batch, learningRate: 5e-5, kappa: 1 }), { state })
    const inputs = inputsOf(all)
    return {
      call: () => runner.run(inputs),
      async check() {
        const { loss, image, feature } = await runner.run(inputs)
        const numbers = [loss!, image!, feature!].map(({ data }) => data[0]!)
        return {
          loss: float32([3], Float32Array.from(numbers)),
          ...pick(await runner.state(), Object.keys(statisticShapes(config, 'encoder'))),
        }
      },
    }
  },
})

/** Scores and maps of images; with the critic's features, or without (κ = 0). */
const scoring = (count: number, features: boolean): ImageCase => ({
  name: features ? 'scoring' : 'pixels',
  title: `scoring ${count} images, ${features ? 'image and feature term and map' : 'image term and map (κ = 0)'}`,
  torch: args(features ? 'scoring' : 'pixels'),
  calls: 1,
  repeats: 3,
  images: count,
  values: (random) => ({ ...weights(random), 'input.images': normal(random, [count, ...imageShape(config)], 0.5) }),
  async open(all, device) {
    const scorer = await openScorer(device, { config, weights: all }, { batch: 32, features })
    const images = all['input.images']!
    return {
      call: () => scorer.score(images),
      async check() {
        const { image, feature, map } = await scorer.score(images)
        return { image: float32([count], image), ...(feature ? { feature: float32([count], feature) } : {}), map }
      },
    }
  },
})

/** The rows of the table. */
export const inspectCases: readonly ImageCase[] = [iteration(32), encoder(64), scoring(128, true), scoring(128, false)]
