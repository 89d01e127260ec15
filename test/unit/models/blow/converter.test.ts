import { beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type Device } from '../../../../src-main/compute'
import { float32, type NDArrays } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { convertWhole, openConverter } from '../../../../src-main/models/blow/converter'
import { fromPublicNames } from '../../../../src-main/models/blow/import-weights'
import { softClamp } from '../../../../src-main/models/blow/soft-clamp'
import { oneVoice } from '../../../../src-main/models/blow/voices'
import { addNoise, augment, compress, emphasise, scaleToPeak } from '../../../../src-main/models/blow/augment'
import { goldenConfig as config, readGolden } from '../../../helpers/blow-golden'

const tight = { relative: 1e-4, absolute: 1e-4 }
const frontEnd = { noise: 0 }
const voice = (n: number) => oneVoice(5, n)
const row = (data: ArrayLike<number>) => float32([data.length], Float32Array.from(data))

let io: NDArrays
let weights: NDArrays
let device: Device
beforeAll(async () => {
  io = await readGolden('io')
  weights = fromPublicNames(config, await readGolden('state_B'))
  device = await openDevice('cpu')
})

describe('conversion', () => {
  it('overlaps and adds as the public implementation, but for the ends, which that one fades', async () => {
    const converter = await openConverter(device, { config, weights, frontEnd }, { from: voice(1), to: voice(4) })
    const wave = io['C_wav']!.data as Float32Array
    const sound = await converter.push(wave)
    const rest = await converter.flush()
    await converter.dispose()
    const all = [...sound, ...rest]
    expect(all).toHaveLength(wave.length)
    const expected = io['C_ola_unnormalised']!.data.subarray(128, 1920)
    expect(row(all.slice(128, 1920))).toBeAllclose(row(expected as Float32Array), tight)
  })

  it('gives the sound back where both voices are the same, in pieces of any size', async () => {
    const sound = random(3).fillNormal(new Float32Array(3000), 0.2)
    const converter = await openConverter(
      device,
      { config, weights, frontEnd },
      { from: voice(2), to: voice(2), batch: 3 },
    )
    for (const piece of [3000, 100, 1]) {
      const out: number[] = []
      for (let at = 0; at < sound.length; at += piece)
        out.push(...(await converter.push(sound.subarray(at, at + piece))))
      out.push(...(await converter.flush()))
      expect(row(out)).toBeAllclose(row(sound), { relative: 1e-3, absolute: 1e-4 })
    }
    await converter.dispose()
  })

  it('hears sound under the noise that the model learned under, and takes it off again', async () => {
    const sound = random(6).fillNormal(new Float32Array(2000), 0.2)
    const heard = async (noise: number, from: number, to: number) => {
      const converter = await openConverter(
        device,
        { config, weights, frontEnd: { noise } },
        { from: voice(from), to: voice(to), batch: 3 },
      )
      const [first, again] = [
        await convertWhole(converter, sound, { normalise: false }),
        await convertWhole(converter, sound, { normalise: false }),
      ]
      await converter.dispose()
      expect(again).toEqual(first)
      return row(first)
    }
    const mean = sound.reduce((sum, x) => sum + x, 0) / sound.length
    expect(await heard(0.02, 2, 2)).toBeAllclose(row(sound.map((x) => x - mean)), { relative: 1e-3, absolute: 2e-4 })
    const [without, under] = [await heard(0, 0, 3), await heard(0.02, 0, 3)]
    expect(under).not.toBeAllclose(without, { relative: 1e-2, absolute: 1e-3 })
  })

  it.each([0, 0.01])('does not depend on how sound arrives or how many frames go together, noise %f', async (noise) => {
    const sound = random(4).fillNormal(new Float32Array(2500), 0.2)
    const convert = async (batch: number, piece: number) => {
      const converter = await openConverter(
        device,
        { config, weights, frontEnd: { noise } },
        { from: voice(0), to: voice(3), batch },
      )
      const out: number[] = []
      for (let at = 0; at < sound.length; at += piece)
        out.push(...(await converter.push(sound.subarray(at, at + piece))))
      out.push(...(await converter.flush()))
      await converter.dispose()
      return row(out)
    }
    const whole = await convert(64, 2500)
    expect(await convert(1, 333)).toBeAllclose(whole, tight)
    expect(await convert(5, 1000)).toBeAllclose(whole, tight)
  })

  it('moves from one voice to another with a blend of both', async () => {
    const sound = random(5).fillNormal(new Float32Array(1000), 0.2)
    const converter = await openConverter(device, { config, weights, frontEnd }, { from: voice(0), to: voice(1) })
    const heard = async (to: Float32Array) => {
      converter.setVoices(voice(0), to)
      return row(await convertWhole(converter, sound, { normalise: false }))
    }
    const blend = (share: number) => voice(1).map((x, i) => (1 - share) * x + share * voice(3)[i]!)
    const [first, nearFirst, second] = [await heard(voice(1)), await heard(blend(1e-4)), await heard(voice(3))]
    await converter.dispose()
    const distance = (a: typeof first, b: typeof first) => Math.hypot(...a.data.map((x, i) => x - b.data[i]!))
    expect(distance(first, nearFirst)).toBeLessThan(0.01 * distance(first, second))
    expect(distance(first, second)).toBeGreaterThan(0.1)
  })

  it('takes the mean off and fills the scale', async () => {
    const converter = await openConverter(device, { config, weights, frontEnd }, { from: voice(0), to: voice(1) })
    const sound = await convertWhole(converter, random(6).fillNormal(new Float32Array(700), 0.05))
    expect(sound).toHaveLength(700)
    expect(Math.max(...sound.map(Math.abs))).toBeCloseTo(0.98, 5)
    expect(sound.reduce((sum, x) => sum + x, 0) / 700).toBeCloseTo(0, 5)
    const empty = await convertWhole(converter, new Float32Array(0))
    await converter.dispose()
    expect(empty).toHaveLength(0)
  })
})

it('bounds samples as the public implementation, and what is no number', () => {
  const x = Float32Array.from(io['D_in']!.data)
  softClamp(x)
  expect(row(x)).toBeAllclose(io['D_softclamp']!, tight)
  const odd = Float32Array.of(NaN, Infinity, -Infinity, 0.5)
  softClamp(odd)
  expect([...odd]).toEqual([0, 1, -1, 0.5])
})

it('augments as the public implementation for the same draws', () => {
  for (let item = 0; item < 6; item++) {
    const of = (name: string) => Float32Array.from(io[name]!.data.subarray(item * 256, (item + 1) * 256))
    const a = 2 * io['E_uniform']!.data[item]! - 1
    const emphasised = of('A_x')
    emphasise(emphasised, 0.2 * a)
    expect(row(emphasised)).toBeAllclose(row(of('E_emphasis_0.2')), tight)
    const scaled = of('A_x')
    scaleToPeak(scaled, a)
    expect(row(scaled)).toBeAllclose(row(of('E_magnorm_flip_1')), tight)
  }
})

describe('the augmentation of level 2', () => {
  it('adds normal noise of a deviation', () => {
    const x = new Float32Array(20_000).fill(0.5)
    addNoise(x, 0.001, random(1))
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length
    const deviation = Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length)
    expect(mean).toBeCloseTo(0.5, 4)
    expect(deviation).toBeCloseTo(0.001, 4)
    const still = Float32Array.of(0.1, -0.2)
    addNoise(still, 0, random(1))
    expect(still).toEqual(Float32Array.of(0.1, -0.2))
  })

  it('bends the size of samples, not their sign', () => {
    const x = Float32Array.of(-0.5, 0, 0.25, 1)
    compress(x, -0.1)
    expect(row(x)).toBeAllclose(row([-(0.5 ** 0.9), 0, 0.25 ** 0.9, 1]), { relative: 1e-6 })
    compress(x, 1 / 0.9 - 1)
    expect(row(x)).toBeAllclose(row([-0.5, 0, 0.25, 1]), { relative: 1e-6 })
  })

  it('is emphasis, noise, compression and gain, within their bounds', () => {
    const sound = random(8).fillNormal(new Float32Array(256), 0.2)
    const [found, by] = [sound.slice(), random(9)]
    augment(found, { level: 2, quietest: 0.5, noise: 0.01 }, by)
    const [expected, draws] = [sound.slice(), random(9)]
    emphasise(expected, 0.2 * (2 * draws.uniform() - 1))
    addNoise(expected, 0.001 * draws.uniform(), draws)
    compress(expected, 0.1 * (2 * draws.uniform() - 1))
    const gain = 2 * draws.uniform() - 1
    scaleToPeak(expected, Math.sign(gain) * (0.5 + 0.5 * Math.abs(gain)))
    const peak = Math.max(...expected.map(Math.abs))
    addNoise(expected, 0.01, draws)
    expect(found).toEqual(expected)
    expect(by.state()).toEqual(draws.state())
    expect(peak).toBeGreaterThanOrEqual(0.5 - 1e-6)
    expect(peak).toBeLessThanOrEqual(1)
  })

  it('is noise alone where nothing else is asked for, or nothing', () => {
    const sound = random(8).fillNormal(new Float32Array(256), 0.2)
    const [noisy, expected, same] = [sound.slice(), sound.slice(), sound.slice()]
    augment(noisy, { level: 0, quietest: 0, noise: 0.01 }, random(9))
    addNoise(expected, 0.01, random(9))
    expect(noisy).toEqual(expected)
    augment(same, { level: 0, quietest: 0, noise: 0 }, random(9))
    expect(same).toEqual(sound)
  })
})
