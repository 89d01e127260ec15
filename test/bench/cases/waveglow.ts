import * as tf from '@tensorflow/tfjs-core'
import { inverse, logAbsDet, type ProgramSpec, type Tensors } from '../../../src-main/compute'
import type { NDArrays } from '../../../src-main/lib/ndarray'
import type { Random } from '../../../src-main/lib/random'
import {
  adam,
  conv1d,
  convFans,
  convTranspose1d,
  gatedTanh,
  orthogonal,
  torchUniform,
  trainingProgram,
  weightNorm,
} from '../../../src-main/nn'
import { normal, shapesOf, within, type BenchCase, type LoadCase } from '../bench-case'

const [flows, layers, channels, mels, group] = [12, 8, 256, 80, 8]
const [hop, window, samples] = [256, 1024, 16_000]
const flowNumbers = Array.from({ length: flows }, (_, k) => k)
const layerNumbers = Array.from({ length: layers }, (_, i) => i)

/** Channels that flow k works on: two leave before the flows 4 and 8. */
const width = (flow: number) => group - 2 * Math.floor(flow / 4)
const isExit = (flow: number) => flow > 0 && flow % 4 === 0

type Weights = (random: Random, name: string, shape: readonly number[]) => NDArrays

/** A convolution's direction, length (after `weightNorm`) and bias: what is trained. */
const normedConv: Weights = (random, name, shape) => ({
  [`${name}.v`]: torchUniform(random, shape, convFans(shape)),
  [`${name}.g`]: torchUniform(random, [shape[0]!, 1, 1], convFans(shape)),
  [`${name}.bias`]: torchUniform(random, [shape[0]!], convFans(shape)),
})

/** A convolution's weight and bias: what a trained model keeps. */
const plainConv: Weights = (random, name, shape) => ({
  [`${name}.weight`]: torchUniform(random, shape, convFans(shape)),
  [`${name}.bias`]: torchUniform(random, [shape[0]!], convFans(shape)),
})

const values =
  (conv: Weights) =>
  (random: Random): NDArrays => {
    const parts: NDArrays[] = [
      { 'upsample.weight': torchUniform(random, [mels, mels, window]), 'upsample.bias': torchUniform(random, [mels]) },
    ]
    for (const k of flowNumbers) {
      const half = width(k) / 2
      parts.push({ [`${k}.mix`]: orthogonal(random, [width(k), width(k)], { rotation: true }) })
      parts.push(conv(random, `${k}.start`, [channels, half, 1]))
      for (const i of layerNumbers) {
        parts.push(conv(random, `${k}.dilated.${i}`, [2 * channels, channels, 3]))
        parts.push(conv(random, `${k}.condition.${i}`, [2 * channels, mels * group, 1]))
        parts.push(conv(random, `${k}.residual.${i}`, [i < layers - 1 ? 2 * channels : channels, channels, 1]))
      }
      // As after some training: couplings that change their half, but not beyond all bounds.
      parts.push({
        [`${k}.end.weight`]: normal(random, [2 * half, channels, 1], 0.01),
        [`${k}.end.bias`]: normal(random, [2 * half], 0.1),
      })
    }
    return Object.assign({}, ...parts) as NDArrays
  }

const convOf = (weights: Tensors, name: string) => ({
  weight: weights[`${name}.weight`] ?? weightNorm(weights[`${name}.v`]!, weights[`${name}.g`]!),
  bias: weights[`${name}.bias`]!,
})

/** Shift and log-scale of one flow's coupling. kept [batch, half, time], mel [batch, mels · group, time] → both [batch, half, time]. */
function coupling(weights: Tensors, flow: number, kept: tf.Tensor, mel: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const layer = (name: string) => convOf(weights, `${flow}.${name}`)
  let hidden = conv1d(kept, layer('start'))
  const skips: tf.Tensor[] = []
  for (const i of layerNumbers) {
    const dilated = conv1d(hidden, layer(`dilated.${i}`), { dilations: 2 ** i, padding: 2 ** i })
    const gated = gatedTanh(tf.add(dilated, conv1d(mel, layer(`condition.${i}`))))
    const both = conv1d(gated, layer(`residual.${i}`))
    const [residual, skip] = i < layers - 1 ? (tf.split(both, 2, 1) as [tf.Tensor, tf.Tensor]) : [undefined, both]
    if (residual) hidden = tf.add(hidden, residual)
    skips.push(skip)
  }
  const end = { weight: weights[`${flow}.end.weight`]!, bias: weights[`${flow}.end.bias`]! }
  return tf.split(conv1d(tf.addN(skips), end), 2, 1) as [tf.Tensor, tf.Tensor]
}

/** mel [batch, mels, frames] → the conditioning of `length` groups of samples [batch, mels · group, length]. */
function upsampled(weights: Tensors, mel: tf.Tensor, length: number): tf.Tensor {
  const filter = { weight: weights['upsample.weight']!, bias: weights['upsample.bias']! }
  const long = convTranspose1d(mel, filter, { strides: hop })
  const [batch] = mel.shape as [number]
  const cut = tf.reshape(tf.slice(long, [0, 0, 0], [batch, mels, length * group]), [batch, mels, length, group])
  return tf.reshape(tf.transpose(cut, [0, 1, 3, 2]), [batch, mels * group, length])
}

/** Negative log-likelihood in nats per sample, of unit variance (Prenger et al., 2019, eq. 12). audio [batch, samples]. */
function loss(weights: Tensors, { audio, mel }: Tensors): { loss: tf.Tensor } {
  const [batch, count] = audio!.shape as [number, number]
  const length = count / group
  const condition = upsampled(weights, mel!, length)
  let x = tf.transpose(tf.reshape(audio!, [batch, length, group]), [0, 2, 1])
  const done: tf.Tensor[] = []
  const logDets: tf.Tensor[] = []
  for (const k of flowNumbers) {
    if (isExit(k)) {
      const [leaving, rest] = tf.split(x, [2, width(k)], 1) as [tf.Tensor, tf.Tensor]
      done.push(leaving)
      x = rest
    }
    const mix = weights[`${k}.mix`]!
    const mixed = conv1d(x, { weight: tf.expandDims(mix, 2) })
    const [kept, changed] = tf.split(mixed, 2, 1) as [tf.Tensor, tf.Tensor]
    const [shift, logScale] = coupling(weights, k, kept, condition)
    logDets.push(tf.mul(logAbsDet(mix), batch * length), tf.sum(logScale))
    x = tf.concat([kept, tf.add(tf.mul(tf.exp(logScale), changed), shift)], 1)
  }
  const z = tf.concat([...done, x], 1)
  return { loss: tf.div(tf.sub(tf.div(tf.sum(tf.square(z)), 2), tf.addN(logDets)), z.size) }
}

/** Noise [1, 8, 32 · frames] through the flows backwards: audio [1, 256 · frames]. */
function generated(weights: Tensors, { noise, mel }: Tensors): { audio: tf.Tensor } {
  const length = noise!.shape[2]!
  const condition = upsampled(weights, mel!, length)
  const drawn = (from: number, count: number) => tf.slice(noise!, [0, from, 0], [1, count, length])
  let used = width(flows - 1)
  let x = drawn(0, used)
  for (const k of flowNumbers.toReversed()) {
    const [kept, changed] = tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor]
    const [shift, logScale] = coupling(weights, k, kept, condition)
    x = tf.concat([kept, tf.div(tf.sub(changed, shift), tf.exp(logScale))], 1)
    x = conv1d(x, { weight: tf.expandDims(inverse(weights[`${k}.mix`]!), 2) })
    if (isExit(k)) {
      x = tf.concat([drawn(used, 2), x], 1)
      used += 2
    }
  }
  return { audio: tf.reshape(tf.transpose(x, [0, 2, 1]), [1, length * group]) }
}

const inference = (all: NDArrays): ProgramSpec => ({
  name: 'waveglow',
  key: 'bench',
  params: shapesOf(all),
  inputs: { mel: [1, mels, 'frames'], noise: [1, group, `${hop / group}*frames`] },
  run: ({ params, inputs }) => ({ outputs: generated(params, inputs) }),
})

/** WaveGlow with its published sizes (88 million parameters): generating, for any number of frames. */
export const waveglowInference: LoadCase = {
  name: 'waveglow',
  title: 'WaveGlow 12 flows, inference',
  values: values(plainConv),
  load: (all) => ({ spec: inference(all), values: { params: all } }),
}

const frames = 32

/** The same, generating a third of a second: all flows one after another. */
export const waveglowGeneration: Pick<BenchCase, 'name' | 'title' | 'values' | 'open'> = {
  name: 'waveglow',
  title: `WaveGlow 12 flows, ${frames} frames`,
  values: (random) => ({
    ...values(plainConv)(random),
    'input.mel': normal(random, [1, mels, frames]),
    'input.noise': normal(random, [1, group, (hop / group) * frames], 0.6),
  }),
  async open(all, device) {
    const params = Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('input.')))
    const runner = await device.load(inference(params), { params })
    const inputs = within(all, 'input.')
    return { call: () => runner.run(inputs), check: () => runner.run(inputs) }
  },
}

/** One step of Adam on one second's worth of samples. */
export const waveglowStep: LoadCase = {
  name: 'waveglow-step',
  title: 'WaveGlow 12 flows, training step',
  values: values(normedConv),
  load: (all) => {
    const spec = trainingProgram({
      name: 'waveglow-step',
      key: 'bench',
      params: shapesOf(all),
      inputs: { audio: [1, samples], mel: [1, mels, Math.ceil(samples / hop)] },
      loss,
      optimizer: adam(),
      learningRate: 1e-4,
    })
    return { spec, values: { state: all } }
  },
}
