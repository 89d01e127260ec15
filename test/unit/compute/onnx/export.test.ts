import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exportProgram, openDevice, type ProgramSpec } from '../../../../src-main/compute'
import { float32 } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { readOnnx } from '../../../helpers/onnx-reader'

const normal = (shape: number[], seed: number) => {
  const array = float32(shape)
  random(seed).fillNormal(array.data)
  return array
}

/** A gated, recurrent stack over frames of four samples: two weights, one state, two rates, and constants of its own. */
const stack: ProgramSpec = {
  name: 'a stack',
  params: { 'front.weight': [4, 8], 'front.bias': [8], 'back.weight': [8, 4] },
  state: { level: [1, 8] },
  inputs: { gate: ['frames', 8], audio: ['4*frames'] },
  run({ params, state, inputs }) {
    const frames = tf.reshape(inputs['audio']!, [-1, 4]) as tf.Tensor2D
    const hidden = tf.tanh(tf.add(tf.matMul(frames, params['front.weight'] as tf.Tensor2D), params['front.bias']!))
    const gated = tf.mul(tf.add(hidden, state['level']!), tf.sigmoid(tf.mul(inputs['gate']!, 3)))
    const level = tf.mean(gated, 0, true)
    const back = tf.matMul(gated as tf.Tensor2D, params['back.weight'] as tf.Tensor2D)
    return { state: { level }, outputs: { sound: tf.reshape(back, [-1]), loudness: level, before: state['level']! } }
  },
}
const params = {
  'front.weight': normal([4, 8], 1),
  'front.bias': normal([8], 2),
  'back.weight': normal([8, 4], 3),
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nagare-onnx-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('an exported program', () => {
  const { bytes, data, inputs, outputs } = exportProgram(stack, params, {
    name: 'stack',
    doc: 'A stack.',
    version: '1.2.3',
    metadata: { licence: 'CC0' },
    meanings: { audio: 'samples', sound: 'samples, louder' },
  })
  const model = readOnnx(bytes)

  test('is standard ONNX with its facts', () => {
    expect(data).toBeUndefined()
    expect(model).toMatchObject({
      producer: 'nagare',
      version: '1.2.3',
      doc: 'A stack.',
      name: 'stack',
      metadata: { licence: 'CC0' },
    })
    expect(model.opsets).toEqual({ '': 18 })
    expect(model.nodes.map(({ domain }) => domain).join('')).toBe('')
  })

  test("has the program's own names, its state and its open sides", () => {
    expect(model.inputs.map(({ name, shape, doc }) => [name, shape, doc])).toEqual([
      ['gate', ['frames', 8], ''],
      ['audio', ['4*frames'], 'samples'],
      ['level', [1, 8], ''],
    ])
    expect(model.outputs.map(({ name, shape, doc }) => [name, shape, doc])).toEqual([
      ['next.level', [1, 8], ''],
      ['sound', ['4*frames'], 'samples, louder'],
      ['loudness', [1, 8], ''],
      ['before', [1, 8], ''],
    ])
    expect(inputs.map(({ name, shape }) => [name, shape])).toEqual(model.inputs.map(({ name, shape }) => [name, shape]))
    expect(outputs.map(({ name }) => name)).toEqual(model.outputs.map(({ name }) => name))
    const weights = model.tensors.filter(({ name }) => Object.hasOwn(params, name))
    expect(Object.fromEntries(weights.map(({ name, shape, bytes }) => [name, [shape, bytes]]))).toEqual({
      'front.weight': [[4, 8], 128],
      'front.bias': [[8], 32],
      'back.weight': [[8, 4], 128],
    })
  })

  test('names each node after weights or inputs, once, and copies only what has to be copied', () => {
    const names = model.nodes.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^(front|back|audio|gate|level)\/[A-Z][A-Za-z]+(_\d+)?$/)
    expect(names).toEqual(expect.arrayContaining(['front/MatMul', 'front/Tanh', 'back/MatMul', 'gate/Sigmoid']))
    // `before` is an input handed on; `level` and `loudness` are one value.
    const copies = model.nodes.filter(({ type }) => type === 'Identity').flatMap((node) => node.outputs)
    expect(copies.sort()).toEqual(['before', 'loudness'])
    const values = [...model.inputs, ...model.tensors].map(({ name }) => name)
    const written = [...values, ...model.nodes.flatMap((node) => node.outputs)]
    expect(new Set(written).size).toBe(written.length)
    expect(written.filter((name) => /^(constant|[A-Z]\w*)_\d+$|^(inputs|params|outputs|state)\./.test(name))).toEqual(
      [],
    )
  })

  test.each([1, 2, 37])('computes what the program computes over %i frames', async (frames) => {
    const session = await InferenceSession.create(bytes)
    const values = { gate: normal([frames, 8], 4), audio: normal([4 * frames], 5), level: normal([1, 8], 6) }
    const found = await session.run({
      gate: new Tensor('float32', values.gate.data, [frames, 8]),
      audio: new Tensor('float32', values.audio.data, [4 * frames]),
      level: new Tensor('float32', values.level.data, [1, 8]),
    })
    const runner = await (await openDevice('reference')).load(stack, { params, state: { level: values.level } })
    const expected = await runner.run({ gate: values.gate, audio: values.audio })
    const level = (await runner.state())['level']!
    for (const [name, array] of Object.entries({ ...expected, 'next.level': level }))
      expect({ shape: found[name]!.dims, data: found[name]!.data as Float32Array }, name).toBeAllclose(array)
    await Promise.all([session.release(), runner.dispose()])
  })
})

test('weights that are too large for one file lie beside it, and small ones in it', async () => {
  const wide: ProgramSpec = {
    name: 'wide',
    params: { 'a.weight': [30, 50], 'a.bias': [50], 'b.weight': [50, 30] },
    inputs: { x: ['frames', 30] },
    run: ({ params: { 'a.weight': a, 'a.bias': bias, 'b.weight': b }, inputs }) => ({
      outputs: { y: tf.matMul(tf.relu(tf.add(tf.matMul(inputs['x'] as tf.Tensor2D, a as tf.Tensor2D), bias!)), b!) },
    }),
  }
  const weights = { 'a.weight': normal([30, 50], 1), 'a.bias': normal([50], 2), 'b.weight': normal([50, 30], 3) }
  const { bytes, data } = exportProgram(wide, weights, { name: 'wide', embedLimit: 6000 })
  expect(data!.name).toBe('wide.onnx.data')
  expect(readOnnx(bytes).tensors.filter(({ name }) => name in weights)).toEqual([
    {
      name: 'a.weight',
      shape: [30, 50],
      bytes: 0,
      external: { location: 'wide.onnx.data', offset: '0', length: '6000' },
    },
    { name: 'a.bias', shape: [50], bytes: 200, external: {} },
    {
      name: 'b.weight',
      shape: [50, 30],
      bytes: 0,
      external: { location: 'wide.onnx.data', offset: '8192', length: '6000' },
    },
  ])
  expect(bytes.length).toBeLessThan(2000)
  await writeFile(join(folder, 'wide.onnx'), bytes)
  await writeFile(join(folder, data!.name), Buffer.concat(data!.parts))
  const whole = exportProgram(wide, weights, { name: 'wide' })
  expect([whole.data, whole.bytes.length > 12_200]).toEqual([undefined, true])
  const x = new Tensor('float32', normal([5, 30], 4).data, [5, 30])
  const [beside, embedded] = [
    await InferenceSession.create(join(folder, 'wide.onnx')),
    await InferenceSession.create(whole.bytes),
  ]
  const [found, expected] = [await beside.run({ x }), await embedded.run({ x })]
  expect(found['y']!.data).toEqual(expected['y']!.data)
  expect(found['y']!.dims).toEqual([5, 30])
  await Promise.all([beside.release(), embedded.release()])
})

test('a program whose values share a name is refused by that name', () => {
  const echo: ProgramSpec = {
    name: 'echo',
    inputs: { audio: [4] },
    run: ({ inputs }) => ({ outputs: { audio: tf.neg(inputs['audio']!) } }),
  }
  expect(() => exportProgram(echo, {}, { name: 'echo' })).toThrow('Program "echo" has two values named "audio".')
})

test('weights that do not fit are refused', () => {
  expect(() => exportProgram(stack, { ...params, 'front.bias': normal([7], 2) }, { name: 'stack' })).toThrow(
    'expects params "front.bias" as float32 [8], found float32 [7]',
  )
})
