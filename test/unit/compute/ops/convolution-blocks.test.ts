import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { conv, type ProgramSpec } from '../../../../src-main/compute'
import { channelBlock } from '../../../../src-main/compute/devices/channel-block'
import { compileFor } from '../../../../src-main/compute/devices/onnx-runtime'
import { cpuProvider } from '../../../../src-main/compute/devices/providers'
import { float32 } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { expectAsReference } from '../against-reference'

const draws = random(7)
const normal = (shape: readonly number[]) => {
  const array = float32(shape)
  draws.fillNormal(array.data)
  return array
}

/** Two convolutions with trained filters, a bias and a residual: its value, and the gradients of its mean square. */
const network = (
  { strides, dilations, padding }: { strides: number; dilations: number; padding: number },
  [channels, hidden]: readonly [number, number],
): ProgramSpec => ({
  name: 'two convolutions',
  state: { first: [hidden, channels, 3, 3], bias: [hidden], second: [hidden, hidden, 3, 3] },
  inputs: { x: [16, channels, 13, 10] },
  run({ state, inputs: { x } }) {
    const value = (first: tf.Tensor, bias: tf.Tensor, second: tf.Tensor) => {
      const biased = tf.add(conv(x!, first, { strides, dilations, padding }), tf.reshape(bias, [1, hidden, 1, 1]))
      return tf.add(conv(tf.relu(biased), second, { padding: 1 }), biased)
    }
    const loss = (...weights: tf.Tensor[]) =>
      tf.mean(tf.square(value(...(weights as [tf.Tensor, tf.Tensor, tf.Tensor])))) as tf.Scalar
    const weights = [state['first']!, state['bias']!, state['second']!] as const
    const [first, bias, second] = tf.grads(loss)([...weights])
    return { outputs: { value: value(...weights), first: first!, bias: bias!, second: second! } }
  },
})

describe('convolutions of channels in blocks', () => {
  it.each([
    ['one step apart', { strides: 1, dilations: 1, padding: 1 }],
    ['two steps apart', { strides: 2, dilations: 1, padding: 1 }],
    ['dilated', { strides: 1, dilations: 2, padding: 2 }],
    ['without padding', { strides: 1, dilations: 1, padding: 0 }],
  ])('give what the reference gives, with all gradients: %s', async (_, geometry) => {
    const spec = network(geometry, [16, 32])
    const state = {
      first: normal([32, 16, 3, 3]),
      bias: normal([32]),
      second: normal([32, 32, 3, 3]),
    }
    const x = normal([16, 16, 13, 10])
    await expectAsReference(spec, { state }, { x })
  })

  it('are used where channels fill blocks, and nowhere else', async () => {
    const block = await channelBlock()
    const kinds = (channels: readonly [number, number]) =>
      compileFor(cpuProvider, network({ strides: 1, dilations: 1, padding: 1 }, channels), {}, { block: 8 })
        .graph.nodes.filter(({ type }) => type === 'Conv')
        .map(({ domain }) => domain)
    // Where ONNX Runtime has these kernels for certain they are not to be missed without a word.
    expect(process.arch === 'x64' ? [8, 16] : [0, 8, 16]).toContain(block)
    expect(new Set(kinds([16, 32]))).toEqual(new Set(['com.microsoft.nchwc']))
    expect(new Set(kinds([12, 20]))).toEqual(new Set([undefined]))
  })
})
