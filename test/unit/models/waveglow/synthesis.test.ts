import { beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type Device } from '../../../../src-main/compute'
import { rms } from '../../../../src-main/dsp'
import { float32, type NDArray, type NDArrays } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { range, stepsPerFrame, WaveGlowConfig } from '../../../../src-main/models/waveglow/config'
import { framesSeen } from '../../../../src-main/models/waveglow/inference-weights'
import { encode } from '../../../../src-main/models/waveglow/network'
import { openSynthesis } from '../../../../src-main/models/waveglow/synthesis'
import { openVocoder, type VocoderOptions } from '../../../../src-main/models/waveglow/vocoder'
import { MelFrontEnd } from '../../../../src-main/models/waveglow/config'
import { fixedMixShapes } from '../../../../src-main/models/waveglow/mixing'
import {
  initialWeights,
  plainWeights,
  splitWeights,
  trainedShapes,
  weightShapes,
} from '../../../../src-main/models/waveglow/weights'
import { goldenConfig, readGolden, renamed } from '../../../helpers/waveglow-golden'

/** Row `b` of an array's first axis. */
const item = ({ shape, data }: NDArray, b: number): Float32Array => {
  const size = data.length / shape[0]!
  return (data as Float32Array).slice(b * size, (b + 1) * size)
}

/** [rows, columns] → [columns, rows]. */
function turned(data: Float32Array, rows: number): Float32Array {
  const columns = data.length / rows
  return Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!)
}

/** Each of `rows` rows by itself. */
const rowsOf = (data: Float32Array, rows: number) =>
  range(rows).map((row) => data.slice((row * data.length) / rows, ((row + 1) * data.length) / rows))

/** Weights as after some training: couplings that do something, mixings that are no rotations. */
function trained(config: WaveGlowConfig, seed: number): NDArrays {
  const draws = random(seed)
  const weights = plainWeights(config, initialWeights(config, draws))
  for (const [name, { data }] of Object.entries(weights)) {
    if (name.endsWith('end.weight')) draws.fillNormal(data as Float32Array, 0.3 / Math.sqrt(config.wn.channels))
    if (name.endsWith('end.bias')) draws.fillNormal(data as Float32Array, 0.1)
    if (name.endsWith('mix')) for (let i = 0; i < data.length; i++) data[i] = data[i]! * 1.1 + 0.02 * draws.normal()
  }
  return weights
}

const shapes: Record<string, unknown> = {
  'the published shape, smaller': { mels: 8, flows: 5, early: { every: 2, size: 2 }, wn: { layers: 3, channels: 16 } },
  'swapped halves': {
    mels: 8,
    flows: 4,
    early: { every: 2, size: 2 },
    wn: { layers: 2, channels: 8 },
    swapHalves: true,
  },
  'long groups, conditioned by frames': {
    mels: 8,
    flows: 4,
    group: 64,
    early: { every: 2, size: 8 },
    wn: { layers: 3, channels: 16, growth: 1 },
    conditioning: { kind: 'frames', channels: 12, kernel: 5 },
  },
  'separable convolutions': {
    mels: 8,
    flows: 3,
    group: 128,
    early: { every: 2, size: 16 },
    wn: { layers: 2, channels: 16, growth: 2, separable: true },
    conditioning: { kind: 'frames', channels: 12, kernel: 3 },
  },
}

const configOf = (shape: unknown) => {
  const given = shape as { wn: object }
  return WaveGlowConfig.parse({ ...given, wn: { kernel: 3, growth: 2, separable: false, ...given.wn } })
}

let cpu: Device
beforeAll(async () => {
  cpu = await openDevice('cpu')
})

it.each([0, 0.6, 1])(
  'makes the same sound from the same noise as the public implementation, sigma %d',
  async (sigma) => {
    const io = await readGolden('io')
    const weights = plainWeights(goldenConfig, renamed(await readGolden('state')))
    const synthesis = await openSynthesis(cpu, goldenConfig, weights)
    const { before } = framesSeen(goldenConfig)
    const expected = io[`infer_audio_sigma_${sigma.toFixed(1)}`]!
    for (const b of [0, 1]) {
      const late = rowsOf(item(io['infer_z_0']!, b), 6)
      const early = rowsOf(item(io['infer_z_1']!, b), 2)
      const noise = [...early, ...late].map((row) => row.map((value) => sigma * value))
      const mel = new Float32Array((before + 8) * 16)
      mel.set(turned(item(io['mel']!, b), 16), before * 16)
      expect(await synthesis.run(noise, mel, 8)).toBeAllclose(item(expected, b), { relative: 1e-4, absolute: 1e-4 })
    }
    await synthesis.dispose()
  },
)

describe.each(Object.entries(shapes))('%s', (_, shape) => {
  const config = configOf(shape)
  const frames = 24
  const { before, after } = framesSeen(config)

  it('is the inverse of the way from sound to noise', async () => {
    const weights = trained(config, 3)
    const draws = random(5)
    const audio = draws.fillNormal(new Float32Array(frames * config.hop), 0.3)
    const mel = draws.fillNormal(new Float32Array((before + frames + after) * config.mels))
    const isUpsampled = config.conditioning.kind === 'upsampled'
    // Upsampling knows no frames before the first.
    if (isUpsampled) mel.fill(0, 0, before * config.mels)
    const seen = isUpsampled ? mel.slice(before * config.mels) : mel
    const count = seen.length / config.mels
    const encoder = await cpu.load(
      {
        name: 'encode',
        params: weightShapes(config),
        inputs: { audio: [1, audio.length], mel: [1, config.mels, count] },
        run: ({ params, inputs }) => ({ outputs: { z: encode(config, params, inputs['audio']!, inputs['mel']!).z } }),
      },
      { params: weights },
    )
    const { z } = await encoder.run({
      audio: float32([1, audio.length], audio),
      mel: float32([1, config.mels, count], turned(seen, count)),
    })
    await encoder.dispose()
    const synthesis = await openSynthesis(cpu, config, weights)
    const again = await synthesis.run(rowsOf(z!.data as Float32Array, config.group), mel, frames)
    await synthesis.dispose()
    expect(again).toBeAllclose(audio, { relative: 1e-4, absolute: 1e-4 })
  })

  it('sounds alike in blocks and whole, and however its frames arrive', async () => {
    const weights = trained(config, 4)
    const frontEnd = MelFrontEnd.parse({ mels: config.mels })
    const mel = random(6).fillNormal(new Float32Array(150 * config.mels))
    const made = async (options: Partial<VocoderOptions>, pieces: number[]) => {
      const vocoder = await openVocoder(
        cpu,
        { config, frontEnd, weights },
        { sigma: 0.7, denoise: 0, seed: 9, ...options },
      )
      const parts: number[] = []
      let at = 0
      for (const count of pieces) {
        parts.push(...(await vocoder.push(mel.slice(at * config.mels, (at + count) * config.mels))))
        at += count
      }
      parts.push(...(await vocoder.flush()))
      await vocoder.dispose()
      return Float32Array.from(parts)
    }
    const whole = await made({}, [150])
    expect(whole).toHaveLength(150 * config.hop)
    const blocks = await made({ block: 20 }, [1, 40, 0, 77, 32])
    expect(blocks).toBeAllclose(whole, { relative: 0, absolute: 1e-4 })
    expect(await made({ seed: 10 }, [150])).not.toBeAllclose(whole, { relative: 0, absolute: 1e-2 })
  })
})

it('overlaps the tiles of a long recording by what the flows see', async () => {
  const config = configOf(shapes['the published shape, smaller'])
  const weights = trained(config, 8)
  const frames = 1500
  const draws = random(1)
  const noise = range(config.group).map(() => draws.fillNormal(new Float32Array(frames * stepsPerFrame(config)), 0.6))
  const { before } = framesSeen(config)
  const mel = draws.fillNormal(new Float32Array((before + frames) * config.mels))
  const synthesis = await openSynthesis(cpu, config, weights)
  const steps: number[] = []
  const long = await synthesis.run(noise, mel, frames, (share) => steps.push(share))
  // More than one tile for each of the flows, told in order.
  expect(steps.length).toBeGreaterThan(config.flows)
  expect(steps).toEqual(steps.toSorted((a, b) => a - b))
  expect(steps.at(-1)).toBe(1)
  const from = 1024 - 300
  const part = await synthesis.run(
    noise.map((row) => row.slice(from * stepsPerFrame(config))),
    mel.slice(from * config.mels),
    frames - from,
  )
  const settled = synthesis.halo * config.hop
  expect(part.slice(settled)).toBeAllclose(long.slice(from * config.hop + settled), { relative: 0, absolute: 1e-4 })
  await synthesis.dispose()
})

it('trains large mixings by factors that make the same matrix', () => {
  const config = configOf(shapes['long groups, conditioned by frames'])
  const weights = trained(config, 2)
  const split = splitWeights(config, weights)
  expect(Object.keys(split).sort()).toEqual(Object.keys({ ...trainedShapes(config), ...fixedMixShapes(config) }).sort())
  const again = plainWeights(config, split)
  expect(Object.keys(again).sort()).toEqual(Object.keys(weightShapes(config)).sort())
  for (const [name, value] of Object.entries(again)) expect(value).toBeAllclose(weights[name]!, { absolute: 1e-5 })
})

it.each([30, 600])('computes %d frames in whole numbers to within a few per cent', async (frames) => {
  const config = configOf({ mels: 8, flows: 4, early: { every: 2, size: 2 }, wn: { layers: 3, channels: 40 } })
  const weights = trained(config, 12)
  const draws = random(2)
  const noise = range(config.group).map(() => draws.fillNormal(new Float32Array(frames * stepsPerFrame(config)), 0.6))
  const mel = draws.fillNormal(new Float32Array((framesSeen(config).before + frames) * config.mels))
  const sounds: Float32Array[] = []
  for (const precision of ['float32', 'int8'] as const) {
    const synthesis = await openSynthesis(await openDevice('cpu', { precision }), config, weights)
    sounds.push(await synthesis.run(noise, mel, frames))
    await synthesis.dispose()
  }
  const [exact, whole] = sounds as [Float32Array, Float32Array]
  const apart = rms(exact.map((value, i) => value - whole[i]!)) / rms(exact)
  expect(apart).toBeGreaterThan(0)
  expect(apart).toBeLessThan(0.05)
})
