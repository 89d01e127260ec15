import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { openDevice } from '../../../src-main/compute'
import {
  constantRate,
  cosineDecay,
  cosineWithWarmup,
  exponentialDecay,
  linearWarmup,
  noam,
  piecewise,
  sgd,
  stepDecay,
  trainingProgram,
  type Schedule,
} from '../../../src-main/nn'
import { nnGolden, scalar } from '../../helpers/nn-golden'

const golden = nnGolden<{ schedules: Record<string, number[]> }>('training.json').schedules

const schedules: Record<string, Schedule> = {
  constant: constantRate(0.2),
  exponential: exponentialDecay(0.2, 0.8),
  stair: stepDecay(0.2, 0.5, 3),
  piecewise: piecewise(0.2, [
    [2, 0.02],
    [7, 0.002],
  ]),
  cosine: cosineDecay(0.2, 8, 0.01),
  'warm-up, cosine': cosineWithWarmup(0.2, { warmup: 4, steps: 12 }),
  'warm-up': linearWarmup(0.2, 4),
  Noam: noam(512, 4),
}

test('every golden schedule is tried', () => expect(Object.keys(schedules).sort()).toEqual(Object.keys(golden).sort()))

test.each(Object.keys(schedules))('%s: twelve rates equal PyTorch, and move the parameter', async (name) => {
  const program = trainingProgram({
    name,
    params: { w: [] },
    inputs: {},
    loss: ({ w }) => ({ loss: tf.mul(w!, 2) }),
    optimizer: sgd(),
    learningRate: schedules[name]!,
    outputs: ['learningRate'],
  })
  for (const id of ['cpu', 'reference']) {
    const runner = await (await openDevice(id)).load(program, { state: { w: scalar(0) } })
    const rates: number[] = []
    for (let step = 0; step < 12; step++) rates.push((await runner.run({}))['learningRate']!.data[0]!)
    expect(rates).toBeAllclose(golden[name]!, { relative: 1e-5, absolute: 1e-8 })
    const moved = -2 * golden[name]!.reduce((sum, rate) => sum + rate, 0)
    expect((await runner.state())['w']!.data).toBeAllclose([moved])
    await runner.dispose()
  }
})

test('steps that do not rise and rates that are not positive are refused', () => {
  const changes = [
    [5, 0.1],
    [5, 0.2],
  ] as const
  expect(() => piecewise(1, changes)).toThrow('rising steps, found 5,5')
  expect(() => cosineDecay(0.1, 0)).toThrow('positive steps, found 0')
  expect(() => exponentialDecay(NaN, 0.5)).toThrow('positive rate, found NaN')
})
