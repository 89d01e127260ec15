import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { openDevice, type Tensors } from '../../../src-main/compute'
import type { NDArrays } from '../../../src-main/lib/ndarray'
import {
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  embedding,
  gatedTanh,
  gelu,
  groupNorm,
  instanceNorm,
  layerNorm,
  multiHeadAttention,
  spectralNorm,
  swish,
  weightNorm,
  type AttentionWeights,
  type ConvWeights,
  type NormWeights,
} from '../../../src-main/nn'
import { arrayOf, arraysOf, nnGolden, type Plain } from '../../helpers/nn-golden'

interface Layer {
  inputs: Record<string, Plain>
  weights: Plain
  result: Plain
  gradients: Record<string, Plain>
}
interface Spectral {
  inputs: Record<'weight' | 'u', Plain>
  weights: Plain
  calls: { weight: Plain; u: Plain; gradient: Plain }[]
}
const { spectralNorm: spectral, ...golden } = nnGolden<{ spectralNorm: Spectral } & Record<string, Layer>>(
  'layers.json',
)

const norm = (tensors: Tensors) => tensors as unknown as NormWeights & { x: tf.Tensor }
const convolution = (tensors: Tensors) => tensors as unknown as ConvWeights & { x: tf.Tensor }

const layers: Record<string, (tensors: Tensors) => tf.Tensor> = {
  layerNorm: (t) => layerNorm(norm(t).x, norm(t)),
  'layerNorm over two axes': (t) => layerNorm(norm(t).x, norm(t), { axes: [1, 2] }),
  groupNorm: (t) => groupNorm(norm(t).x, 2, norm(t)),
  instanceNorm: (t) => instanceNorm(norm(t).x, norm(t)),
  weightNorm: ({ v, g }) => weightNorm(v!, g!),
  gelu: ({ x }) => gelu(x!),
  swish: ({ x }) => swish(x!),
  gatedTanh: ({ x }) => gatedTanh(x!),
  embedding: ({ table }) => embedding(table!, tf.tensor2d([2, 0, 2, 1, 2, 4], [2, 3], 'int32')),
  attention: ({ x, context, mask, ...weights }) =>
    multiHeadAttention(x!, weights as unknown as AttentionWeights, { heads: 2, context: context!, mask: mask! }),
  conv1d: (t) => conv1d(convolution(t).x, convolution(t), { strides: 2, padding: 3, dilations: 2, groups: 2 }),
  conv2d: (t) =>
    conv2d(convolution(t).x, convolution(t), {
      strides: [2, 1],
      padding: [
        [1, 1],
        [0, 0],
      ],
    }),
  convTranspose1d: (t) => convTranspose1d(convolution(t).x, convolution(t), { strides: 3, padding: 1 }),
  convTranspose2d: (t) => convTranspose2d(convolution(t).x, convolution(t), { strides: 2, padding: 1 }),
}
const tolerance = { relative: 1e-5, absolute: 1e-5 }
const shapesOf = (arrays: NDArrays) =>
  Object.fromEntries(Object.entries(arrays).map(([name, { shape }]) => [name, shape]))

test('every golden layer is tried', () => expect(Object.keys(layers).sort()).toEqual(Object.keys(golden).sort()))

/** Σ layer · weights with its gradients by all inputs, and the gradients of Σ gradient² where asked. */
function gradientsProgram(name: string, inputs: NDArrays, weights: Plain, second = false) {
  const names = Object.keys(inputs)
  return {
    name,
    inputs: shapesOf(inputs),
    run: ({ inputs: given }: { inputs: Tensors }) => {
      const at = names.map((key) => given[key]!)
      const total = (...tensors: tf.Tensor[]) => {
        const named = Object.fromEntries(names.map((key, i) => [key, tensors[i]!]))
        return tf.sum(tf.mul(layers[name]!(named), tf.tensor(weights.data, weights.shape)))
      }
      const slope = (...tensors: tf.Tensor[]): tf.Scalar =>
        tf.addN(
          tf
            .grads(total)(tensors)
            .map((gradient) => tf.sum(tf.square(gradient))),
        ) as tf.Scalar
      const first = tf.grads(total)(at)
      const outputs: Tensors = { result: layers[name]!(given), slope: slope(...at) }
      for (const [i, key] of names.entries()) outputs[`gradient.${key}`] = first[i]!
      // Inputs that enter linearly, such as a shift, have no part in any gradient.
      const { grads } = second ? tf.engine().gradients(() => slope(...at), at, undefined, true) : { grads: [] }
      for (const [i, gradient] of grads.entries()) outputs[`second.${names[i]}`] = gradient ?? tf.zerosLike(at[i]!)
      return { outputs }
    },
  }
}

test.each(Object.keys(layers))('%s and its gradients equal PyTorch', async (name) => {
  const { inputs, weights, result, gradients } = golden[name]!
  const given = arraysOf(inputs)
  for (const id of ['cpu', 'reference']) {
    const runner = await (await openDevice(id)).load(gradientsProgram(name, given, weights), {})
    const out = await runner.run(given)
    expect(out['result']!).toBeAllclose(result, tolerance)
    for (const [key, gradient] of Object.entries(gradients))
      expect(out[`gradient.${key}`]!).toBeAllclose(gradient, tolerance)
    await runner.dispose()
  }
})

test.each(['layerNorm', 'groupNorm', 'instanceNorm', 'weightNorm', 'gelu', 'swish', 'gatedTanh', 'attention'])(
  'the gradient of a gradient of %s equals differences',
  async (name) => {
    const { inputs, weights } = golden[name]!
    const given = arraysOf(inputs)
    const runner = await (await openDevice('cpu')).load(gradientsProgram(name, given, weights, true), {})
    const out = await runner.run(given)
    const step = 1e-2
    const slopeAt = async (key: string, i: number, by: number) => {
      const data = Float32Array.from(given[key]!.data)
      data[i]! += by
      const { slope } = await runner.run({ ...given, [key]: { ...given[key]!, data } })
      return slope!.data[0]!
    }
    const largest = Math.max(...Object.keys(given).flatMap((key) => Array.from(out[`second.${key}`]!.data, Math.abs)))
    expect(largest).toBeGreaterThan(0.1)
    for (const key of Object.keys(given)) {
      const found = out[`second.${key}`]!.data
      for (const i of [0, found.length >> 1, found.length - 1]) {
        // Five points: the error is of the order step⁴.
        const [a, b, c, d] = [
          await slopeAt(key, i, -2 * step),
          await slopeAt(key, i, -step),
          await slopeAt(key, i, step),
          await slopeAt(key, i, 2 * step),
        ]
        const due = (a - 8 * b + 8 * c - d) / (12 * step)
        expect([found[i]!], `${key}[${i}]`).toBeAllclose([due], { relative: 2e-3, absolute: 2e-3 * largest })
      }
    }
    await runner.dispose()
  },
)

test('spectralNorm follows the largest singular value, with gradients as PyTorch', async () => {
  const weights = tf.util.flatten(spectral.weights.data) as number[]
  const state = { u: arrayOf(spectral.inputs.u) }
  for (const id of ['cpu', 'reference']) {
    const runner = await (
      await openDevice(id)
    ).load(
      {
        name: 'spectral',
        state: { u: [4] },
        inputs: { weight: [4, 6] },
        run: ({ state: { u }, inputs: { weight } }) => {
          const total = (w: tf.Tensor) => tf.sum(tf.mul(spectralNorm(w, u!).weight, tf.tensor2d(weights, [4, 6])))
          const normed = spectralNorm(weight!, u!)
          const gradient = tf.grad(total)(weight!)
          return { state: { u: normed.u }, outputs: { weight: normed.weight, u: normed.u, gradient } }
        },
      },
      { state },
    )
    for (const call of spectral.calls) {
      const out = await runner.run({ weight: arrayOf(spectral.inputs.weight) })
      for (const key of ['weight', 'u', 'gradient'] as const) expect(out[key]!).toBeAllclose(call[key], tolerance)
    }
    await runner.dispose()
  }
})

test('channels that do not divide are refused', () => {
  expect(() => groupNorm({ shape: [1, 6, 2] } as tf.Tensor, 4)).toThrow('4 equal groups, found 6')
  expect(() => gatedTanh({ shape: [1, 3, 2] } as tf.Tensor)).toThrow('even side')
  expect(() => conv1d({ shape: [1, 3], rank: 2 } as tf.Tensor, { weight: {} as tf.Tensor })).toThrow('conv1d expects')
})
