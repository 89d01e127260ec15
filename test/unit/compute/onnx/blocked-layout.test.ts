import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import {
  avgPool,
  conv,
  convTranspose,
  maxPool,
  upsampleNearest,
  type ProgramSpec,
  type Tensors,
} from '../../../../src-main/compute'
import { compileFor } from '../../../../src-main/compute/devices/onnx-runtime'
import { cpuProvider } from '../../../../src-main/compute/devices/providers'
import { float32, type NDArrays } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { expectAsReference } from '../against-reference'

const draws = random(11)
function normal(shape: readonly number[]) {
  const array = float32(shape)
  draws.fillNormal(array.data, 0.3)
  return array
}

const shapes = {
  first: [32, 3, 3, 3],
  bias: [32],
  second: [32, 32, 4, 4],
  beside: [32, 32, 1, 1],
  apart: [32, 32, 3, 2],
  gamma: [32],
  shift: [32],
  back: [32, 16, 4, 4],
  wide: [16, 16, 3, 3],
  last: [1, 16, 3, 3],
}

const perChannel = (x: tf.Tensor) => tf.reshape(x, [1, x.size, 1, 1])

/** γ (x − μ) / σ + β of each item. */
function layerNorm(x: tf.Tensor, { gamma, shift }: Tensors) {
  const mean = tf.mean(x, [1, 2, 3], true)
  const power = tf.mean(tf.square(x), [1, 2, 3], true)
  const scale = tf.mul(perChannel(gamma!), tf.rsqrt(tf.add(tf.sub(power, tf.square(mean)), 1e-5)))
  return tf.add(tf.mul(x, scale), tf.sub(perChannel(shift!), tf.mul(mean, scale)))
}

/** Much of what image networks are made of, between convolutions, and some of it read where it is in blocks. */
const spec: ProgramSpec = {
  name: 'planes',
  params: shapes,
  inputs: { x: [3, 3, 16, 12] },
  run({ params, inputs: { x } }) {
    const p = (name: keyof typeof shapes) => params[name]!
    const first = tf.add(conv(x!, p('first'), { padding: 1 }), perChannel(p('bias')))
    const normed = tf.relu(layerNorm(first, params))
    const deep = conv(normed, p('second'), { strides: 2, padding: 1 })
    const beside = conv(avgPool(first, 2), p('beside'))
    const sum = conv(tf.add(tf.add(deep, beside), perChannel(p('bias'))), p('apart'), {
      dilations: 2,
      padding: [
        [2, 2],
        [2, 1],
      ],
    })
    const scaled = tf.relu(tf.add(tf.mul(sum, perChannel(p('gamma'))), perChannel(p('shift'))))
    const larger = convTranspose(scaled, p('back'), { strides: 2, padding: 1 })
    const [half] = tf.split(perChannel(p('gamma')), 2, 1)
    const back = tf.relu(tf.mul(larger, half!))
    const wide = tf.add(conv(back, p('wide'), { padding: 1 }), upsampleNearest(maxPool(back, 2), 2))
    const last = tf.tanh(conv(tf.relu(wide), p('last'), { padding: 1 }))
    const rows = tf.reshape(sum, [3, -1])
    return { outputs: { last, first, normed, largest: tf.max(rows, 1), power: tf.mean(tf.square(sum), [1, 2, 3]) } }
  },
}

describe('planes kept in blocks', () => {
  it('are what the reference makes of them', async () => {
    const params: NDArrays = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, normal(shape)]))
    const x = normal([3, 3, 16, 12])
    await expectAsReference(spec, { params }, { x })
  })

  it.each([
    { kernel: [2, 2], strides: 2, padding: 0 },
    { kernel: [4, 4], strides: 2, padding: 1 },
    {
      kernel: [6, 3],
      strides: 3,
      padding: [
        [1, 2],
        [0, 0],
      ] as const,
    },
    { kernel: [8, 2], strides: [4, 2], padding: 'same' as const },
    {
      kernel: [4, 3],
      strides: [2, 1],
      padding: [
        [1, 1],
        [1, 1],
      ] as const,
    },
    { kernel: [3, 3], strides: 2, padding: 1, outputPadding: 1 },
  ])('hold for transposed convolutions: %j', async ({ kernel, ...options }) => {
    const transposed: ProgramSpec = {
      name: 'transposed',
      params: { filter: [16, 32, ...kernel] },
      inputs: { x: [2, 16, 5, 4] },
      run: ({ params, inputs: { x } }) => ({ outputs: { y: convTranspose(x!, params['filter']!, options) } }),
    }
    const [params, x] = [{ filter: normal([16, 32, ...kernel]) }, normal([2, 16, 5, 4])]
    await expectAsReference(transposed, { params }, { x })
  })

  it.each([8, 16])('leave the usual layout to what needs it, with blocks of %i', (block) => {
    const params: NDArrays = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, normal(shape)]))
    const { nodes } = compileFor(cpuProvider, spec, params, { block }).graph
    const count = (wanted: string) => nodes.filter(({ type }) => type === wanted).length
    // Six by filters, four for the transposed one, three by channel: the layer norm, the scale and shift, and the half scale.
    expect(nodes.filter(({ type, domain }) => type === 'Conv' && domain === 'com.microsoft.nchwc')).toHaveLength(13)
    expect(nodes.filter(({ type, domain }) => type === 'Conv' && !domain)).toHaveLength(0)
    // `first`, `normed` and `sum` are read; `last` has one channel.
    expect(count('ReorderOutput')).toBe(4)
    expect(count('ReorderInput') + count('ConvTranspose')).toBe(0)
    expect(count('Relu')).toBe(0)
    const usual = compileFor(cpuProvider, spec, params, { block: 0 }).graph.nodes
    expect(usual.some(({ domain }) => domain === 'com.microsoft.nchwc')).toBe(false)
  })
})
