import { beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type Device } from '../../../../src-main/compute'
import { pick, type NDArrays } from '../../../../src-main/lib/ndarray'
import { FAnoganConfig } from '../../../../src-main/models/f-anogan/config'
import { openScorer } from '../../../../src-main/models/f-anogan/scoring'
import { adversarialProgram, encoderProgram } from '../../../../src-main/models/f-anogan/training-programs'
import { partShapes, weightShapes } from '../../../../src-main/models/f-anogan/weights'
import { readInspectGolden } from '../../../helpers/f-anogan-golden'

const config = FAnoganConfig.parse({ size: 16, width: 4, latent: 6 })
const [batch, criticSteps] = [4, 2]

let golden: NDArrays
let weights: NDArrays
let inputs: NDArrays
const under = (prefix: string): NDArrays =>
  Object.fromEntries(
    Object.entries(golden).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [],
    ),
  )
beforeAll(async () => {
  golden = await readInspectGolden('residual_16')
  weights = under('weight.')
  inputs = under('input.')
})

/** Every golden number of a step within 1e-5 of its array's largest; gradients that cancel altogether hold only rounding. */
function expectGolden(found: NDArrays, expected: NDArrays, slots: string): number {
  let compared = 0
  for (const [name, { data }] of Object.entries(expected)) {
    const ours = found[name.replace(/^(m|square)\./, slots)] ?? found[name]!
    const largest = Array.from(data).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    expect(ours.data.slice(0, data.length), name).toBeAllclose(data, {
      relative: 2e-5,
      absolute: 2e-5 * largest + 1e-7,
    })
    compared++
  }
  return compared
}

describe.each(['cpu', 'reference'])('the residual networks on %s against PyTorch', (id) => {
  let device: Device
  beforeAll(async () => {
    device = await openDevice(id)
  })

  it('train generator and critic alike, with the exact penalty', async () => {
    const spec = adversarialProgram(config, {
      ...{ batch, criticSteps, learningRate: 1e-4, beta1: 0, beta2: 0.9, task: 'none', average: 0 },
    })
    const state = pick(weights, Object.keys({ ...partShapes(config, 'generator'), ...partShapes(config, 'critic') }))
    const runner = await device.load(spec, { state })
    const { images: _, ...given } = inputs
    const outputs = await runner.run(given)
    const found = await runner.state()
    await runner.dispose()
    const { loss, ...expected } = under('iteration.')
    const losses = [...[0, 1].map((i) => outputs[`critic${i}.loss`]!), outputs['generator.loss']!]
    expect(losses.map(({ data }) => data[0]!)).toBeAllclose(loss!.data, { relative: 1e-4, absolute: 1e-4 })
    const adam = Object.fromEntries(
      Object.entries(found).map(([name, value]) => [name.replace(/^\w+Step\.(?=adam\.m\.)/, ''), value]),
    )
    expect(expectGolden(adam, expected, 'adam.m.')).toBe(Object.keys(expected).length)
  })

  it('train the encoder alike', async () => {
    const runner = await device.load(encoderProgram(config, { batch, learningRate: 5e-5, kappa: 1 }), {
      state: pick(weights, Object.keys(weightShapes(config))),
    })
    const outputs = await runner.run(pick(inputs, ['images']))
    const found = await runner.state()
    await runner.dispose()
    const { loss, ...expected } = under('encoder.')
    const losses = ['loss', 'image', 'feature'].map((name) => outputs[name]!.data[0]!)
    expect(losses).toBeAllclose(loss!.data, { relative: 1e-5 })
    expect(expectGolden(found, expected, 'rmsProp.square.')).toBeGreaterThan(25)
  })

  it('score alike', async () => {
    const scorer = await openScorer(device, { config, weights }, { batch: 3 })
    const { image, feature, map } = await scorer.score(inputs['images']!)
    await scorer.close()
    const expected = under('scoring.')
    expect(image).toBeAllclose(expected['image']!.data, { relative: 1e-5 })
    expect(feature).toBeAllclose(expected['feature']!.data, { relative: 1e-5 })
    expect(map).toBeAllclose(expected['map']!, { absolute: 1e-5 })
  })
})
