import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type Device, type Tensors } from '../../../../src-main/compute'
import { float32, pick, type NDArray, type NDArrays } from '../../../../src-main/lib/ndarray'
import { actNorms } from '../../../../src-main/models/blow/act-norms'
import { flowsOf } from '../../../../src-main/models/blow/config'
import { fromPublicNames } from '../../../../src-main/models/blow/import-weights'
import { decoderProgram } from '../../../../src-main/models/blow/inference-programs'
import { affineWeights, inferenceWeights } from '../../../../src-main/models/blow/inference-weights'
import { blowLoss, lossInputs, nllPerSample } from '../../../../src-main/models/blow/loss'
import { couplingOf, encode } from '../../../../src-main/models/blow/network'
import { fixedShapes, trainedShapes, weightShapes } from '../../../../src-main/models/blow/weights'
import { adam, trainingProgram } from '../../../../src-main/nn'
import { goldenConfig as config, oneHot, readGolden } from '../../../helpers/blow-golden'

const tight = { relative: 1e-4, absolute: 1e-4 }
const shapesOf = (arrays: NDArrays) =>
  Object.fromEntries(Object.entries(arrays).map(([name, { shape }]) => [name, shape]))

let io: NDArrays
let weights: NDArrays
let batch: NDArrays
beforeAll(async () => {
  io = await readGolden('io')
  weights = fromPublicNames(config, await readGolden('state_B'))
  batch = { audio: io['A_x']!, speaker: oneHot(io['A_s']!, config.voices) }
})

const voiceOf = ({ voices }: Tensors, speaker: tf.Tensor) => tf.matMul(speaker as tf.Tensor2D, voices as tf.Tensor2D)

describe.each(['reference', 'cpu'])('Blow on %s against the public implementation', (id) => {
  let device: Device
  beforeAll(async () => {
    device = await openDevice(id)
  })

  /** Outputs of one run of a program over `values`. */
  async function once(
    values: NDArrays,
    inputs: NDArrays,
    run: (params: Tensors, inputs: Tensors) => Tensors,
  ): Promise<NDArrays> {
    const runner = await device.load(
      {
        name: 'blow golden',
        params: shapesOf(values),
        inputs: shapesOf(inputs),
        run: ({ params, inputs }) => ({ outputs: run(params, inputs) }),
      },
      { params: values },
    )
    try {
      return await runner.run(inputs)
    } finally {
      await runner.dispose()
    }
  }

  const encoded = (params: NDArrays) =>
    once(params, batch, (all, { audio, speaker }) => {
      const latent = encode(config, all, audio!, voiceOf(all, speaker!))
      return { z: latent.z, logDet: latent.logDet, nll: tf.mean(nllPerSample(latent)) }
    })

  it('turns the same sound into the same noise, log determinant and loss', async () => {
    expect(shapesOf(weights)).toEqual(weightShapes(config))
    const { z, logDet, nll } = await encoded(weights)
    expect(z).toBeAllclose(io['B_z']!, tight)
    expect(logDet).toBeAllclose(io['B_log_det']!, tight)
    expect(nll!.data[0]).toBeCloseTo(io['B_loss_nll_logp_logdet']!.data[0]!, 4)
  })

  it('agrees inside the first flow', async () => {
    const affine = affineWeights(config, weights)
    const name = 'blocks.0.flows.0'
    const squeezed = io['A_squeeze0']!
    const found = await once({ ...weights, ...affine }, { x: squeezed, speaker: batch['speaker']! }, (all, inputs) => {
      const mixed = tf.add(
        tf.matMul(tf.tile(tf.reshape(all[`${name}.mix.weight`]!, [1, 2, 2]), [6, 1, 1]), inputs['x'] as tf.Tensor3D),
        tf.reshape(all[`${name}.mix.bias`]!, [1, 2, 1]),
      )
      const [kept, changed] = tf.split(mixed, 2, 1) as [tf.Tensor, tf.Tensor]
      const { scale, shift } = couplingOf(config, all, name, kept, voiceOf(all, inputs['speaker']!))
      return { mixed, scale, shift, out: tf.concat([kept, tf.mul(scale, tf.add(changed, shift))], 1) }
    })
    expect(found['mixed']).toBeAllclose(io['B_b0f0_norm_out']!, tight)
    expect(found['scale']).toBeAllclose(io['B_b0f0_coupling_scale']!, tight)
    expect(found['shift']).toBeAllclose(io['B_b0f0_coupling_shift']!, tight)
    expect(found['out']).toBeAllclose(io['B_b0f0_coupling_out']!, tight)
    const logDet = Array.from(weights[`${name}.mix.logScale`]!.data).reduce((sum, value) => sum + value, 0) * 128
    expect(logDet).toBeCloseTo(io['B_b0f0_mixer_logdet']!.data[0]!, 3)
  })

  it('turns noise into the same sound of another voice', async () => {
    const program = decoderProgram(config)
    const params = pick(inferenceWeights(config, weights), Object.keys(program.params!))
    const decoder = await device.load(program, { params })
    const { frame, embedding } = config
    /** Decodes each latent as the voice whose number is beside it. */
    const back = async (z: NDArray, voices: NDArray) => {
      const sound = float32(z.shape)
      for (const [i, voice] of [...voices.data].entries()) {
        const latent = float32([1, frame], z.data.slice(i * frame, (i + 1) * frame) as Float32Array)
        const row = weights['voices']!.data.slice(voice * embedding, (voice + 1) * embedding) as Float32Array
        const { audio } = await decoder.run({ z: latent, voice: float32([1, embedding], row) })
        sound.data.set(audio!.data, i * frame)
      }
      return sound
    }
    expect(await back(io['B_z']!, io['B_target']!)).toBeAllclose(io['B_converted']!, tight)
    expect(await back(io['B_z']!, io['A_s']!)).toBeAllclose(io['A_x']!, tight)
    expect(await back(io['B_zrand']!, io['B_target']!)).toBeAllclose(io['B_zrand_reverse']!, tight)
    await decoder.dispose()
  })

  it('adapts the same ActNorms to a first batch', async () => {
    const fresh = fromPublicNames(config, await readGolden('state_A_fresh'))
    const expected = fromPublicNames(config, {
      ...(await readGolden('state_A_fresh')),
      ...(await readGolden('state_A_after_actnorm_init')),
    })
    const norms = await actNorms(device, config, fresh, batch)
    expect(Object.keys(norms)).toHaveLength(2 * flowsOf(config).length)
    for (const [name, value] of Object.entries(norms)) expect(value).toBeAllclose(expected[name]!, tight)
    const { z, logDet, nll } = await encoded({ ...fresh, ...norms })
    expect(z).toBeAllclose(io['A_z']!, tight)
    expect(logDet).toBeAllclose(io['A_log_det']!, tight)
    expect(nll!.data[0]).toBeCloseTo(io['A_loss_nll_logp_logdet']!.data[0]!, 4)
  })

  const training = (learningRate: number) =>
    device.load(
      trainingProgram({
        name: 'blow golden training',
        params: trainedShapes(config),
        frozen: fixedShapes(config),
        inputs: lossInputs(config, 6),
        loss: (params, inputs, fixed) => blowLoss(config)({ ...params, ...fixed }, inputs),
        optimizer: adam(),
        learningRate,
      }),
      { state: weights },
    )

  it('has the same gradient by every weight', async () => {
    const grads = await readGolden('grads')
    const expected = fromPublicNames(config, {
      ...(await readGolden('state_B')),
      ...Object.fromEntries(Object.entries(grads).map(([name, value]) => [name.replace(/^grad\./, ''), value])),
    })
    const runner = await training(0)
    await runner.run(batch)
    const state = await runner.state()
    await runner.dispose()
    const names = Object.keys(trainedShapes(config))
    expect(names).toHaveLength(Object.keys(grads).length)
    for (const name of names) {
      // The first moment of Adam after one step is a tenth of the gradient.
      const moment = state[`adam.m.${name}`]!
      const largest = Array.from(expected[name]!.data).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      expect(
        float32(
          moment.shape,
          Float32Array.from(moment.data, (value) => value * 10),
        ),
      ).toBeAllclose(expected[name]!, { relative: 1e-4, absolute: 1e-4 * largest + 1e-9 })
    }
  })

  it('falls along the same losses in six steps of Adam', async () => {
    const runner = await training(1e-4)
    const losses: number[] = []
    for (let step = 0; step < 6; step++) losses.push((await runner.run(batch))['loss']!.data[0]!)
    await runner.dispose()
    expect(float32([6], Float32Array.from(losses))).toBeAllclose(io['B_adam_lr1e-4_loss_trajectory']!, tight)
  })
})

describe('the log determinant', () => {
  it('is that of the Jacobian', async () => {
    const device = await openDevice('reference')
    const small = { ...config, frame: 16 }
    const values = pick(weights, Object.keys(weightShapes(small)))
    const runner = await device.load(
      {
        name: 'blow jacobian',
        params: weightShapes(small),
        inputs: { audio: [33, 16], speaker: [33, 5] },
        run: ({ params, inputs: { audio, speaker } }) => ({
          outputs: { ...encode(small, params, audio!, voiceOf(params, speaker!)) },
        }),
      },
      { params: values },
    )
    // The sound itself, and a little more and less of each sample.
    const step = 1e-2
    const audio = float32([33, 16])
    for (let i = 0; i < 33; i++)
      for (let t = 0; t < 16; t++)
        audio.data[i * 16 + t] =
          io['A_x']!.data[t]! + (i > 0 && Math.floor((i - 1) / 2) === t ? (i % 2 ? step : -step) : 0)
    const speaker = oneHot(float32([33], new Float32Array(33).fill(2)), 5)
    const { z, logDet } = await runner.run({ audio, speaker })
    await runner.dispose()
    const column = (t: number) =>
      Array.from(
        { length: 16 },
        (_, i) => (z!.data[(1 + 2 * t) * 16 + i]! - z!.data[(2 + 2 * t) * 16 + i]!) / (2 * step),
      )
    expect(logAbsDet(Array.from({ length: 16 }, (_, t) => column(t)))).toBeCloseTo(logDet!.data[0]!, 1)
  })
})

function logAbsDet(rows: number[][]): number {
  let result = 0
  for (let k = 0; k < rows.length; k++) {
    const pivot = rows
      .slice(k)
      .reduce((best, row, i) => (Math.abs(row[k]!) > Math.abs(rows[best]![k]!) ? k + i : best), k)
    ;[rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!]
    result += Math.log(Math.abs(rows[k]![k]!))
    for (const row of rows.slice(k + 1)) {
      const factor = row[k]! / rows[k]![k]!
      for (let j = k; j < rows.length; j++) row[j] = row[j]! - factor * rows[k]![j]!
    }
  }
  return result
}
