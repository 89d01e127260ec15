import { beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type Device } from '../../../../src-main/compute'
import { float32, pick, type NDArray, type NDArrays } from '../../../../src-main/lib/ndarray'
import { channelsAt, range } from '../../../../src-main/models/waveglow/config'
import { latentLoss, natsPerSample, waveGlowLoss } from '../../../../src-main/models/waveglow/loss'
import { encode } from '../../../../src-main/models/waveglow/network'
import { trainedShapes } from '../../../../src-main/models/waveglow/weights'
import { adam, trainingProgram } from '../../../../src-main/nn'
import { goldenConfig as config, readGolden, renamed } from '../../../helpers/waveglow-golden'

const inputs = { audio: [2, 2048], mel: [2, 16, 8] }
const tight = { relative: 1e-4, absolute: 1e-4 }
let io: NDArrays
let weights: NDArrays
let gradients: NDArrays
beforeAll(async () => {
  io = await readGolden('io')
  weights = renamed(await readGolden('state'))
  gradients = await readGolden('grads')
})

describe.each(['reference', 'cpu'])('WaveGlow on %s against the public implementation', (id) => {
  let device: Device
  beforeAll(async () => {
    device = await openDevice(id)
  })

  it('has its weights, by shape', () => {
    expect(Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, shape]))).toEqual(
      trainedShapes(config),
    )
  })

  it('turns the same sound into the same noise, log scales, log determinants and loss', async () => {
    const runner = await device.load(
      {
        name: 'waveglow golden forward',
        params: trainedShapes(config),
        inputs,
        run: ({ params, inputs: { audio, mel } }) => {
          const latent = encode(config, params, audio!, mel!)
          return {
            outputs: {
              z: latent.z,
              one: latentLoss(latent, 1),
              half: latentLoss(latent, Math.SQRT1_2),
              ...Object.fromEntries(latent.logScales.map((scale, k) => [`scale${k}`, scale])),
              ...Object.fromEntries(latent.logDets.map((det, k) => [`det${k}`, det])),
            },
          }
        },
      },
      { params: weights },
    )
    const found = await runner.run(pick(io, ['audio', 'mel']))
    await runner.dispose()
    expect(found['z']).toBeAllclose(io['z']!, tight)
    for (const k of range(config.flows)) {
      expect(found[`scale${k}`]!.shape).toEqual([2, channelsAt(config, k) / 2, 256])
      expect(found[`scale${k}`]).toBeAllclose(io[`log_s_${k}`]!, tight)
      expect(found[`det${k}`]).toBeAllclose(io[`log_det_W_${k}`]!, { relative: 1e-4, absolute: 1e-3 })
    }
    expect(found['one']).toBeAllclose(io['loss_sigma_1.0000']!, tight)
    expect(found['half']).toBeAllclose(io['loss_sigma_0.7071']!, tight)
  })

  it('has the same gradient by every weight', async () => {
    // One step of plain gradient descent at rate 1 leaves the gradient between before and after.
    const runner = await device.load(gradientProgram(), { state: weights })
    const { loss } = await runner.run(pick(io, ['audio', 'mel']))
    expect(loss).toBeAllclose(io['loss_sigma_1.0000']!, tight)
    const moments = await runner.state()
    await runner.dispose()
    const found = Object.fromEntries(
      Object.keys(weights).map((name) => [name, float32(weights[name]!.shape, floats(moments[`adam.m.${name}`]!))]),
    )
    const full = Object.fromEntries(
      Object.entries(gradients)
        .filter(([name]) => name.startsWith('grad.'))
        .map(([name, value]) => [name.slice(5), value]),
    )
    const expected = renamed(full)
    let compared = 0
    for (const [name, gradient] of Object.entries(expected)) {
      const ours = Float32Array.from(found[name]!.data, (value) => value * 10)
      const largest = floats(gradient).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      expect({ ...found[name]!, dtype: 'float32', data: ours }).toBeAllclose(gradient, {
        relative: 1e-4,
        absolute: 1e-4 * largest + 1e-9,
      })
      compared++
    }
    // What is too large to be stored whole is held as a corner and a norm.
    const corner = gradients['grad_slice.upsample.weight[0:2,0:4,:]']!
    const whole = found['upsample.weight']!
    const ours = new Float32Array(corner.data.length)
    for (const out of [0, 1])
      for (let i = 0; i < 4 * 1024; i++) ours[out * 4096 + i] = 10 * whole.data[out * 16 * 1024 + i]!
    expect({ shape: [2, 4, 1024], dtype: 'float32', data: ours }).toBeAllclose(corner, {
      relative: 1e-4,
      absolute: 1e-7,
    })
    const norm = Math.hypot(...Array.from(chunks(whole.data, 4096), (part) => Math.hypot(...part))) * 10
    expect(norm / (gradients['gradnorm.upsample.weight']!.data[0] as number)).toBeCloseTo(1, 3)
    expect(compared + 1).toBe(Object.keys(weights).length)
  })

  it('falls along the same losses in six steps of Adam', async () => {
    const runner = await device.load(
      trainingProgram({
        name: 'waveglow golden adam',
        params: trainedShapes(config),
        inputs,
        loss: waveGlowLoss(config, 1),
        optimizer: adam(),
        learningRate: 1e-4,
      }),
      { state: weights },
    )
    const losses: number[] = []
    for (let step = 0; step < 6; step++) {
      const { loss } = await runner.run(pick(io, ['audio', 'mel']))
      losses.push(loss!.data[0]!)
    }
    await runner.dispose()
    expect({ shape: [6], dtype: 'float32', data: Float32Array.from(losses) }).toBeAllclose(
      io['adam_lr1e-4_loss_trajectory']!,
      tight,
    )
  })
})

const floats = ({ data }: NDArray) => data as Float32Array

/** A step of Adam whose first moment is a tenth of the gradient. */
function gradientProgram() {
  return trainingProgram({
    name: 'waveglow golden gradient',
    params: trainedShapes(config),
    inputs,
    loss: waveGlowLoss(config, 1),
    optimizer: adam(),
    learningRate: 0,
  })
}

function* chunks(data: Float32Array, size: number) {
  for (let i = 0; i < data.length; i += size) yield data.subarray(i, i + size)
}

it('states the true likelihood of sound, whatever sigma', () => {
  expect(natsPerSample(0.5, 1)).toBeCloseTo(0.5 + 0.5 * Math.log(2 * Math.PI), 12)
  // The density of N(0, ½) at 0 is 1 / √π.
  expect(natsPerSample(0, Math.SQRT1_2)).toBeCloseTo(0.5 * Math.log(Math.PI), 12)
})
