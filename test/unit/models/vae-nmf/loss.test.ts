import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type Tensors } from '../../../../src-main/compute'
import type { NDArrays } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { VaeConfig } from '../../../../src-main/models/vae-nmf/config'
import { vaeLoss } from '../../../../src-main/models/vae-nmf/loss'
import { initialWeights } from '../../../../src-main/models/vae-nmf/network'

const config = VaeConfig.parse({
  bins: 17,
  latent: 3,
  encoder: { input: 'log-power', hidden: 5 },
  decoder: { hidden: 6 },
})
const frames = 4
const draws = random(7)
const weights: NDArrays = initialWeights(config, draws, new Float32Array(17).fill(-1))
const power = tf.tidy(() => Float32Array.from({ length: frames * 17 }, () => Math.exp(draws.normal())))

const values = () => ({
  power: tf.tensor2d(power, [frames, 17]),
  noise: tf.tensor2d(draws.fillNormal(new Float32Array(frames * 3)), [frames, 3]),
  known: tf.tensor2d(
    new Float32Array(frames * 17).map((_, i) => (i % 17 < 12 ? 1 : 0)),
    [frames, 17],
  ),
})

const tensors = (arrays: NDArrays): Tensors => ({
  ...Object.fromEntries(Object.entries(arrays).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])])),
  'feature.mean': tf.zeros([17]),
  'feature.scale': tf.tensor1d([0.5]),
})

describe('the VAE loss', () => {
  beforeAll(async () => {
    await openDevice('reference')
  })

  it('has the gradient that finite differences give, for every weight', () => {
    const inputs = values()
    const at = tensors(weights)
    const names = Object.keys(weights)
    const lossOf = (params: Tensors) => vaeLoss(config, { ...at, ...params }, inputs).loss
    const gradients = tf.grads((...list: tf.Tensor[]) =>
      lossOf(Object.fromEntries(names.map((name, i) => [name, list[i]!]))),
    )(names.map((name) => at[name]!))
    for (const [i, name] of names.entries()) {
      const size = weights[name]!.data.length
      const probe = Math.floor(size / 2)
      const step = 1e-2
      const moved = (by: number) => {
        const data = Float32Array.from(weights[name]!.data)
        data[probe]! += by
        return lossOf({ [name]: tf.tensor(data, [...weights[name]!.shape]) }).dataSync()[0]!
      }
      const slope = (moved(step) - moved(-step)) / (2 * step)
      expect(gradients[i]!.dataSync()[probe], name).toBeCloseTo(slope, 1)
    }
  })

  it('ignores bins that the recording lacks', () => {
    const inputs = values()
    const other = power.map((value, i) => (i % 17 < 12 ? value : value * 1000))
    const params = tensors(weights)
    const [a, b] = [
      vaeLoss(config, params, inputs),
      vaeLoss(config, params, { ...inputs, power: tf.tensor2d(other, [frames, 17]) }),
    ]
    expect(b.loss.dataSync()[0]).toBeCloseTo(a.loss.dataSync()[0]!, 4)
    expect(b.divergence.dataSync()[0]).toBeCloseTo(a.divergence.dataSync()[0]!, 4)
  })

  it('has no KL where the encoder answers with the prior', () => {
    const zero = Object.fromEntries(
      Object.entries(weights).map(([name, array]) => [
        name,
        name.startsWith('encoder') ? { ...array, data: array.data.map(() => 0) } : array,
      ]),
    )
    expect(vaeLoss(config, tensors(zero as NDArrays), values()).kl.dataSync()[0]).toBeCloseTo(0, 6)
  })
})
