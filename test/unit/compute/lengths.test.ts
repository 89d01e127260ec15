import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { conv, convTranspose, openDevice, type ProgramSpec } from '../../../src-main/compute'
import { compileProgram } from '../../../src-main/compute/compile'
import { float32, type NDArray, type NDArrays } from '../../../src-main/lib/ndarray'
import { random } from '../../../src-main/lib/random'

const normal = (shape: number[], seed = 1): NDArray => {
  const array = float32(shape)
  random(seed).fillNormal(array.data)
  return array
}

const cpu = await openDevice('cpu', { threads: 1 })
const reference = await openDevice('reference')

async function onBoth(spec: ProgramSpec, values: { params?: NDArrays }, runs: NDArrays[]): Promise<void> {
  const [traced, eager] = [await cpu.load(spec, values), await reference.load(spec, values)]
  for (const inputs of runs) {
    const [found, expected] = [await traced.run(inputs), await eager.run(inputs)]
    for (const [name, array] of Object.entries(expected)) {
      expect(found[name]!.shape, name).toEqual(array.shape)
      expect(found[name], name).toBeAllclose(array, { relative: 1e-4, absolute: 1e-5 })
    }
  }
  await traced.dispose()
  await eager.dispose()
}

/** Squeezes samples into groups of 8, gates them by frames of another rate, and puts them back. */
const squeezing: ProgramSpec = {
  name: 'squeezing',
  params: { w: [8, 8] },
  inputs: { audio: [1, '8*groups'], gate: [1, 8, 'groups'] },
  run: ({ params, inputs }) => {
    const audio = inputs['audio']!
    const groups = audio.shape[1]! / 8
    const squeezed = tf.transpose(tf.reshape(audio, [1, groups, 8]), [0, 2, 1])
    const mixed = tf.matMul(tf.reshape(params['w']!, [1, 8, 8]), squeezed)
    const padded = tf.pad(mixed, [
      [0, 0],
      [0, 0],
      [2, 1],
    ])
    const shifted = tf.slice(padded, [0, 0, 1], [1, 8, groups])
    const gated = tf.mul(tf.tanh(shifted), tf.add(inputs['gate']!, tf.fill([1, 8, groups], 0.5)))
    const level = tf.div(tf.sum(tf.square(gated)), audio.size)
    return {
      outputs: {
        audio: tf.reshape(tf.transpose(gated, [0, 2, 1]), [1, groups * 8]),
        halves: tf.stack(tf.split(gated, 2, 1)),
        level,
        longer: tf.mul(level, 3 * groups + 5),
        ramp: tf.mul(tf.ones([groups, 1]), tf.fill([1, 2], 3)),
      },
    }
  },
}

test('a program with an open length runs at every length, as the reference does', async () => {
  const runs = [1, 2, 7, 33, 1000].map((groups) => ({
    audio: normal([1, 8 * groups], groups),
    gate: normal([1, 8, groups], groups + 1),
  }))
  await onBoth(squeezing, { params: { w: normal([8, 8]) } }, runs)
})

test('its ONNX graph names its open sides', () => {
  const { graph } = compileProgram(squeezing, { w: normal([8, 8]) })
  expect(graph.inputs.map(({ name, shape }) => [name, shape])).toEqual([
    ['inputs.audio', [1, '8*groups']],
    ['inputs.gate', [1, 8, 'groups']],
  ])
  expect(Object.fromEntries(graph.outputs.map(({ name, shape }) => [name, shape]))).toEqual({
    'outputs.audio': [1, '8*groups'],
    'outputs.halves': [2, 1, 4, 'groups'],
    'outputs.level': [],
    'outputs.longer': [],
    'outputs.ramp': ['groups', 2],
  })
})

test('two open lengths at once: rows by frames, flattened', async () => {
  const spec: ProgramSpec = {
    name: 'two',
    params: { w: [3, 5] },
    inputs: { x: ['rows', 'frames', 3] },
    run: ({ params, inputs }) => {
      const [rows, frames] = inputs['x']!.shape as [number, number]
      const flat = tf.matMul(tf.reshape(inputs['x']!, [rows * frames, 3]), params['w'] as tf.Tensor2D)
      return { outputs: { y: tf.mean(tf.reshape(flat, [rows, frames, 5]), 1), z: tf.reshape(flat, [-1]) } }
    },
  }
  await onBoth(
    spec,
    { params: { w: normal([3, 5]) } },
    [
      [1, 1],
      [2, 9],
      [17, 4],
    ].map(([rows, frames]) => ({ x: normal([rows!, frames!, 3]) })),
  )
})

describe('what cannot be one graph is refused by name', () => {
  const load = (run: ProgramSpec['run']) => cpu.load({ name: 'uneven', inputs: { x: ['n', 2] }, run }, {})
  test.each<[string, ProgramSpec['run'], string]>([
    [
      'a loop over the length',
      ({ inputs: { x } }) => ({ outputs: { y: tf.addN(tf.unstack(x!).slice(0, x!.shape[0]! % 100)) } }),
      'operators at one length',
    ],
    [
      'a size that grows unevenly',
      ({ inputs: { x } }) => ({ outputs: { y: tf.slice(x!, 0, Math.floor(Math.sqrt(x!.shape[0]!))) } }),
      'does not grow evenly',
    ],
    [
      'a size that is rounded',
      ({ inputs: { x } }) => ({
        outputs: { y: tf.reshape(tf.slice(x!, 0, 2 * Math.ceil(x!.shape[0]! / 2) - 2), [-1, 4]) },
      }),
      'does not grow evenly',
    ],
    [
      'a one-hot of the length',
      ({ inputs: { x } }) => ({ outputs: { y: tf.oneHot(tf.argMax(x!, 1), x!.shape[0]!) } }),
      'not compute the same for every length',
    ],
    [
      'a threshold beyond the usual',
      ({ inputs: { x } }) => ({ outputs: { y: tf.slice(x!, 0, Math.min(500, x!.shape[0]!)) } }),
      'not compute the same for every length',
    ],
    [
      'a count of blocks',
      ({ inputs: { x } }) => ({ outputs: { y: tf.mul(x!, Math.ceil(x!.shape[0]! / 512)) } }),
      'not compute the same for every length',
    ],
    [
      'a table of the length',
      ({ inputs: { x } }) => ({ outputs: { y: tf.mul(x!, tf.reshape(tf.range(0, x!.shape[0]!), [-1, 1])) } }),
      'not compute the same for every length',
    ],
  ])('%s', async (_, run, message) => {
    await expect(load(run)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(new RegExp(`Program "uneven".*${message}`)),
    })
  })
})

test('numbers that are products, squares, halves and inverses of lengths are right at every length', async () => {
  const spec: ProgramSpec = {
    name: 'numbers',
    inputs: { x: ['rows', 3, 'time'] },
    run: ({ inputs }) => {
      const x = inputs['x']!
      const [rows, , time] = x.shape as [number, number, number]
      const { mean, variance } = tf.moments(x, [0, 2])
      const places = tf.sub(tf.scalar(time - 1, 'int32'), tf.cast(tf.argMax(x, 2), 'int32'))
      return {
        outputs: {
          ...{ mean, variance, places, error: tf.losses.meanSquaredError(x, tf.mul(x, 2)) },
          average: tf.div(tf.sum(x), x.size),
          half: tf.mul(tf.sum(x), time / 2),
          quarter: tf.div(tf.sum(x), (time + 1) / 4),
          square: tf.div(tf.sum(x), time * time),
          slope: tf.grad((y) => tf.mean(tf.square(tf.moments(y, [0, 2]).variance)))(x),
          flat: tf.reshape(x, [rows * time * 3]),
        },
      }
    },
  }
  await onBoth(
    spec,
    {},
    [
      [1, 1],
      [2, 3],
      [3, 2],
      [5, 40],
      [1, 700],
      [8, 1501],
    ].map(([rows, time]) => ({ x: normal([rows!, 3, time!]) })),
  )
})

test('a sum with something that is not a bias is not taken for one', async () => {
  const spec: ProgramSpec = {
    name: 'no bias',
    params: { plane: [5, 2, 1, 1], line: [5, 2, 1], rows: [5], one: [1], dense: [7, 15] },
    inputs: { image: [2, 2, 5, 4], time: [1, 2, 5], vector: [1, 7] },
    run: ({ params: p, inputs: i }) => {
      const image = conv(i['image']!, p['plane']!)
      const time = conv(i['time']!, p['line']!)
      const table = tf.reshape(tf.matMul(i['vector'] as tf.Tensor2D, p['dense'] as tf.Tensor2D), [1, 5, 3])
      const of = (name: string, ...shape: number[]) => tf.reshape(p[name]!, shape)
      return {
        outputs: {
          ...{ channels: tf.add(image, of('rows', 1, 5, 1, 1)), high: tf.add(image, of('rows', 1, 5, 1)) },
          ...{ one: tf.add(image, of('one', 1, 1, 1, 1)), wide: tf.add(time, of('rows', 1, 5, 1, 1)) },
          ...{ time: tf.add(time, of('rows', 1, 5, 1)), table: tf.add(table, of('rows', 1, 5, 1)) },
        },
      }
    },
  }
  const params = Object.fromEntries(
    Object.entries(spec.params!).map(([name, shape], i) => [name, normal(shape as number[], i)]),
  )
  const inputs = { image: normal([2, 2, 5, 4]), time: normal([1, 2, 5]), vector: normal([1, 7]) }
  await onBoth(spec, { params }, [inputs])
})

test('strided convolutions run at odd and even lengths', async () => {
  const spec: ProgramSpec = {
    name: 'strided',
    params: { down: [3, 2, 4], up: [3, 2, 4] },
    inputs: { x: [1, 2, 'time'], even: [1, 2, '2*half'] },
    run: ({ params, inputs }) => {
      const down = conv(inputs['x']!, params['down']!, { strides: 2, padding: 1 })
      const both = conv(inputs['even']!, params['down']!, { strides: 2, padding: 1 })
      return { outputs: { down, back: convTranspose(tf.tanh(both), params['up']!, { strides: 2, padding: 1 }) } }
    },
  }
  const values = { params: { down: normal([3, 2, 4]), up: normal([3, 2, 4], 2) } }
  const runs = [4, 5, 16, 31].map((time) => ({ x: normal([1, 2, time]), even: normal([1, 2, 2 * time]) }))
  await onBoth(spec, values, runs)
})

test('inputs whose lengths do not fit are refused, and the runner lives on', async () => {
  for (const device of [cpu, reference]) {
    const runner = await device.load(squeezing, { params: { w: normal([8, 8]) } })
    await expect(runner.run({ audio: normal([1, 17]), gate: normal([1, 8, 2]) })).rejects.toThrow(
      'expects inputs "audio" as [1, 8*groups], found [1, 17].',
    )
    await expect(runner.run({ audio: normal([1, 16]), gate: normal([1, 8, 3]) })).rejects.toThrow(
      'expects inputs "gate" as [1, 8, groups], found [1, 8, 3] where another input has groups = 2.',
    )
    await expect(runner.run({ audio: normal([1, 16, 1]), gate: normal([1, 8, 2]) })).rejects.toThrow('found float32')
    expect((await runner.run({ audio: normal([1, 16]), gate: normal([1, 8, 2]) }))['audio']!.shape).toEqual([1, 16])
    await runner.dispose()
  }
  const misnamed = { ...squeezing, inputs: { audio: ['a b'] } }
  await expect(cpu.load(misnamed, { params: { w: normal([8, 8]) } })).rejects.toThrow('"8*name"; found "a b"')
})
