import * as tf from '@tensorflow/tfjs-core'
import type { Tensors } from '../../../src-main/compute'
import { float32, pick, type NDArrays } from '../../../src-main/lib/ndarray'
import type { Random } from '../../../src-main/lib/random'
import { adam, conv2d, convTranspose2d, dense, programSequence, trainingProgram } from '../../../src-main/nn'
import { convValues, firstMoments, normal, shapesOf, within, type BenchCase } from '../bench-case'

const width = 32
const batch = 16
const latent = 128
const side = 64
/** Channels from the picture inwards. */
const sizes = [1, width, 2 * width, 4 * width, 8 * width] as const
const levels = [0, 1, 2, 3] as const
const deepest = sizes[4] * 4 * 4
/** Each convolution halves the picture's sides, each transposed one doubles them. */
const geometry = { strides: 2, padding: 1 } as const

function critic(weights: Tensors, picture: tf.Tensor): tf.Tensor {
  let x = picture
  for (const i of levels)
    x = tf.leakyRelu(conv2d(x, { weight: weights[`${i}.weight`]!, bias: weights[`${i}.bias`]! }, geometry), 0.2)
  return dense(tf.reshape(x, [batch, deepest]), weights['out.weight']!)
}

function generator(weights: Tensors, z: tf.Tensor): tf.Tensor {
  let x = tf.relu(tf.reshape(dense(z, weights['in.weight']!, weights['in.bias']!), [batch, sizes[4], 4, 4]))
  for (const i of [3, 2, 1, 0]) {
    const y = convTranspose2d(x, { weight: weights[`${i}.weight`]!, bias: weights[`${i}.bias`]! }, geometry)
    x = i > 0 ? tf.relu(y) : tf.tanh(y)
  }
  return x
}

/** Critic loss with the gradient's norm drawn to 1 between real and made pictures (Gulrajani et al., 2017, algorithm 1). */
function criticLoss(weights: Tensors, generated: tf.Tensor, { real, share }: Tensors): tf.Tensor {
  const between = tf.add(real!, tf.mul(share!, tf.sub(generated, real!)))
  const gradient = tf.grad((x: tf.Tensor) => tf.sum(critic(weights, x)))(between)
  const norm = tf.sqrt(tf.sum(tf.square(gradient), [1, 2, 3]))
  const penalty = tf.mean(tf.square(tf.sub(norm, 1)))
  const gap = tf.sub(tf.mean(critic(weights, generated)), tf.mean(critic(weights, real!)))
  return tf.add(gap, tf.mul(penalty, 10))
}

const pictures = [batch, 1, side, side]
const optimizer = adam({ beta1: 0, beta2: 0.9 })

function training(all: NDArrays) {
  const named = (part: string) =>
    shapesOf(
      pick(
        all,
        Object.keys(all).filter((name) => name.startsWith(part)),
      ),
    )
  return programSequence('gan', {
    critic: trainingProgram({
      name: 'critic',
      scope: 'criticStep',
      params: named('critic.'),
      frozen: named('generator.'),
      inputs: { real: pictures, z: [batch, latent], share: [batch, 1, 1, 1] },
      loss: (params, inputs, frozen) => ({
        loss: criticLoss(within(params, 'critic.'), generator(within(frozen, 'generator.'), inputs['z']!), inputs),
      }),
      optimizer,
      learningRate: 1e-4,
    }),
    generator: trainingProgram({
      name: 'generator',
      scope: 'generatorStep',
      params: named('generator.'),
      frozen: named('critic.'),
      inputs: { z: [batch, latent] },
      loss: (params, inputs, frozen) => ({
        loss: tf.neg(tf.mean(critic(within(frozen, 'critic.'), generator(within(params, 'generator.'), inputs['z']!)))),
      }),
      optimizer,
      learningRate: 1e-4,
    }),
  })
}

function values(random: Random): NDArrays {
  const networks = levels.map((i) => {
    const [outer, inner] = [sizes[i], sizes[i + 1]!]
    return {
      ...convValues(random, `critic.${i}`, [inner, outer, 4, 4], 2),
      // Of four times four taps a stride of two leaves four at each place, from `inner` channels.
      [`generator.${i}.weight`]: normal(random, [inner, outer, 4, 4], Math.sqrt(2 / (4 * inner))),
      [`generator.${i}.bias`]: normal(random, [outer], 0.1),
    }
  })
  return {
    ...Object.assign({}, ...networks),
    'critic.out.weight': normal(random, [deepest, 1], Math.sqrt(1 / deepest)),
    'generator.in.weight': normal(random, [latent, deepest], Math.sqrt(2 / latent)),
    'generator.in.bias': normal(random, [deepest], 0.1),
    real: normal(random, pictures, 0.5),
    share: float32([batch, 1, 1, 1], random.fillUniform(new Float32Array(batch))),
    'critic-z': normal(random, [batch, latent]),
    'generator-z': normal(random, [batch, latent]),
  }
}

/** One critic step and one generator step on 64 × 64 grey pictures. */
export const gan: BenchCase = {
  name: 'gan',
  title: `WGAN-GP ${side}×${side}, width ${width}, batch ${batch}, critic + generator step`,
  torch: ['gan.py'],
  calls: 1,
  repeats: 5,
  values,
  async open(all, device) {
    const state = pick(
      all,
      Object.keys(all).filter((name) => /^(critic|generator)\./.test(name)),
    )
    const runner = await device.load(training(all), { state })
    const inputs = {
      'critic.real': all['real']!,
      'critic.share': all['share']!,
      'critic.z': all['critic-z']!,
      'generator.z': all['generator-z']!,
    }
    return {
      call: () => runner.run(inputs),
      async check() {
        const losses = new Float32Array(6)
        let gradients: NDArrays = {}
        for (let i = 0; i < 3; i++) {
          const outputs = await runner.run(inputs)
          losses[2 * i] = outputs['critic.loss']!.data[0]!
          losses[2 * i + 1] = outputs['generator.loss']!.data[0]!
          // Adam's steps are as long for a gradient that is nothing but rounding: later gradients of two exact sides are a few per cent apart.
          if (i === 0) gradients = firstMoments(await runner.state())
        }
        return { loss: float32([6], losses), ...gradients }
      },
    }
  },
}
