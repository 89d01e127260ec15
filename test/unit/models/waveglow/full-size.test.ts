import { expect, it } from 'vitest'
import { openDevice } from '../../../../src-main/compute'
import { float32 } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { range, WaveGlowConfig } from '../../../../src-main/models/waveglow/config'
import { framesSeen } from '../../../../src-main/models/waveglow/inference-weights'
import { encode } from '../../../../src-main/models/waveglow/network'
import { openSynthesis } from '../../../../src-main/models/waveglow/synthesis'
import { initialWeights, plainWeights, weightShapes } from '../../../../src-main/models/waveglow/weights'

it(
  'the published network, 12 flows of 256 channels, turns sound into noise and back',
  { timeout: 120_000 },
  async () => {
    const config = WaveGlowConfig.parse({})
    const { mels, hop, group, wn } = config
    const draws = random(3)
    const weights = plainWeights(config, initialWeights(config, draws))
    const shapes = weightShapes(config)
    const count = Object.values(shapes).reduce((sum, shape) => sum + (shape as number[]).reduce((a, b) => a * b, 1), 0)
    // As the public implementation counts them, but for its weight norm's lengths: one to each row that has one.
    const lengths = config.flows * (wn.channels + wn.layers * 2 * 2 * wn.channels + (2 * wn.layers - 1) * wn.channels)
    expect(count + lengths).toBe(87_879_272)
    for (const [name, { data }] of Object.entries(weights)) {
      if (name.endsWith('end.weight')) draws.fillNormal(data as Float32Array, 0.3 / Math.sqrt(wn.channels))
      if (name.endsWith('end.bias')) draws.fillNormal(data as Float32Array, 0.1)
    }

    const frames = 10
    const audio = draws.fillNormal(new Float32Array(frames * hop), 0.3)
    const mel = draws.fillNormal(new Float32Array(frames * mels)).map((value) => value - 5)
    const byBand = float32([1, mels, frames], Float32Array.from(mel, (_, i) => mel[(i % frames) * mels + Math.floor(i / frames)]!)) // prettier-ignore
    const cpu = await openDevice('cpu')
    const encoder = await cpu.load(
      {
        name: 'encode',
        params: shapes,
        inputs: { audio: [1, audio.length], mel: [1, mels, frames] },
        run: ({ params, inputs }) => ({ outputs: { z: encode(config, params, inputs['audio']!, inputs['mel']!).z } }),
      },
      { params: weights },
    )
    const { z } = await encoder.run({ audio: float32([1, audio.length], audio), mel: byBand })
    await encoder.dispose()
    const noise = z!.data as Float32Array
    expect(noise).not.toBeAllclose(audio, { absolute: 0.5 })

    const synthesis = await openSynthesis(cpu, config, weights)
    const before = new Float32Array(framesSeen(config).before * mels)
    const steps = noise.length / group
    const rows = range(group).map((c) => noise.slice(c * steps, (c + 1) * steps))
    const again = await synthesis.run(rows, Float32Array.from([...before, ...mel]), frames)
    await synthesis.dispose()
    expect(again).toBeAllclose(audio, { relative: 1e-4, absolute: 1e-4 })
  },
)
