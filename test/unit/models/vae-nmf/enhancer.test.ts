import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type Device } from '../../../../src-main/compute'
import { readMono, rms, siSdr } from '../../../../src-main/dsp'
import { random } from '../../../../src-main/lib/random'
import { McemSettings } from '../../../../src-main/models/vae-nmf/config'
import { openEnhancer } from '../../../../src-main/models/vae-nmf/enhancer'
import { enhanceWhole } from '../../../../src-main/models/vae-nmf/evaluate'
import { speechModel, type SpeechModel } from '../../../../src-main/models/vae-nmf/model'
import { openPack } from '../../../../src-main/packs'
import { babble } from '../../../helpers/signals'

const starter = join(import.meta.dirname, '../../../../resources/packs/speech-enhancer.nagare')
/** LJ Speech, LJ001-0001, public domain. */
const recording = join(import.meta.dirname, '../../../golden/vae-nmf/ljspeech-LJ001-0001.flac')
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

  it('brings real speech out of noise; at window joins it differs from whole processing as two runs of the sampler do', async () => {
    const clean = await readMono(recording, rate)
    const x = noisy(clean, 0.03, 4)
    const settings = McemSettings.parse({ window: 352, overlap: 32 })
    const whole = McemSettings.parse({ window: 640 })
    const run = (how: McemSettings, seed: number) => streamed(x, [x.length], how, 1, seed)
    const [one, two, cut] = [await run(whole, 1), await run(whole, 2), await run(settings, 1)]
    expect(siSdr(clean, cut)).toBeGreaterThan(siSdr(clean, x) + 5)
    expect(siSdr(clean, cut)).toBeGreaterThan(siSdr(clean, one) - 0.5)
    // The windows share the 32 frames of 256 samples from frame 320 on.
    const [from, to] = [320 * 256, 352 * 256]
    const error = (a: Float32Array, b: Float32Array) =>
      rms(a.subarray(from, to).map((value, n) => value - b[from + n]!))
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
