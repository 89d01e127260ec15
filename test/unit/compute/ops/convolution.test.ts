import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  conv,
  convTranspose,
  openDevice,
  type ConvOptions,
  type ConvTransposeOptions,
  type ProgramSpec,
} from '../../../../src-main/compute'
import { compileProgram } from '../../../../src-main/compute/compile'
import { liveNodes } from '../../../../src-main/compute/trace/graph'
import { traceProgram, withBackend } from '../../../../src-main/compute/trace/trace'
import { float32, sizeOf, type NDArray, type NDArrays } from '../../../../src-main/lib/ndarray'
import { sample, shapesOf } from '../../../helpers/op-cases/case'
import { convGeometries, convTransposeGeometries } from '../../../helpers/op-cases/convolution'

const devices = { cpu: await openDevice('cpu', { threads: 1 }), reference: await openDevice('reference') }
const both = Object.keys(devices) as (keyof typeof devices)[]

async function runOnce(device: keyof typeof devices, spec: ProgramSpec, inputs: NDArrays): Promise<NDArrays> {
  const runner = await devices[device].load(spec, {})
  const outputs = await runner.run(inputs)
  await runner.dispose()
  return outputs
}

describe('the definition, by loops', () => {
  describe.each(both)('%s', (device) => {
    test.each(convGeometries)('conv, %s', async (title, x, filter, options) => {
      const inputs = { x: sample(x), filter: sample(filter, 'normal', 2) }
      const y = await runOnce(device, program(title, inputs, conv, options), inputs)
      expect(y['y']).toBeAllclose(convByLoops(inputs.x, inputs.filter, options), { relative: 1e-5, absolute: 1e-5 })
    })

    test.each(convTransposeGeometries)('convTranspose, %s', async (title, x, filter, options) => {
      const inputs = { x: sample(x), filter: sample(filter, 'normal', 2) }
      const y = await runOnce(device, program(title, inputs, convTranspose, options), inputs)
      const expected = convTransposeByLoops(inputs.x, inputs.filter, options)
      expect(y['y']).toBeAllclose(expected, { relative: 1e-5, absolute: 1e-5 })
    })
  })
})

interface TorchOptions {
  stride?: number | number[]
  padding?: number | number[]
  dilation?: number | number[]
  output_padding?: number | number[]
  groups?: number
}
interface TorchCase {
  op: 'conv' | 'convTranspose'
  x: number[]
  filter: number[]
  options: TorchOptions
  shape: number[]
  y: number[]
  dx: number[]
  dw: number[]
}
interface Critic {
  x: { shape: number[]; data: number[] }
  layers: TorchOptions[]
  weights: { shape: number[]; data: number[] }[]
  penalty: number
  gradients: number[][]
}
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../golden/convolution/torch.json'), 'utf8'),
) as { cases: TorchCase[]; critic: Critic }

/** PyTorch's options as ours. */
const optionsOf = (
  { stride = 1, padding = 0, dilation = 1, output_padding = 0, groups = 1 }: TorchOptions,
  axes: number,
) => ({
  strides: stride,
  dilations: dilation,
  padding: typeof padding === 'number' ? padding : padding.map((pad): [number, number] => [pad, pad]),
  groups,
  ...(output_padding === 0
    ? {}
    : { outputPadding: Array.from({ length: axes }, (_, i) => [output_padding].flat().at(i) ?? 0) }),
})

const wave = (shape: readonly number[], phase: number) =>
  float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, j) => Math.sin(1.3 * j + phase)),
  )

describe('PyTorch', () => {
  const titled = golden.cases.map((each): [string, TorchCase] => [
    `${each.op} [${each.x}] ${JSON.stringify(each.options)}`,
    each,
  ])
  describe.each(both)('%s', (device) => {
    test.each(titled)('%s', async (title, { op, options, ...each }) => {
      const axes = each.x.length - 2
      const inputs = { x: wave(each.x, 1), filter: wave(each.filter, 2), dy: wave(each.shape, 3) }
      const apply = (x: tf.Tensor, filter: tf.Tensor) =>
        op === 'conv' ? conv(x, filter, optionsOf(options, axes)) : convTranspose(x, filter, optionsOf(options, axes))
      const found = await runOnce(
        device,
        {
          name: title,
          inputs: shapesOf(inputs),
          run: ({ inputs: { x, filter, dy } }) => {
            const [dx, dw] = tf.grads((a, b) => tf.sum(tf.mul(apply(a!, b!), dy!)))([x!, filter!])
            return { outputs: { y: apply(x!, filter!), dx: dx!, dw: dw! } }
          },
        },
        inputs,
      )
      const close = { relative: 1e-5, absolute: 1e-5 }
      expect(found['y']).toBeAllclose(float32(each.shape, Float32Array.from(each.y)), close)
      expect(found['dx']).toBeAllclose(float32(each.x, Float32Array.from(each.dx)), close)
      expect(found['dw']).toBeAllclose(float32(each.filter, Float32Array.from(each.dw)), close)
    })
  })
})

describe('gradient penalty of a critic of strided convolutions', () => {
  const { critic } = golden
  const arrays: NDArrays = {
    x: float32(critic.x.shape, Float32Array.from(critic.x.data)),
    ...Object.fromEntries(
      critic.weights.map(({ shape, data }, i) => [`w${i}`, float32(shape, Float32Array.from(data))]),
    ),
  }
  const names = critic.weights.map((_, i) => `w${i}`)

  /** mean((‖∂D/∂x‖ − 1)²), equation 3 of Gulrajani et al. 2017 at the points x. */
  const penalty = (x: tf.Tensor, weights: tf.Tensor[]): tf.Tensor => {
    const score = (x: tf.Tensor): tf.Tensor => {
      const features = critic.layers.reduce(
        (h, layer, i) => tf.leakyRelu(conv(h, weights[i]!, optionsOf(layer, 1)), 0.2),
        x,
      )
      return tf.sum(tf.mul(features, weights[critic.layers.length]!))
    }
    const slope = tf.grad(score)(x)
    return tf.mean(tf.square(tf.sub(tf.sqrt(tf.sum(tf.square(slope), [1, 2])), 1)))
  }
  const spec: ProgramSpec = {
    name: 'gradient penalty',
    inputs: shapesOf(arrays),
    run: ({ inputs }) => {
      const weights = names.map((name) => inputs[name]!)
      const gradients = tf.grads((...ws: tf.Tensor[]) => penalty(inputs['x']!, ws))(weights)
      return {
        outputs: {
          penalty: penalty(inputs['x']!, weights),
          ...Object.fromEntries(gradients.map((gradient, i) => [names[i], gradient])),
        },
      }
    },
  }

  test.each(both)('%s: that of PyTorch', async (device) => {
    const found = await runOnce(device, spec, arrays)
    expect(found['penalty']!.data).toBeAllclose([critic.penalty], { relative: 1e-5 })
    for (const [i, name] of names.entries())
      expect(found[name]!.data, name).toBeAllclose(critic.gradients[i]!, { relative: 1e-4, absolute: 1e-5 })
  })

  test('cpu: the differences of the penalty, weight by weight', async () => {
    const runner = await devices.cpu.load(spec, {})
    const gradients = await runner.run(arrays)
    const step = 4e-3
    for (const name of names) {
      const weights = arrays[name] as NDArray
      const at = async (j: number, by: number) => {
        const data = Float32Array.from(weights.data)
        data[j]! += by
        return (await runner.run({ ...arrays, [name]: { ...weights, data } }))['penalty']!.data[0]!
      }
      const differences: number[] = []
      for (let j = 0; j < weights.data.length; j++)
        differences.push(((await at(j, step)) - (await at(j, -step))) / (2 * step))
      const size = Math.max(...differences.map(Math.abs))
      expect(gradients[name]!.data, name).toBeAllclose(differences, { relative: 1e-3, absolute: 1e-3 * size })
    }
    await runner.dispose()
  })
})

describe('shapes and options', () => {
  const shapeOf = (op: typeof conv, x: number[], filter: number[], options: ConvTransposeOptions) =>
    withBackend('cpu', () => op(tf.zeros(x), tf.zeros(filter), options).shape)

  test('same: as long as the steps that fit, or as the steps times the stride', () => {
    for (const [strides, dilations, taps] of [
      [1, 1, 3],
      [2, 1, 4],
      [3, 2, 2],
      [2, 3, 3],
    ] as const) {
      const options = { strides, dilations, padding: 'same' } as const
      for (const length of [5, 6, 7]) {
        expect(shapeOf(conv, [1, 1, length], [1, 1, taps], options)).toEqual([1, 1, Math.ceil(length / strides)])
        expect(shapeOf(convTranspose, [1, 1, length], [1, 1, taps], options)).toEqual([1, 1, length * strides])
      }
    }
  })

  test.each<[string, typeof conv, number[], number[], ConvTransposeOptions, RegExp]>([
    ['ranks that differ', conv, [1, 2, 5], [2, 2, 3, 3], {}, /x \[1,2,5\] and filter \[2,2,3,3\] do not fit/],
    ['channels that differ', conv, [1, 3, 5], [2, 2, 3], {}, /channels \/ groups/],
    ['outputs that groups do not divide', conv, [1, 4, 5], [3, 2, 3], { groups: 2 }, /groups = 2/],
    ['a filter longer than its input', conv, [1, 1, 3], [1, 1, 3], { dilations: 2 }, /not longer \(5\)/],
    [
      'one stride too many',
      conv,
      [1, 1, 3],
      [1, 1, 3],
      { strides: [1, 1] },
      /strides must be .* 1 spatial axes; found \[1,1\]/,
    ],
    ['a pair for each axis missing', conv, [1, 1, 5, 5], [1, 1, 3, 3], { padding: [[1, 1]] }, /padding must be/],
    ['no groups', conv, [1, 1, 5], [1, 1, 3], { groups: 0 }, /groups must be a whole number from 1, found 0/],
    [
      'an output padding of a stride',
      convTranspose,
      [1, 1, 5],
      [1, 1, 3],
      { strides: 2, outputPadding: 2 },
      /less than the stride, found 2/,
    ],
    [
      'same and an output padding',
      convTranspose,
      [1, 1, 5],
      [1, 1, 3],
      { strides: 2, padding: 'same', outputPadding: 1 },
      /'same'/,
    ],
    ['nothing left', convTranspose, [1, 1, 2], [1, 1, 3], { padding: 2 }, /leaves some of the result/],
  ])('refuses %s', (_, op, x, filter, options, message) => {
    expect(() => shapeOf(op, x, filter, options)).toThrow(message)
  })

  test('eager devices keep nothing but the result', () => {
    withBackend('cpu', () => {
      const [x, filter] = [tf.ones([1, 4, 6]), tf.ones([4, 2, 3])]
      const before = tf.memory().numTensors
      const kept = [conv(x, filter, { groups: 2, strides: 2 }), convTranspose(x, filter, { groups: 2, dilations: 2 })]
      expect(tf.memory().numTensors - before).toBe(kept.length)
      tf.dispose([x, filter, ...kept])
    })
  })

  test.each([
    ['conv', { x: [4, 3, 2, 2], filter: [5, 3, 2, 2] }, conv, ['Gemm']],
    ['conv on a wide plane', { x: [4, 3, 4, 4], filter: [5, 3, 2, 2] }, conv, ['Conv']],
    ['conv of one picture', { x: [1, 3, 2, 2], filter: [5, 3, 2, 2] }, conv, ['Conv']],
    ['convTranspose', { x: [4, 3, 4, 4], filter: [3, 2, 2, 2] }, convTranspose, ['Gemm', 'Col2Im']],
    ['convTranspose on a wide plane', { x: [4, 3, 5, 4], filter: [3, 2, 2, 2] }, convTranspose, ['Conv']],
  ] as const)(
    '%s: one product over the batch where positions are few and the filter is trained',
    (name, types, op, expected) => {
      const typesOf = (kind: 'params' | 'state') => {
        const { graph } = compileProgram(
          {
            name,
            [kind]: { filter: types.filter },
            inputs: { x: types.x },
            run: ({ inputs: { x }, [kind]: values }) => ({ outputs: { y: op(x!, values['filter']!, { strides: 1 }) } }),
          },
          kind === 'params' ? { filter: sample(types.filter) } : {},
        )
        return graph.nodes.map(({ type }) => type).filter((type) => /Gemm|MatMul|Conv|Col2Im/.test(type))
      }
      expect(typesOf('state')).toEqual(expected)
      expect(typesOf('params')).toEqual(['Conv'])
    },
  )

  test('convolutions of zeros are zeros', () => {
    const { graph, outputs } = traceProgram({
      name: 'zeros',
      inputs: { x: [2, 3, 4, 4], filter: [3, 3, 2, 2] },
      run: ({ inputs: { x, filter } }) => ({
        outputs: {
          conv: conv(tf.zerosLike(x!), filter!),
          convTranspose: convTranspose(x!, tf.zerosLike(filter!)),
          filter: tf.grad((w: tf.Tensor) => tf.sum(conv(tf.zerosLike(x!), w)))(filter!),
        },
      }),
    })
    expect(liveNodes(graph, Object.values(outputs))).toEqual([])
    expect(Object.values(outputs).map(({ uniform, shape }) => [uniform, shape])).toEqual([
      [0, [2, 3, 3, 3]],
      [0, [2, 3, 5, 5]],
      [0, [3, 3, 2, 2]],
    ])
  })

  test("transposes between tfjs' own convolutions meet and vanish", () => {
    const { graph, outputs } = traceProgram({
      name: 'two layers',
      inputs: { x: [1, 6, 6, 2], a: [3, 3, 2, 3], b: [3, 3, 3, 4] },
      run: ({ inputs: { x, a, b } }) => {
        const h = tf.conv2d(x as tf.Tensor4D, a as tf.Tensor4D, 1, 'same')
        return { outputs: { y: tf.conv2d(h, b as tf.Tensor4D, 2, 'valid') } }
      },
    })
    const transposes = liveNodes(graph, [outputs['y']!]).filter(({ kernel }) => kernel === 'Transpose')
    expect(transposes.map(({ inputs: [x] }) => x!.source ?? x!.node!.kernel).sort()).toEqual([
      'Conv',
      'inputs.a',
      'inputs.b',
      'inputs.x',
    ])
  })
})

function program<O>(
  name: string,
  inputs: NDArrays,
  op: (x: tf.Tensor, filter: tf.Tensor, options?: O) => tf.Tensor,
  options?: O,
): ProgramSpec {
  return {
    name,
    inputs: shapesOf(inputs),
    run: ({ inputs: { x, filter } }) => ({ outputs: { y: op(x!, filter!, options) } }),
  }
}

/** Every pair of input element x and filter tap that `conv` multiplies, and the place of their product in y. */
function eachProduct(
  xShape: readonly number[],
  filterShape: readonly number[],
  yShape: readonly number[],
  { strides, dilations, pads, groups }: Plain,
  visit: (x: number, tap: number, y: number) => void,
): void {
  const [batch, channels, height, width] = planar(xShape)
  const [out, perGroup, tall, wide] = planar(filterShape)
  const [, , rows, columns] = planar(yShape)
  for (let b = 0; b < batch; b++)
    for (let o = 0; o < out; o++)
      for (let c = 0; c < perGroup; c++)
        for (let r = 0; r < rows; r++)
          for (let q = 0; q < columns; q++)
            for (let k = 0; k < tall; k++)
              for (let l = 0; l < wide; l++) {
                const i = r * strides[0] + k * dilations[0] - pads[0]
                const j = q * strides[1] + l * dilations[1] - pads[1]
                if (i < 0 || j < 0 || i >= height || j >= width) continue
                const channel = Math.floor(o / (out / groups)) * perGroup + c
                visit(
                  ((b * channels + channel) * height + i) * width + j,
                  ((o * perGroup + c) * tall + k) * wide + l,
                  ((b * out + o) * rows + r) * columns + q,
                )
              }
}

type Pair = [number, number]
interface Plain {
  strides: Pair
  dilations: Pair
  pads: Pair
  groups: number
}

const planar = (shape: readonly number[]): [number, number, number, number] => [
  shape[0]!,
  shape[1]!,
  shape.length === 3 ? 1 : shape[2]!,
  shape.at(-1)!,
]

/** Options per axis, two axes always; `totals` says how many zeros 'same' adds to each. */
function plainOf(
  options: ConvOptions,
  axes: number,
  reachless: (axis: number, stride: number, reach: number) => number,
  kernel: number[],
) {
  const each = (given: number | readonly number[] = 1) =>
    typeof given === 'number' ? new Array<number>(axes).fill(given) : [...given]
  const [strides, dilations] = [each(options.strides), each(options.dilations)]
  const reach = kernel.map((taps, axis) => (taps - 1) * dilations[axis]! + 1)
  const padding = options.padding ?? 'valid'
  const pads = strides.map((stride, axis): readonly [number, number] => {
    if (padding === 'valid') return [0, 0]
    if (typeof padding === 'number') return [padding, padding]
    if (padding !== 'same') return padding[axis]!
    const total = Math.max(0, reachless(axis, stride, reach[axis]!))
    return [Math.floor(total / 2), Math.ceil(total / 2)]
  })
  const two = (list: number[], first: number): Pair => (axes === 1 ? [first, list[0]!] : [list[0]!, list[1]!])
  const plain: Plain = {
    strides: two(strides, 1),
    dilations: two(dilations, 1),
    pads: two(
      pads.map(([before]) => before),
      0,
    ),
    groups: options.groups ?? 1,
  }
  return { plain, strides, pads, reach }
}

function convByLoops(x: NDArray, filter: NDArray, options: ConvOptions = {}): NDArray {
  const [space, kernel] = [x.shape.slice(2), filter.shape.slice(2)]
  const same = (axis: number, stride: number, reach: number) =>
    (Math.ceil(space[axis]! / stride) - 1) * stride + reach - space[axis]!
  const { plain, strides, pads, reach } = plainOf(options, space.length, same, kernel)
  const positions = space.map((length, axis) => {
    let count = 0
    while (count * strides[axis]! + reach[axis]! <= length + pads[axis]![0] + pads[axis]![1]) count++
    return count
  })
  const y = float32([x.shape[0]!, filter.shape[0]!, ...positions])
  eachProduct(x.shape, filter.shape, y.shape, plain, (i, tap, j) => (y.data[j]! += x.data[i]! * filter.data[tap]!))
  return y
}

function convTransposeByLoops(x: NDArray, filter: NDArray, options: ConvTransposeOptions = {}): NDArray {
  const [space, kernel] = [x.shape.slice(2), filter.shape.slice(2)]
  const same = (_: number, stride: number, reach: number) => reach - stride
  const { plain, strides, pads, reach } = plainOf(options, space.length, same, kernel)
  const extra = options.outputPadding ?? 0
  const lengths = space.map((length, axis) => {
    if (options.padding === 'same') return length * strides[axis]!
    const more = typeof extra === 'number' ? extra : extra[axis]!
    return (length - 1) * strides[axis]! + reach[axis]! - pads[axis]![0] - pads[axis]![1] + more
  })
  const y = float32([x.shape[0]!, filter.shape[1]! * plain.groups, ...lengths])
  eachProduct(y.shape, filter.shape, x.shape, plain, (j, tap, i) => (y.data[j]! += x.data[i]! * filter.data[tap]!))
  return y
}
