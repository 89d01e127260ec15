import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type Device, type Tensors } from '../../../../src-main/compute'
import { float32, type NDArray, type NDArrays } from '../../../../src-main/lib/ndarray'
import {
  gainFactor,
  logLikelihood,
  metropolisMove,
  noiseVariance,
  updateActivations,
  updateSpectra,
  wienerGain,
  type Chain,
} from '../../../../src-main/models/vae-nmf/mcem'
import { VaeConfig } from '../../../../src-main/models/vae-nmf/config'
import { importVae } from '../../../../src-main/models/vae-nmf/import'
import { decode, encode, vaeShapes } from '../../../../src-main/models/vae-nmf/network'
import { readNpz } from '../../../../src-main/packs'

const golden = join(import.meta.dirname, '../../../golden/vae-nmf')
const frames = 24
const moves = 6
const kept = 3
const config = VaeConfig.parse({ encoder: { input: 'power' }, decoder: {} })

/** The reference keeps [bins, frames]; ours is [frames, bins]. */
function turned({ shape, data }: NDArray): NDArray & { data: Float32Array } {
  const [rows, columns] = shape as [number, number]
  const out = float32([columns, rows])
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out.data[c * rows + r] = data[r * columns + c]!
  return out
}

const tensor = ({ shape, data }: NDArray) => tf.tensor2d(data, shape as [number, number])

describe.each(['reference', 'cpu'])('Monte-Carlo EM on %s against the public implementation', (id) => {
  let device: Device
  let reference: NDArrays
  let weights: NDArrays
  beforeAll(async () => {
    device = await openDevice(id)
    reference = await readNpz(join(golden, 'vaenmf_mcem_small.npz'))
    weights = (await importVae(join(golden, 'sekiguchi_vae_wsj0_D16.npz'), {})).weights
  })

  it('encodes and decodes as the trained network does', async () => {
    const runner = await device.load(
      {
        name: 'encode and decode',
        params: vaeShapes(config),
        inputs: { power: [frames, 513] },
        run: ({ params, inputs }) => {
          const { mean, logVar } = encode(params, inputs['power'] as tf.Tensor2D)
          return { outputs: { mean, logVar, power: tf.exp(decode(params, mean)) } }
        },
      },
      { params: weights },
    )
    const found = await runner.run({ power: turned(reference['clean_power_norm']!) })
    expect(found['mean']).toBeAllclose(reference['enc_mu']!, { relative: 1e-4, absolute: 1e-4 })
    expect(found['logVar']).toBeAllclose(reference['enc_logvar']!, { relative: 1e-4, absolute: 1e-4 })
    expect(found['power']).toBeAllclose(turned(reference['dec_power']!), { relative: 2e-3, absolute: 1e-7 })
    await runner.dispose()
  })

  it('reproduces three iterations and the Wiener filter', async () => {
    const power = float32([frames, 513])
    const [re, im] = [turned(reference['Xc_re']!), turned(reference['Xc_im']!)]
    for (let i = 0; i < power.data.length; i++) power.data[i] = re.data[i]! ** 2 + im.data[i]! ** 2
    const shapes = { z: [frames, 16], gain: [frames, 1], h: [frames, 4], w: [4, 513], power: [frames, 513] }
    const drawn = { normal: [moves * frames, 16], uniform: [moves * frames, 1], stale: [frames, 513] }

    /** The speech variance g σ²(z) at the end of a chain, the kept samples of z, and z. */
    const chain = (params: Tensors, v: Record<string, tf.Tensor2D>) => {
      const speechOf = (z: tf.Tensor2D): tf.Tensor2D => tf.mul(tf.exp(decode(params, z)), v['gain']!)
      const noise = noiseVariance(v['h']!, v['w']!, 0)
      const steps = tf.split(tf.mul(v['normal']!, 0.1), moves, 0) as tf.Tensor2D[]
      const uniforms = tf.split(v['uniform']!, moves, 0) as tf.Tensor2D[]
      // The reference judges the first move after an M-step by the speech variance under the gain before it; Nagare's own chain does not.
      let current: Chain = { z: v['z']!, logLikelihood: logLikelihood(v['power']!, tf.add(v['stale']!, noise)) }
      const samples: tf.Tensor2D[] = []
      for (let move = 0; move < moves; move++) {
        current = metropolisMove(v['power']!, current, noise, speechOf, steps[move]!, uniforms[move]!)
        // It also recomputes the variance of every frame after each move, so only the first acceptance is stale.
        current = { z: current.z, logLikelihood: logLikelihood(v['power']!, tf.add(speechOf(current.z), noise)) }
        if (move >= moves - kept) samples.push(current.z)
      }
      return { samples, speech: samples.map(speechOf), noise, last: speechOf(current.z) }
    }
    const step = await device.load(
      {
        name: 'golden iteration',
        params: vaeShapes(config),
        inputs: { ...shapes, ...drawn },
        run({ params, inputs }) {
          const v = inputs as Record<string, tf.Tensor2D>
          const { samples, speech, last } = chain(params, v)
          const observed = {
            power: v['power']!,
            band: tf.ones([513, 1]) as tf.Tensor2D,
            valid: tf.ones([frames, 1]) as tf.Tensor2D,
            floor: 0,
          }
          const w = updateSpectra(observed, speech, v['h']!, v['w']!)
          const h = updateActivations(observed, speech, v['h']!, w)
          const gain = tf.mul(v['gain']!, gainFactor(observed, speech, noiseVariance(h, w, 0)))
          return { outputs: { w, h, gain, z: samples.at(-1)!, first: samples[0]!, stale: last } }
        },
      },
      { params: weights },
    )
    const final = await device.load(
      {
        name: 'golden posterior',
        params: vaeShapes(config),
        inputs: { ...shapes, ...drawn },
        run({ params, inputs }) {
          const { samples, speech, noise } = chain(params, inputs as Record<string, tf.Tensor2D>)
          return { outputs: { mask: wienerGain(speech, noise), z: samples.at(-1)! } }
        },
      },
      { params: weights },
    )

    const draws = (round: number) => {
      const normal = float32([moves * frames, 16])
      for (let move = 0; move < moves; move++) {
        const at = (round * moves + move) * 16 * frames
        const one = {
          shape: [16, frames],
          dtype: 'float32' as const,
          data: reference['randn_seq']!.data.slice(at, at + 16 * frames),
        }
        normal.data.set(turned(one).data, move * frames * 16)
      }
      const uniform = reference['rand_seq']!.data.slice(
        round * moves * frames,
        (round + 1) * moves * frames,
      ) as Float32Array
      return { normal, uniform: float32([moves * frames, 1], uniform) }
    }
    let now: NDArrays = {
      power,
      z: turned(reference['Z0']!),
      h: turned(reference['H0']!),
      w: turned(reference['W0']!),
      gain: float32([frames, 1], new Float32Array(frames).fill(1)),
      stale: turned(reference['Vs0']!),
    }
    const close = { relative: 1e-3, absolute: 1e-6 }
    for (let round = 0; round < 3; round++) {
      const found = await step.run({ ...now, ...draws(round) })
      expect(found['w']).toBeAllclose(turned(reference[`W_it${round}`]!), close)
      expect(found['h']).toBeAllclose(turned(reference[`H_it${round}`]!), close)
      expect(found['gain']).toBeAllclose(turned(reference[`g_it${round}`]!), close)
      const samples = reference[`Zsamples_it${round}`]!
      const last = float32([frames, 16])
      for (let d = 0; d < 16; d++)
        for (let t = 0; t < frames; t++) last.data[t * 16 + d] = samples.data[(d * frames + t) * kept + kept - 1]!
      expect(found['z']).toBeAllclose(last, { relative: 1e-4, absolute: 1e-4 })
      now = { power, z: found['z']!, h: found['h']!, w: found['w']!, gain: found['gain']!, stale: found['stale']! }
    }
    const { mask } = await final.run({ ...now, ...draws(3) })
    const wanted = { re: turned(reference['S_hat_re']!), im: turned(reference['S_hat_im']!) }
    const cleaned = { re: float32([frames, 513]), im: float32([frames, 513]) }
    for (let i = 0; i < power.data.length; i++) {
      cleaned.re.data[i] = (mask!.data as Float32Array)[i]! * re.data[i]!
      cleaned.im.data[i] = (mask!.data as Float32Array)[i]! * im.data[i]!
    }
    expect(cleaned.re).toBeAllclose(wanted.re, { relative: 2e-3, absolute: 2e-5 })
    expect(cleaned.im).toBeAllclose(wanted.im, { relative: 2e-3, absolute: 2e-5 })
    await step.dispose()
    await final.dispose()
  })
})

describe('the multiplicative updates', () => {
  it('never raise the cost −log p(x | z, h, w, g) they are made to lower', async () => {
    await openDevice('reference')
    const reference = await readNpz(join(golden, 'vaenmf_mcem_small.npz'))
    const power = tf.tidy(() =>
      tf.add(tf.square(tensor(turned(reference['Xc_re']!))), tf.square(tensor(turned(reference['Xc_im']!)))),
    ) as tf.Tensor2D
    const observed = {
      power,
      band: tf.ones([513, 1]) as tf.Tensor2D,
      valid: tf.ones([frames, 1]) as tf.Tensor2D,
      floor: 1e-9,
    }
    let h = tensor(turned(reference['H0']!))
    let w = tensor(turned(reference['W0']!))
    let speech = tensor(turned(reference['Vs0']!))
    const cost = () => -tf.sum(logLikelihood(power, tf.add(speech, noiseVariance(h, w, 1e-9)))).dataSync()[0]!
    const costs = [cost()]
    for (let i = 0; i < 10; i++) {
      w = updateSpectra(observed, [speech], h, w)
      costs.push(cost())
      h = updateActivations(observed, [speech], h, w)
      costs.push(cost())
      speech = tf.mul(speech, gainFactor(observed, [speech], noiseVariance(h, w, 1e-9)))
      costs.push(cost())
    }
    for (let i = 1; i < costs.length; i++)
      expect(costs[i]).toBeLessThanOrEqual(costs[i - 1]! + 1e-4 * Math.abs(costs[i - 1]!))
    expect(costs.at(-1)).toBeLessThan(costs[0]! - 100)
  })
})
