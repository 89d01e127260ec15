import { beforeAll, describe, expect, it } from 'vitest'
import { openDevice, type Device } from '../../../../src-main/compute'
import { float32, pick, type NDArrays } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { BlowConfig, VoiceFrontEnd } from '../../../../src-main/models/blow/config'
import { identify } from '../../../../src-main/models/blow/identify'
import { decoderProgram } from '../../../../src-main/models/blow/inference-programs'
import { inferenceWeights } from '../../../../src-main/models/blow/inference-weights'
import { spread } from '../../../../src-main/models/blow/likelihood'
import type { VoiceModel } from '../../../../src-main/models/blow/model'
import { mostFrames, voiceScores } from '../../../../src-main/models/blow/voice-scores'
import { initialWeights } from '../../../../src-main/models/blow/weights'

let device: Device
beforeAll(async () => {
  device = await openDevice('cpu')
})

/** A model whose voices differ much. */
function modelOf(count: number): VoiceModel {
  const config = BlowConfig.parse({ frame: 64, blocks: 2, flows: 2, channels: 8, embedding: 8, voices: count })
  const draws = random(2)
  const weights = initialWeights(config, draws)
  for (const [name, { data }] of Object.entries(weights))
    if (name.endsWith('.end.weight')) draws.fillNormal(data as Float32Array, 0.7)
  const voices = Array.from({ length: count }, (_, i) => ({ name: `v${i}`, seconds: 1 }))
  return { config, weights, frontEnd: VoiceFrontEnd.parse({}), voices: { voices, validation: [], test: [] } }
}

/** Frames that a voice of the model says. */
async function said({ config, weights }: VoiceModel, voice: number, count: number): Promise<Float32Array[]> {
  const { frame, embedding } = config
  const program = decoderProgram(config)
  const params: NDArrays = pick(inferenceWeights(config, weights), Object.keys(program.params!))
  const decoder = await device.load(program, { params })
  const z = float32([count, frame], random(voice).fillNormal(new Float32Array(count * frame)))
  const row = weights['voices']!.data.slice(voice * embedding, (voice + 1) * embedding) as Float32Array
  const { audio } = await decoder.run({ z, voice: float32([1, embedding], row) })
  await decoder.dispose()
  return Array.from({ length: count }, (_, i) => (audio!.data as Float32Array).slice(i * frame, (i + 1) * frame))
}

describe('identify', () => {
  it.each([3, 108])('finds who says many frames among %d voices, one odd frame or not', async (count) => {
    const model = modelOf(count)
    const frames = await said(model, 1, 20)
    frames[10] = (await said(model, 2, 1))[0]!
    const { voice, likelihoods } = await identify(device, model, frames)
    expect(voice).toBe(1)
    expect(likelihoods).toHaveLength(count)
  })

  it('holds a voice for impossible under which a score is no number', async () => {
    const model = modelOf(4)
    const frames = await said(model, 2, 6)
    // So large that its products are ∞ − ∞.
    model.weights['voices']!.data.fill(3e38, 0, 8)
    const { voice, likelihoods } = await identify(device, model, frames)
    expect(voice).toBe(2)
    expect(likelihoods[0]).toBe(-Infinity)
  })

  it('can be stopped', async () => {
    const model = modelOf(3)
    const stop = () => {
      throw new Error('stopped')
    }
    await expect(identify(device, model, await said(model, 1, 3), stop)).rejects.toThrow('stopped')
  })
})

it('scores at most so many frames of an utterance, spread over it', async () => {
  const model = modelOf(3)
  const frames = await said(model, 1, 40)
  const totals = new Set<number>()
  const [long, short] = await voiceScores(
    device,
    model,
    [Float32Array.from(frames.flatMap((x) => [...x])), frames[0]!],
    (_, total) => totals.add(total),
  )
  expect([long!.frames, short!.frames]).toEqual([mostFrames, 1])
  expect([...totals]).toEqual([(mostFrames + 1) * 4])
  expect(spread([1, 2, 3, 4, 5, 6, 7, 8], 2)).toEqual([3, 7])
  expect(spread([1, 2], 5)).toEqual([1, 2])
})
