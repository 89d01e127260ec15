import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { openDevice, type Tensors } from '../../../src-main/compute'
import { float32, type NDArray, type NDArrays } from '../../../src-main/lib/ndarray'
import { random } from '../../../src-main/lib/random'
import {
  adam,
  dense,
  glorotUniform,
  programSequence,
  trainingProgram,
  type TrainingOptions,
} from '../../../src-main/nn'

const critic = { 'critic.w1': [2, 8], 'critic.b1': [8], 'critic.w2': [8, 1] }
const generator = { 'generator.w': [3, 2], 'generator.b': [2] }
const batch = 16

const judge = (t: Tensors, x: tf.Tensor) => dense(tf.tanh(dense(x, t['critic.w1']!, t['critic.b1']!)), t['critic.w2']!)
const generate = (t: Tensors, z: tf.Tensor) => dense(z, t['generator.w']!, t['generator.b']!)

/** E[D(fake)] - E[D(real)] + 10 E[(‖∇D(mixed)‖ - 1)²] (Gulrajani et al., 2017, eq. 3). */
function criticLoss(params: Tensors, { real, z, share }: Tensors, frozen: Tensors) {
  const fake = generate(frozen, z!)
  const mixed = tf.add(tf.mul(share!, real!), tf.mul(tf.sub(1, share!), fake))
  const slope = tf.grad((x: tf.Tensor) => tf.sum(judge(params, x)))(mixed)
  const penalty = tf.mean(tf.square(tf.sub(tf.sqrt(tf.sum(tf.square(slope), 1)), 1)))
  const distance = tf.sub(tf.mean(judge(params, real!)), tf.mean(judge(params, fake)))
  return { loss: tf.sub(tf.mul(penalty, 10), distance), metrics: { distance, penalty } }
}

const optimizer = adam({ beta1: 0.5, beta2: 0.9 })
const criticStep = trainingProgram({
  name: 'critic',
  scope: 'critic',
  params: critic,
  frozen: generator,
  inputs: { real: [batch, 2], z: [batch, 3], share: [batch, 1] },
  loss: criticLoss,
  optimizer,
  learningRate: 0.01,
})
const generatorStep = trainingProgram({
  name: 'generator',
  scope: 'generator',
  params: generator,
  frozen: critic,
  inputs: { z: [batch, 3] },
  loss: (params, { z }, frozen) => ({ loss: tf.neg(tf.mean(judge(frozen, generate(params, z!)))) }),
  optimizer,
  learningRate: 0.01,
  ema: { decay: 0.9 },
})

const initial = (): NDArrays => {
  const source = random(4)
  return {
    'critic.w1': glorotUniform(source, [2, 8]),
    'critic.b1': float32([8]),
    'critic.w2': glorotUniform(source, [8, 1]),
    'generator.w': glorotUniform(source, [3, 2]),
    'generator.b': float32([2]),
  }
}
const draws = (seed: number) => {
  const source = random(seed)
  const normal = (shape: number[]): NDArray => {
    const array = float32(shape)
    source.fillNormal(array.data)
    return array
  }
  const real = () => {
    const array = normal([batch, 2])
    for (let i = 0; i < batch; i++) array.data[2 * i] = 2 + 0.3 * array.data[2 * i]!
    return array
  }
  const share = () => float32([batch, 1], source.fillUniform(new Float32Array(batch)))
  const z = () => normal([batch, 3])
  return { z, critic: () => ({ real: real(), z: z(), share: share() }) }
}
const under = (step: string, arrays: NDArrays): NDArrays =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${step}.${name}`, array]))

describe.each(['cpu', 'reference'])('a Wasserstein GAN with gradient penalty on %s', (id) => {
  test('two critic steps and a generator step as one program equal three programs', async () => {
    const device = await openDevice(id)
    const whole = await device.load(
      programSequence('iteration', { critic1: criticStep, critic2: criticStep, generator: generatorStep }),
      { state: initial() },
    )
    const criticRunner = await device.load(criticStep, { state: initial() })
    const generatorRunner = await device.load(generatorStep, { state: initial() })
    const source = draws(9)
    const copy = async (from: typeof criticRunner, to: typeof criticRunner, names: string[]) => {
      const state = await from.state()
      await to.setState(Object.fromEntries(names.map((name) => [name, state[name]!])))
    }
    for (let i = 0; i < 3; i++) {
      const [first, second, z] = [source.critic(), source.critic(), source.z()]
      const inputs = { ...under('critic1', first), ...under('critic2', second), 'generator.z': z }
      const outputs = await whole.run(inputs)
      await criticRunner.run(first)
      const { loss, penalty } = await criticRunner.run(second)
      await copy(criticRunner, generatorRunner, Object.keys(critic))
      await generatorRunner.run({ z })
      await copy(generatorRunner, criticRunner, Object.keys(generator))
      expect(outputs['critic2.loss']!).toBeAllclose(loss!)
      expect(outputs['critic2.penalty']!).toBeAllclose(penalty!)
    }
    const [found, criticState, generatorState] = [
      await whole.state(),
      await criticRunner.state(),
      await generatorRunner.state(),
    ]
    for (const [name, value] of Object.entries({ ...criticState, ...generatorState }))
      expect(found[name]!, name).toBeAllclose(value)
    expect(found['critic.adam.step']!.data[0]).toBe(6)
    expect(found['generator.adam.step']!.data[0]).toBe(3)
    expect(Object.keys(found)).toContain('generator.ema.generator.w')
    await Promise.all([whole, criticRunner, generatorRunner].map((runner) => runner.dispose()))
  })

  test('the first critic step goes down the difference quotient of its loss, the penalty included', async () => {
    const device = await openDevice(id)
    const inputs = draws(3).critic()
    const lossAt = await device.load(
      {
        name: 'loss',
        state: { ...critic, ...generator },
        inputs: { real: [batch, 2], z: [batch, 3], share: [batch, 1] },
        run: ({ state, inputs: given }) => ({ outputs: { loss: criticLoss(state, given, state).loss } }),
      },
      { state: initial() },
    )
    const runner = await device.load(
      trainingProgram({
        name: 'slope',
        params: critic,
        frozen: generator,
        inputs: { real: [batch, 2], z: [batch, 3], share: [batch, 1] },
        loss: criticLoss,
        // With v = 0 and a decay of 0, m after one step is the gradient itself.
        optimizer: adam({ beta1: 0, beta2: 0 }),
        learningRate: 0.01,
      }),
      { state: initial() },
    )
    await runner.run(inputs)
    const gradient = (await runner.state())['adam.m.critic.w1']!.data
    const w1 = initial()['critic.w1']!
    for (const i of [0, 5, 11, 15]) {
      const [up, down] = [Float32Array.from(w1.data), Float32Array.from(w1.data)]
      up[i]! += 1e-2
      down[i]! -= 1e-2
      await lossAt.setState({ 'critic.w1': { ...w1, data: up } })
      const above = (await lossAt.run(inputs))['loss']!.data[0]!
      await lossAt.setState({ 'critic.w1': { ...w1, data: down } })
      const below = (await lossAt.run(inputs))['loss']!.data[0]!
      expect([gradient[i]!]).toBeAllclose([(above - below) / 2e-2], { relative: 5e-3, absolute: 5e-3 })
    }
    await runner.dispose()
    await lossAt.dispose()
  })
})

test('the generator moves to where the data are', async () => {
  const steps = { c1: criticStep, c2: criticStep, c3: criticStep, generator: generatorStep }
  const runner = await (await openDevice('cpu')).load(programSequence('gan', steps), { state: initial() })
  const source = draws(2)
  for (let i = 0; i < 300; i++) {
    const inputs = { ...under('c1', source.critic()), ...under('c2', source.critic()), ...under('c3', source.critic()) }
    await runner.run({ ...inputs, 'generator.z': source.z() })
  }
  const { 'generator.ema.generator.b': mean } = await runner.state()
  expect([...mean!.data]).toBeAllclose([2, 0], { relative: 0, absolute: 0.6 })
  await runner.dispose()
})

test('an eager device keeps no tensor from run to run', async () => {
  const options: TrainingOptions = {
    name: 'counting',
    params: critic,
    frozen: generator,
    state: { seen: [] },
    inputs: { real: [batch, 2], z: [batch, 3], share: [batch, 1] },
    loss: (params, inputs, state) => ({
      ...criticLoss(params, inputs, state),
      state: { seen: tf.add(state['seen']!, 1) },
    }),
    optimizer,
    learningRate: 0.01,
  }
  const plain = trainingProgram(options)
  const guarded = trainingProgram({ ...options, accumulate: 2, skipNonFinite: true, ema: { decay: 0.9 } })
  const runner = await (
    await openDevice('reference')
  ).load(programSequence('leak', { a: plain, b: plain, c: guarded, generator: generatorStep }), {
    state: { ...initial(), seen: float32([]) },
  })
  const source = draws(5)
  const held: number[] = []
  for (let i = 0; i < 4; i++) {
    const critics = ['a', 'b', 'c'].map((step) => under(step, source.critic()))
    await runner.run(Object.assign({ 'generator.z': source.z() }, ...critics) as NDArrays)
    held.push(tf.memory().numTensors)
  }
  expect((await runner.state())['seen']!.data[0]).toBe(12)
  expect(held.slice(1)).toEqual([held[0], held[0], held[0]])
  await runner.dispose()
})

test('steps with params, or with one state in two shapes, are refused', () => {
  const spec = { name: 'a', state: { s: [2] }, run: () => ({}) }
  expect(() => programSequence('x', { a: spec, b: { ...spec, state: { s: [3] } } })).toThrow(
    'state "s" is float32 [2], but float32 [3] in step "b"',
  )
  expect(() => programSequence('x', { a: { ...spec, params: { p: [1] } } })).toThrow('step "a" has params')
})
