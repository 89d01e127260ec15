import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { avgPool, conv, openDevice, upsampleNearest, type Device } from '../../../../src-main/compute'
import { float32, type NDArrays } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { channelsAt, FAnoganConfig, imageShape, levelsOf, startOf } from '../../../../src-main/models/f-anogan/config'
import { criticLoss } from '../../../../src-main/models/f-anogan/loss'
import { networksOf } from '../../../../src-main/models/f-anogan/network'
import { batchNorms, layerNorms, runningNorms } from '../../../../src-main/models/f-anogan/norms'
import { convThenPool, repeatThenConv } from '../../../../src-main/models/f-anogan/resampled-convolutions'
import { fAnoganDetector } from '../../../../src-main/models/f-anogan/detector'
import { openScorer, scoreProgram } from '../../../../src-main/models/f-anogan/scoring'
import { turns } from '../../../../src-main/models/f-anogan/self-supervision'
import { initialWeights, trainedShapes, weightShapes } from '../../../../src-main/models/f-anogan/weights'
import { blobs } from '../../../helpers/blobs'

const small = FAnoganConfig.parse({ size: 16, width: 2, latent: 4 })

/** Fresh weights whose statistics, scales and shifts are no longer trivial. */
function weightsOf(config: FAnoganConfig, seed = 3): NDArrays {
  const draws = random(seed)
  const weights = {
    ...initialWeights(config, 'generator', draws),
    ...initialWeights(config, 'critic', draws),
    ...initialWeights(config, 'encoder', draws),
  }
  for (const [name, { data }] of Object.entries(weights))
    for (let i = 0; i < data.length; i++) {
      if (/\.(gamma|variance)$/.test(name)) data[i] = 0.6 + 0.8 * draws.uniform()
      else if (/\.(beta|mean|bias)$/.test(name)) data[i] = 0.2 * draws.normal()
    }
  return weights
}

let devices: Record<string, Device>
beforeAll(async () => {
  devices = { cpu: await openDevice('cpu'), reference: await openDevice('reference') }
})

/** Outputs of `run` over tensors, on a device. */
async function once(
  device: Device,
  values: NDArrays,
  run: (tensors: Record<string, tf.Tensor>) => Record<string, tf.Tensor>,
): Promise<NDArrays> {
  const inputs = Object.fromEntries(Object.entries(values).map(([name, { shape }]) => [name, shape]))
  const runner = await device.load({ name: 'networks', inputs, run: ({ inputs }) => ({ outputs: run(inputs) }) }, {})
  try {
    return await runner.run(values)
  } finally {
    await runner.dispose()
  }
}

const noise = (shape: readonly number[], seed = 1) => ({
  ...float32(shape),
  data: random(seed).fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1))),
})

describe('the networks', () => {
  it.each([
    [28, 7, 2],
    [32, 4, 3],
    [64, 4, 4],
    [128, 4, 5],
  ])('for %d pixels start at %d and double %d times', (size, start, levels) => {
    for (const width of [8, 16, 32, 64])
      for (const channels of [1, 3] as const) {
        const config = FAnoganConfig.parse({ size, width, channels })
        expect([startOf(config), levelsOf(config)]).toEqual([start, levels])
        expect(trainedShapes(config, 'critic')['critic.in.weight']).toEqual([width, channels, 3, 3])
        expect(networksOf(config).features(config)).toBe(channelsAt(config, levels) * start ** 2)
      }
  })

  it('are as large as the published ones', () => {
    const config = FAnoganConfig.parse({ size: 64, width: 64 })
    const count = (part: 'generator' | 'critic' | 'encoder') =>
      Object.values(trainedShapes(config, part)).reduce(
        (sum, shape) => sum + (shape as number[]).reduce((a, b) => a * b, 1),
        0,
      )
    expect(count('generator') / 1e6).toBeCloseTo(8.53, 1)
    expect(count('critic') / 1e6).toBeCloseTo(7.49, 1)
    expect(count('encoder') / 1e6).toBeCloseTo(8.53, 1)
  })

  it('refuse sizes that cannot be halved down to 4 to 7', () => {
    for (const size of [36, 100, 30]) expect(() => FAnoganConfig.parse({ size })).toThrow(/4 to 7 times a power of two/)
  })

  it.each([
    { size: 28, width: 2, latent: 4 },
    { size: 16, width: 2, latent: 4, channels: 3 },
  ])('score alike on cpu and reference, and whatever the batch: %j', async (settings) => {
    const config = FAnoganConfig.parse(settings)
    const weights = weightsOf(config)
    const images = blobs(5, config.size, { channels: config.channels })
    const score = async (device: Device, batch: number) => {
      const scorer = await openScorer(device, { config, weights }, { batch, latent: true })
      const found = await scorer.score(images)
      await scorer.close()
      return found
    }
    const expected = await score(devices['reference']!, 5)
    expect(expected.map.shape).toEqual([5, config.size, config.size])
    expect(expected.reconstruction.shape).toEqual([5, ...imageShape(config)])
    for (const batch of [1, 2, 5]) {
      const found = await score(devices['cpu']!, batch)
      for (const name of ['image', 'feature', 'zDistance'] as const)
        expect(found[name]!, name).toBeAllclose(expected[name]!, { relative: 1e-4 })
      expect(found.map).toBeAllclose(expected.map, { absolute: 1e-5 })
    }
  })

  it('tell the pixels’ term without the critic where its features do not count', async () => {
    const config = FAnoganConfig.parse({ size: 16, width: 2, latent: 4 })
    const weights = weightsOf(config)
    const images = blobs(3, config.size)
    const detect = async (kappa: number) => {
      const detector = await fAnoganDetector(devices['cpu']!, { config, weights }, { kappa })
      const found = await detector.score(images)
      await detector.close()
      return { weights: detector.weights, ...found }
    }
    const [both, pixels] = [await detect(0.5), await detect(0)]
    expect(both.weights).toEqual({ image: 1, feature: 0.5 })
    expect(pixels.weights).toEqual({ image: 1 })
    expect(Object.keys(pixels.terms)).toEqual(['image'])
    expect(pixels.terms['image']!).toBeAllclose(both.terms['image']!, { relative: 1e-5 })
    expect(pixels.map).toBeAllclose(both.map, { absolute: 1e-6 })
    const program = scoreProgram(config, 3, { features: false })
    expect(Object.keys(program.params!).filter((name) => name.startsWith('critic.'))).toEqual([])
  })
})

describe('their parts', () => {
  it('join resampling and convolution exactly', async () => {
    const values = { x: noise([2, 3, 6, 4]), filter: noise([5, 3, 3, 3], 2) }
    for (const device of Object.values(devices)) {
      const found = await once(device, values, ({ x, filter }) => ({
        pooled: convThenPool(x!, filter!),
        poolAfter: avgPool(conv(x!, filter!, { padding: 1 }), 2),
        repeated: repeatThenConv(x!, filter!),
        repeatBefore: conv(upsampleNearest(x!, 2), filter!, { padding: 1 }),
      }))
      expect(found['pooled']).toBeAllclose(found['poolAfter']!, { absolute: 1e-5 })
      expect(found['repeated']).toBeAllclose(found['repeatBefore']!, { absolute: 1e-5 })
    }
  })

  it('normalise items, batches, and by running statistics', async () => {
    const one = { gamma: float32([3], Float32Array.of(1, 1, 1)), beta: float32([3]) }
    const values = { x: noise([4, 3, 5, 5]), ...one, mean: float32([3], Float32Array.of(1, 2, 3)), variance: one.gamma }
    const found = await once(devices['cpu']!, values, ({ x, ...rest }) => {
      const weights = Object.fromEntries(Object.entries(rest).map(([name, value]) => [`n.${name}`, value]))
      const running: Record<string, tf.Tensor> = {}
      const item = layerNorms(small, weights)('n', x!)
      const batch = batchNorms(small, weights, running)('n', x!)
      return {
        itemMean: tf.mean(item, [1, 2, 3]),
        itemSquare: tf.mean(tf.square(item), [1, 2, 3]),
        batchMean: tf.mean(batch, [0, 2, 3]),
        batchSquare: tf.mean(tf.square(batch), [0, 2, 3]),
        mean: running['n.mean']!,
        expectedMean: tf.add(tf.mul(weights['n.mean']!, 0.9), tf.mul(tf.mean(x!, [0, 2, 3]), 0.1)),
        fixed: runningNorms(small, weights)('n', x!),
        expectedFixed: tf.sub(x!, tf.reshape(weights['n.mean']!, [1, 3, 1, 1])),
      }
    })
    for (const name of ['itemMean', 'batchMean']) for (const value of found[name]!.data) expect(value).toBeCloseTo(0, 5)
    for (const name of ['itemSquare', 'batchSquare'])
      for (const value of found[name]!.data) expect(value).toBeCloseTo(1, 3)
    expect(found['mean']).toBeAllclose(found['expectedMean']!)
    expect(found['fixed']).toBeAllclose(found['expectedFixed']!, { absolute: 1e-4 })
  })

  it('turn images exactly', async () => {
    const x = float32([1, 1, 2, 2], Float32Array.of(1, 2, 3, 4))
    const { y } = await once(devices['cpu']!, { x }, ({ x }) => ({ y: turns(x!) }))
    expect(y!.shape).toEqual([4, 1, 2, 2])
    const turned = Array.from({ length: 4 }, (_, i) => [...y!.data.subarray(4 * i, 4 * i + 4)])
    expect(turned).toEqual([
      [1, 2, 3, 4],
      [2, 4, 1, 3],
      [4, 3, 2, 1],
      [3, 1, 4, 2],
    ])
  })
})

describe('the critic’s loss', () => {
  it('has the gradient that differences show, penalty and all, on both devices', async () => {
    const config = FAnoganConfig.parse({ size: 8, width: 2, latent: 4 })
    const weights = weightsOf(config, 4)
    const names = Object.keys(trainedShapes(config, 'critic'))
    const values = {
      ...Object.fromEntries(names.map((name) => [name, weights[name]!])),
      real: blobs(2, 8),
      fake: noise([2, 1, 8, 8]),
      share: float32([2, 1, 1, 1], Float32Array.of(0.3, 0.6)),
    }
    const lossOf = (all: Record<string, tf.Tensor>) =>
      criticLoss(config, all, { real: all['real']!, fake: all['fake']!, share: all['share']! }).loss
    const runners = await Promise.all(
      Object.values(devices).map((device) =>
        once(device, values, (all) => {
          const gradients = tf.grads((...at: tf.Tensor[]) =>
            lossOf({ ...all, ...Object.fromEntries(names.map((name, i) => [name, at[i]!])) }),
          )(names.map((name) => all[name]!))
          return Object.fromEntries(names.map((name, i) => [name, gradients[i]!]))
        }),
      ),
    )
    const [cpu, reference] = runners as [NDArrays, NDArrays]
    const size = (array: { data: ArrayLike<number> }) => Math.max(...Array.from(array.data, Math.abs))
    for (const name of names)
      expect(cpu[name], name).toBeAllclose(reference[name]!, {
        relative: 1e-3,
        absolute: 1e-4 * size(reference[name]!) + 1e-6,
      })

    // Along the gradient, and so little that no ReLU bends on the way: there the penalty jumps.
    const shapes = Object.fromEntries(Object.entries(values).map(([name, { shape }]) => [name, shape]))
    const runner = await devices['cpu']!.load(
      { name: 'loss', inputs: shapes, run: ({ inputs }) => ({ outputs: { loss: lossOf(inputs) } }) },
      {},
    )
    for (const name of ['critic.in.weight', 'critic.blocks.0.conv2.weight', 'critic.out.weight']) {
      const gradient = cpu[name]!.data as Float32Array
      const square = gradient.reduce((sum, value) => sum + value * value, 0)
      const at = async (step: number) => {
        const moved = float32(
          cpu[name]!.shape,
          Float32Array.from(gradient, (g, i) => values[name as keyof typeof values]!.data[i]! + (step * g) / square),
        )
        return (await runner.run({ ...values, [name]: moved }))['loss']!.data[0]!
      }
      const slope = ((await at(0.002)) - (await at(-0.002))) / 0.004
      expect(slope, name).toBeGreaterThan(0.98)
      expect(slope, name).toBeLessThan(1.02)
    }
    await runner.dispose()
  })

  it('covers all weights', () => {
    expect(Object.keys(weightShapes(small)).filter((name) => name.startsWith('critic.'))).toEqual(
      Object.keys(trainedShapes(small, 'critic')),
    )
  })
})
