import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { openDevice, type ProgramSpec } from '../../../src-main/compute'
import { float32, type NDArrays } from '../../../src-main/lib/ndarray'
import { random } from '../../../src-main/lib/random'
import { adam, cosineWithWarmup, dense, heNormal, trainingProgram } from '../../../src-main/nn'

const load = async (id: string, program: ProgramSpec, state: NDArrays) =>
  (await openDevice(id)).load(program, { state })

/** Predicts a sample of real speech from the sixteen before it: a tiny net with everything that training offers. */
const speech = () => {
  const file = join(import.meta.dirname, '../../golden/stft-1024-256.json')
  const { audio } = JSON.parse(readFileSync(file, 'utf8')) as { audio: string }
  const bytes = Buffer.from(audio, 'base64')
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i) / 2000)
}
const predictor = (seed: number) => {
  const [taps, batch] = [16, 32]
  const program = trainingProgram({
    name: 'predictor',
    params: { w1: [taps, 24], b1: [24], w2: [24, 1], b2: [1] },
    inputs: { x: [batch, taps], y: [batch, 1] },
    loss: ({ w1, b1, w2, b2 }, { x, y }) => {
      const error = tf.sub(dense(tf.tanh(dense(x!, w1!, b1!)), w2!, b2!), y!)
      return { loss: tf.mean(tf.square(error)), metrics: { power: tf.mean(tf.square(y!)) } }
    },
    optimizer: adam(),
    learningRate: cosineWithWarmup(0.01, { warmup: 20, steps: 300 }),
    clip: { norm: 1 },
    weightDecay: { rate: 1e-3, decoupled: true, only: (name) => name.startsWith('w') },
    ema: { decay: 0.98 },
    accumulate: 2,
    skipNonFinite: true,
    outputs: ['gradientNorm', 'learningRate'],
  })
  const source = random(seed)
  const state = {
    w1: heNormal(source, [taps, 24]),
    b1: float32([24]),
    w2: heNormal(source, [24, 1]),
    b2: float32([1]),
  }
  const samples = speech()
  const draw = () => {
    const [x, y] = [float32([batch, taps]), float32([batch, 1])]
    for (let row = 0; row < batch; row++) {
      const at = source.integer(samples.length - taps)
      x.data.set(samples.subarray(at, at + taps), row * taps)
      y.data[row] = samples[at + taps]!
    }
    return { x, y }
  }
  return { program, state, draw }
}

test('a tiny predictor of real speech learns; the same seed gives the same bits', async () => {
  const trained = async (seed: number, runs: number) => {
    const { program, state, draw } = predictor(seed)
    const runner = await load('cpu', program, state)
    const totals = { early: 0, late: 0, power: 0 }
    for (let i = 0; i < runs; i++) {
      const { loss, power } = await runner.run(draw())
      if (i < 20) totals.early += loss!.data[0]!
      if (i >= runs - 100) totals.late += loss!.data[0]! / 5
      if (i >= runs - 100) totals.power += power!.data[0]! / 5
    }
    const end = await runner.state()
    await runner.dispose()
    return { ...totals, end }
  }
  const { early, late, power, end } = await trained(1, 600)
  expect(late).toBeLessThan(0.2 * early)
  expect(late).toBeLessThan(0.1 * power)
  expect(end['adam.step']!.data[0]).toBe(300)
  expect(end['ema.w1']!.data).not.toEqual(end['w1']!.data)
  expect((await trained(1, 120)).end).toEqual((await trained(1, 120)).end)
  expect((await trained(2, 120)).end).not.toEqual((await trained(1, 120)).end)
})

test('a checkpoint of the state goes on bit for bit, in the middle of an accumulation too', async () => {
  const { program, state, draw } = predictor(3)
  const batches = Array.from({ length: 21 }, draw)
  const straight = await load('cpu', program, state)
  for (const batch of batches) await straight.run(batch)
  const cut = await load('cpu', program, state)
  for (const batch of batches.slice(0, 9)) await cut.run(batch)
  const resumed = await load('cpu', program, await cut.state())
  for (const batch of batches.slice(9)) await resumed.run(batch)
  expect(await resumed.state()).toEqual(await straight.state())
  await Promise.all([straight, cut, resumed].map((runner) => runner.dispose()))
})
