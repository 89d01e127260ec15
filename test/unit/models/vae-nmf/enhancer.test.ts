import { beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type Device } from '../../../../src-main/compute'
import { siSdr } from '../../../../src-main/dsp'
import { random } from '../../../../src-main/lib/random'
import { McemSettings } from '../../../../src-main/models/vae-nmf/config'
import { openEnhancer } from '../../../../src-main/models/vae-nmf/enhancer'
import { enhanceWhole } from '../../../../src-main/models/vae-nmf/evaluate'
import { speechModel, type SpeechModel } from '../../../../src-main/models/vae-nmf/model'
import { openPack } from '../../../../src-main/packs'
import { babble } from '../../../helpers/signals'

const starter = new URL('../../../../resources/packs/speech-enhancer.nagare', import.meta.url).pathname
const rate = 16_000
const quick = McemSettings.parse({ iterations: 8, moves: 3, kept: 2, finalMoves: 6, window: 128, overlap: 16 })

const voice = (seconds: number) => babble(seconds * rate, rate)
const noisy = (clean: Float32Array, level: number, seed: number) => {
  const draws = random(seed)
  return clean.map((value) => value + level * draws.normal())
}

let device: Device
let model: SpeechModel
beforeAll(async () => {
  device = await openDevice('cpu')
  model = speechModel(await openPack(starter))
})

async function streamed(x: Float32Array, pieces: number[], settings = quick, channels = 1, seed = 3) {
  const enhancer = openEnhancer(device, model, settings, { channels, seed, step: () => {} })
  const out: Float32Array[] = []
  let at = 0
  for (let i = 0; at < x.length; i++) {
    const block = x.subarray(at, at + pieces[i % pieces.length]!)
    at += block.length
    out.push((await enhancer.push(Array.from({ length: channels }, () => block))).clean.at(-1)!)
  }
  out.push((await enhancer.flush()).clean.at(-1)!)
  await enhancer.dispose()
  const whole = new Float32Array(out.reduce((sum, part) => sum + part.length, 0))
  out.reduce((offset, part) => (whole.set(part, offset), offset + part.length), 0)
  return whole
}

describe('streaming enhancement', () => {
  it('gives one sample for each, the same however the recording is cut, bit for bit', async () => {
    const x = noisy(voice(6), 0.03, 1)
    const a = await streamed(x, [x.length])
    const b = await streamed(x, [1, 4999, 16_000, 77])
    expect(a.length).toBe(x.length)
    expect(Buffer.from(a.buffer).equals(Buffer.from(b.buffer))).toBe(true)
  })

  it('is the same for the same seed and another for another seed', async () => {
    const x = noisy(voice(1), 0.03, 1)
    const whole = (seed: number) => enhanceWhole(x, model, quick, { device, seed })
    const [a, b, c] = [await whole(5), await whole(5), await whole(6)]
    expect(Buffer.from(a.buffer).equals(Buffer.from(b.buffer))).toBe(true)
    expect(a).not.toEqual(c)
  })

  it('brings a voice out of noise', async () => {
    const clean = voice(4)
    const x = noisy(clean, 0.03, 2)
    const out = await enhanceWhole(x, model, McemSettings.parse({}), { device, seed: 1 })
    expect(siSdr(clean, out)).toBeGreaterThan(siSdr(clean, x) + 5)
  })

  it('differs from whole processing at window joins by no more than two runs of the sampler differ', async () => {
    const x = noisy(voice(10), 0.03, 4)
    const settings = McemSettings.parse({ iterations: 40, moves: 4, kept: 2, window: 256, overlap: 32 })
    const whole = McemSettings.parse({ ...settings, window: 640 })
    const [one, two, cut] = [
      await streamed(x, [x.length], whole, 1, 1),
      await streamed(x, [x.length], whole, 1, 2),
      await streamed(x, [x.length], settings, 1, 1),
    ]
    // Windows of 256 frames with 32 shared: joins lie every 224 frames of 256 samples.
    const error = (a: Float32Array, b: Float32Array) => {
      let sum = 0
      for (let join = 224 * 256; join < x.length; join += 224 * 256)
        for (let n = join; n < Math.min(x.length, join + 32 * 256); n++) sum += (a[n]! - b[n]!) ** 2
      return Math.sqrt(sum)
    }
    expect(error(cut, one)).toBeLessThan(1.5 * error(one, two))
  })

  it('keeps silence silent, takes clips of 5 ms, and treats all channels alike', async () => {
    expect(await streamed(new Float32Array(3 * rate), [rate])).toEqual(new Float32Array(3 * rate))
    const short = await streamed(noisy(new Float32Array(80), 0.1, 9), [80])
    expect(short.length).toBe(80)
    expect(short.every(Number.isFinite)).toBe(true)
    const x = noisy(voice(1), 0.05, 5)
    const [mono, stereo] = [await streamed(x, [x.length]), await streamed(x, [x.length], quick, 2)]
    expect(stereo).toBeAllclose(mono, { absolute: 1e-5 })
  })
})
