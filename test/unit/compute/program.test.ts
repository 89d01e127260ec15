import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { listDevices, openDevice, type ProgramSpec } from '../../../src-main/compute'
import { compileFor } from '../../../src-main/compute/devices/onnx-runtime'
import { cpuProvider, gpuProviders } from '../../../src-main/compute/devices/providers'
import { traceProgram } from '../../../src-main/compute/trace/trace'
import { liveNodes } from '../../../src-main/compute/trace/graph'
import { float32, type NDArray } from '../../../src-main/lib/ndarray'
import { random } from '../../../src-main/lib/random'

const normal = (shape: number[], seed = 1): NDArray => {
  const array = float32(shape)
  random(seed).fillNormal(array.data)
  return array
}

const counter: ProgramSpec = {
  name: 'counter',
  params: { by: [2] },
  state: { total: [2], steps: [] },
  zeros: ['steps'],
  inputs: { x: [2] },
  run: ({ params, state, inputs }) => {
    const total = tf.add(state['total']!, tf.mul(params['by']!, inputs['x']!))
    return { state: { total, steps: tf.add(state['steps']!, 1) }, outputs: { total, before: state['total']! } }
  },
}
const values = {
  params: { by: float32([2], Float32Array.of(2, 3)) },
  state: { total: float32([2], Float32Array.of(10, 20)) },
}

describe.each(['cpu', 'reference'])('a program on %s', (id) => {
  const device = openDevice(id, { threads: 1 })

  test('feeds its state back from run to run', async () => {
    const runner = await (await device).load(counter, values)
    const x = float32([2], Float32Array.of(1, -1))
    const runs = await Promise.all([runner.run({ x }), runner.run({ x }), runner.run({ x })])
    expect(runs.map(({ total }) => [...total!.data])).toEqual([
      [12, 17],
      [14, 14],
      [16, 11],
    ])
    expect([...runs[2]!['before']!.data]).toEqual([14, 14])
    const state = await runner.state()
    expect([...state['total']!.data, ...state['steps']!.data]).toEqual([16, 11, 3])
    await runner.setState({ total: float32([2], Float32Array.of(0, 1)) })
    await runner.run({ x })
    expect([...(await runner.state())['total']!.data]).toEqual([2, -2])
    expect([...(await runner.state())['steps']!.data]).toEqual([4])
    expect([...values.state.total.data]).toEqual([10, 20])
    await runner.dispose()
  })

  test('names what is missing or misshapen', async () => {
    const opened = await device
    await expect(opened.load(counter, { state: values.state })).rejects.toThrow(
      'Program "counter" needs params "by" of shape [2]',
    )
    await expect(opened.load(counter, { params: values.params })).rejects.toThrow('needs state "total"')
    await expect(
      opened.load(counter, { ...values, params: { ...values.params, extra: float32([1]) } }),
    ).rejects.toThrow('has no params "extra"; it has by')
    const runner = await opened.load(counter, values)
    await expect(runner.run({ x: float32([3]) })).rejects.toThrow(
      'expects inputs "x" as float32 [2], found float32 [3]',
    )
    await expect(runner.setState({ nothing: float32([3]) })).rejects.toThrow('has no state "nothing"')
    for (const data of [Int32Array.of(1, 2), Float64Array.of(1, 2)]) {
      await expect(runner.run({ x: { shape: [2], dtype: 'float32', data: data as Int32Array } })).rejects.toMatchObject(
        {
          code: 'bad-input',
          message: `Program "counter" expects inputs "x" as float32 in a Float32Array, found a ${data.constructor.name}.`,
        },
      )
    }
    expect([...(await runner.run({ x: float32([2], Float32Array.of(1, 1)) }))['total']!.data]).toEqual([12, 23])
    await runner.dispose()
  })

  test('gives the same numbers twice', async () => {
    const spec: ProgramSpec = {
      name: 'walk',
      state: { z: [64, 64] },
      inputs: { noise: [64, 64] },
      run: ({ state, inputs }) => {
        const z = tf.tanh(
          tf.add(tf.matMul(state['z'] as tf.Tensor2D, inputs['noise'] as tf.Tensor2D), inputs['noise']!),
        )
        return { state: { z }, outputs: { sum: tf.sum(z), rows: tf.sum(tf.exp(z), 1) } }
      },
    }
    const once = async () => {
      const runner = await (await openDevice(id, { threads: 2 })).load(spec, { state: { z: normal([64, 64]) } })
      let last: Record<string, NDArray> = {}
      for (let i = 0; i < 5; i++) last = await runner.run({ noise: normal([64, 64], i) })
      await runner.dispose()
      return last
    }
    expect(await once()).toEqual(await once())
  })

  test('keeps its memory flat', { timeout: 120_000 }, async () => {
    const side = id === 'cpu' ? 96 : 24
    const spec: ProgramSpec = {
      name: 'flat',
      state: { w: [side, side] },
      inputs: { x: [side, side] },
      run: ({ state, inputs }) => {
        const { value, grads } = tf.valueAndGrads((w) =>
          tf.mean(tf.square(tf.tanh(tf.matMul(inputs['x'] as tf.Tensor2D, w as tf.Tensor2D)))),
        )([state['w']!])
        return { state: { w: tf.sub(state['w']!, grads[0]!) }, outputs: { value, all: grads[0]! } }
      },
    }
    const runner = await (await device).load(spec, { state: { w: normal([side, side]) } })
    const x = normal([side, side], 2)
    const runs = async (count: number) => {
      for (let i = 0; i < count; i++) await runner.run({ x })
    }
    await runs(300)
    const before = { rss: process.memoryUsage.rss(), tensors: tf.memory().numTensors }
    await runs(id === 'cpu' ? 2500 : 500)
    // The garbage collector lets up to some 30 MB gather; one 36 KiB tensor lost per run on `cpu` would make 92 MB.
    expect(process.memoryUsage.rss() - before.rss).toBeLessThan(60e6)
    expect(tf.memory().numTensors).toBe(before.tensors)
    await runner.dispose()
  })
})

describe('tracing', () => {
  const cpu = openDevice('cpu', { threads: 1 })
  const load = async (run: ProgramSpec['run']) =>
    (await cpu).load({ name: 'bad', inputs: { x: [2, 2] }, state: { s: [2] }, zeros: ['s'], run }, {})

  test('names an op without a lowering and the program', async () => {
    const failing = load(({ inputs }) => ({
      outputs: { y: tf.bincount(tf.cast(tf.reshape(inputs['x']!, [4]), 'int32') as tf.Tensor1D, tf.ones([4]), 3) },
    }))
    await expect(failing).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(
        /^Program "bad" uses the op Bincount, which has no lowering to ONNX \(called at test.unit.compute.program\.test\.ts:\d+\)\.$/,
      ),
    })
  })

  test('refuses to read numbers, and state of another shape', async () => {
    await expect(load(({ inputs }) => ({ outputs: { y: tf.scalar(inputs['x']!.dataSync()[0]!) } }))).rejects.toThrow(
      'Program "bad": A traced program cannot read',
    )
    await expect(load(({ inputs }) => ({ state: { s: inputs['x']! } }))).rejects.toThrow(
      'declares state "s" as float32 [2] but returns float32 [2,2]',
    )
    await expect(load(({ inputs }) => ({ state: { t: inputs['x']! } }))).rejects.toThrow(
      'returns state "t", which it does not declare',
    )
    await expect(
      load(({ inputs }) => ({ outputs: { y: tf.matMul(inputs['x'] as tf.Tensor2D, tf.ones([3, 2])) } })),
    ).rejects.toThrow('Program "bad"')
  })

  test('writes equal nodes and constants once and drops dead ones', () => {
    const { graph, outputs } = traceProgram({
      name: 'small',
      inputs: { x: [2, 3] },
      run: ({ inputs }) => {
        tf.log(inputs['x']!)
        const twice = tf.add(tf.exp(tf.mul(inputs['x']!, tf.fill([2, 3], 2))), tf.exp(tf.mul(inputs['x']!, 2)))
        return { outputs: { y: tf.mul(tf.add(twice, tf.zeros([2, 3])), tf.ones([3])) } }
      },
    })
    expect(liveNodes(graph, Object.values(outputs)).map((node) => node.kernel)).toEqual(['Multiply', 'Exp', 'Add'])
  })

  test('computes repeated values once, and repeats them where that cannot be left to the reader', () => {
    const spec: ProgramSpec = {
      name: 'repeated',
      inputs: { x: [8, 16], w: [16, 2] },
      run: ({ inputs: { x, w } }) => {
        const slope = tf.grad((at: tf.Tensor) => tf.sum(tf.square(tf.mean(at, 1))))(x!)
        return { outputs: { y: tf.add(x!, slope), z: tf.matMul(slope as tf.Tensor2D, w as tf.Tensor2D) } }
      },
    }
    const { graph, outputs } = traceProgram(spec)
    const whole = (names: string[]) =>
      liveNodes(
        graph,
        names.map((name) => outputs[name]!),
      )
        .filter(({ outputs: [value] }) => String(value!.shape) === '8,16')
        .map(({ kernel }) => kernel)
    expect(whole(['y'])).toEqual(['Add'])
    expect(whole(['z'])).toEqual(['Tile'])
  })

  test('the processor multiplies transposed factors as they stand, and integers too', async () => {
    const spec: ProgramSpec = {
      name: 'transposed',
      inputs: { a: [3, 5, 4], b: [3, 5, 6], i: { shape: [2, 3, 2], dtype: 'int32' } },
      run: ({ inputs: { a, b, i } }) => ({
        outputs: {
          left: tf.matMul(a as tf.Tensor3D, b as tf.Tensor3D, true),
          both: tf.matMul(a as tf.Tensor3D, tf.transpose(b!, [0, 2, 1]) as tf.Tensor3D, true, true),
          right: tf.matMul(b as tf.Tensor3D, b as tf.Tensor3D, false, true),
          whole: tf.matMul(i as tf.Tensor3D, i as tf.Tensor3D, true),
        },
      }),
    }
    const { graph } = compileFor(cpuProvider, spec, {})
    expect(graph.nodes.filter(({ type }) => /MatMul|Transpose/.test(type)).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['FusedMatMul', 'FusedMatMul', 'FusedMatMul', 'MatMul']),
    )
    expect(compileFor(gpuProviders['webgpu']!, spec, {}).graph.nodes.map(({ type }) => type)).not.toContain(
      'FusedMatMul',
    )
    const integers = { shape: [2, 3, 2], dtype: 'int32' as const, data: Int32Array.from({ length: 12 }, (_, k) => k) }
    const inputs = { a: normal([3, 5, 4], 1), b: normal([3, 5, 6], 2), i: integers }
    const found = []
    for (const device of [await cpu, await openDevice('reference')]) {
      const runner = await device.load(spec, {})
      found.push(await runner.run(inputs))
      await runner.dispose()
    }
    for (const name of ['left', 'both', 'right']) expect(found[0]![name]).toBeAllclose(found[1]![name]!)
    expect(found[0]!['whole']).toEqual(found[1]!['whole'])
  })

  test('keeps apart calls that differ in an infinity or NaN only', async () => {
    const spec: ProgramSpec = {
      name: 'padded',
      inputs: { x: [1] },
      run: ({ inputs }) => ({
        outputs: Object.fromEntries(
          [Infinity, -Infinity, NaN].map((number) => [String(number), tf.pad(inputs['x']!, [[0, 1]], number)]),
        ),
      }),
    }
    const runner = await (await cpu).load(spec, {})
    const outputs = await runner.run({ x: float32([1], Float32Array.of(4)) })
    for (const [number, { data }] of Object.entries(outputs)) expect([...data], number).toEqual([4, Number(number)])
    await runner.dispose()
    const zeros = traceProgram({
      name: 'zeros',
      inputs: { x: [1] },
      run: ({ inputs }) => ({
        outputs: { a: tf.clipByValue(inputs['x']!, 0, 1), b: tf.clipByValue(inputs['x']!, -0, 1) },
      }),
    })
    expect(zeros.outputs['a']).not.toBe(zeros.outputs['b'])
  })

  test('a large uniform fill holds one number', () => {
    const { outputs } = traceProgram({
      name: 'filled',
      run: () => ({ outputs: { y: tf.fill([2 ** 16, 2 ** 15], -1e9), i: tf.fill([2 ** 31], 1.7, 'int32') } }),
    })
    expect(outputs['y']).toMatchObject({ shape: [2 ** 16, 2 ** 15], uniform: Math.fround(-1e9) })
    expect(outputs['i']).toMatchObject({ dtype: 'int32', uniform: 1 })
  })

  test('refuses arithmetic on bools and programs that answer nothing', async () => {
    const bools = (op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) =>
      load(({ inputs }) => {
        const bits = tf.greater(inputs['x']!, 0)
        return { outputs: { y: op(bits, bits) } }
      })
    for (const [name, op] of Object.entries({ Add: tf.add, Sub: tf.sub, Pow: tf.pow, BatchMatMul: tf.matMul })) {
      await expect(bools(op)).rejects.toMatchObject({
        code: 'unsupported',
        message: `Program "bad": ${name} takes float32 or int32, found bool [2,2], bool [2,2].`,
        hint: "Convert the bool tensor first with tf.cast(x, 'int32').",
      })
    }
    await expect(load(() => ({}))).rejects.toMatchObject({
      code: 'bad-input',
      message: 'Program "bad" returns neither outputs nor state.',
    })
  })

  test('runs with parameters, state and inputs that hold no numbers', async () => {
    const empty = float32([0, 2])
    const spec: ProgramSpec = {
      name: 'empty',
      params: { p: [0, 2] },
      state: { s: [0, 2] },
      inputs: { x: [1, 2], e: [0, 2] },
      run: ({ params, state, inputs }) => ({
        state: { s: tf.mul(state['s']!, 2) },
        outputs: {
          y: tf.concat([params['p']!, inputs['x']!, state['s']!, inputs['e']!]),
          sum: tf.sum(params['p']!, 0),
        },
      }),
    }
    for (const device of [await cpu, await openDevice('reference')]) {
      const runner = await device.load(spec, { params: { p: empty }, state: { s: empty } })
      await runner.run({ x: float32([1, 2]), e: empty })
      const { y, sum } = await runner.run({ x: float32([1, 2], Float32Array.of(3, 4)), e: empty })
      expect(y).toEqual(float32([1, 2], Float32Array.of(3, 4)))
      expect(sum).toEqual(float32([2]))
      expect((await runner.state())['s']).toEqual(empty)
      await runner.dispose()
    }
  })

  test('runs with outputs that are inputs, parameters or constants', async () => {
    const spec: ProgramSpec = {
      name: 'plain',
      params: { p: [2] },
      inputs: { x: [2], unused: [3] },
      run: ({ params, inputs }) => ({
        outputs: {
          x: inputs['x']!,
          p: params['p']!,
          c: tf.fill([40, 10], 3),
          d: tf.tensor1d([1, 2]),
          e: tf.tensor1d([true, false], 'bool'),
        },
      }),
    }
    for (const device of [await cpu, await openDevice('reference')]) {
      const runner = await device.load(spec, { params: { p: float32([2], Float32Array.of(4, 5)) } })
      const inputs = { x: float32([2], Float32Array.of(1, 2)), unused: float32([3]) }
      await runner.run(inputs)
      const { x, p, c, d, e } = await runner.run(inputs)
      expect([...x!.data, ...p!.data, ...d!.data]).toEqual([1, 2, 4, 5, 1, 2])
      expect(c!.data.every((number) => number === 3)).toBe(true)
      expect(e).toEqual({ shape: [2], dtype: 'bool', data: Uint8Array.of(1, 0) })
      await runner.dispose()
    }
  })
})

test('the gradient penalty of a tanh layer has the right gradient', async () => {
  const spec: ProgramSpec = {
    name: 'penalty',
    inputs: { w: [4, 5], x: [6, 4] },
    run: ({ inputs }) => {
      const critic = (w: tf.Tensor) => (x: tf.Tensor) => tf.sum(tf.tanh(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D)))
      const penalty = (w: tf.Tensor) => {
        const slope = tf.grad(critic(w))(inputs['x']!)
        return tf.mean(tf.square(tf.sub(tf.sqrt(tf.sum(tf.square(slope), 1)), 1))) as tf.Scalar
      }
      return { outputs: { penalty: penalty(inputs['w']!), gradient: tf.grad(penalty)(inputs['w']!) } }
    },
  }
  const [w, x] = [normal([4, 5], 3), normal([6, 4], 4)]
  const runners = await Promise.all(['cpu', 'reference'].map(async (id) => (await openDevice(id)).load(spec, {})))
  const [found, expected] = await Promise.all(runners.map((runner) => runner.run({ w, x })))
  expect(found!['gradient']).toBeAllclose(expected!['gradient']!, { relative: 1e-4 })
  const step = 2e-3
  const numeric = []
  for (let i = 0; i < w.data.length; i++) {
    const at = async (by: number) => {
      const data = w.data.slice() as Float32Array
      data[i] = data[i]! + by
      return (await runners[1]!.run({ w: float32([4, 5], data), x }))['penalty']!.data[0]!
    }
    numeric.push(((await at(step)) - (await at(-step))) / (2 * step))
  }
  expect(found!['gradient']!.data).toBeAllclose(numeric, { relative: 1e-3, absolute: 5e-4 })
  await Promise.all(runners.map((runner) => runner.dispose()))
})

test('devices are listed after their self-test', async () => {
  const devices = await listDevices()
  expect(devices.filter(({ available }) => available).map(({ id }) => id)).toEqual(
    expect.arrayContaining(['cpu', 'reference']),
  )
  for (const { id, available, reason, gflops } of devices) {
    if (available) expect(gflops, id).toBeGreaterThan(0)
    else expect(reason, id).toBeTruthy()
  }
  await expect(openDevice('abacus')).rejects.toMatchObject({ code: 'not-found' })
})
