import type { Precision } from '../../../src-main/compute'
import { openDevice } from '../../../src-main/compute'
import { float32, type NDArrays } from '../../../src-main/lib/ndarray'
import type { Random } from '../../../src-main/lib/random'
import { channelsAt, range, stepsPerFrame, WaveGlowConfig } from '../../../src-main/models/waveglow/config'
import { soundProgram, soundWeights } from '../../../src-main/models/waveglow/exports'
import { framesSeen } from '../../../src-main/models/waveglow/inference-weights'
import { waveGlowLoss } from '../../../src-main/models/waveglow/loss'
import { configOf, readRecipe } from '../../../src-main/models/waveglow/recipe'
import { openSynthesis } from '../../../src-main/models/waveglow/synthesis'
import { initialWeights, plainWeights, trainedShapes } from '../../../src-main/models/waveglow/weights'
import { adam, trainingProgram } from '../../../src-main/nn'
import { normal, within, type BenchCase, type LoadCase } from '../bench-case'
import type { SoundCase } from '../sound-suite'

/** WaveGlow with its published sizes: 12 flows, 256 channels, 88 million parameters. */
const full = WaveGlowConfig.parse({})
const rate = 22_050
const samples = 16_000

/** Weights as after some training: couplings that change their half, but not beyond all bounds. In the form of training. */
function trained(config: WaveGlowConfig, random: Random): NDArrays {
  const weights = initialWeights(config, random)
  for (const k of range(config.flows)) {
    const { channels } = config.wn
    const width = channelsAt(config, k)
    weights[`flows.${k}.end.weight`] = normal(random, [width, channels, 1], 0.01)
    weights[`flows.${k}.end.bias`] = normal(random, [width], 0.1)
  }
  return weights
}

const plain = (config: WaveGlowConfig) => (random: Random) => plainWeights(config, trained(config, random))

/** Generating, for any number of frames, as one program. */
export const waveglowInference: LoadCase = {
  name: 'waveglow',
  title: 'WaveGlow 12 flows, inference',
  values: plain(full),
  load: (all) => ({ spec: soundProgram(full, 0), values: { params: soundWeights(full, all) } }),
}

const frames = 32

/** The same, generating a third of a second: all flows one after another. */
export const waveglowGeneration: Pick<BenchCase, 'name' | 'title' | 'values' | 'open'> = {
  name: 'waveglow',
  title: `WaveGlow 12 flows, ${frames} frames`,
  values: (random) => ({
    ...plain(full)(random),
    'input.mel': normal(random, [1, full.mels, frames]),
    'input.noise': normal(random, [1, full.group, stepsPerFrame(full) * frames], 0.6),
  }),
  async open(all, device) {
    const runner = await device.load(soundProgram(full, 0), { params: soundWeights(full, all) })
    const inputs = within(all, 'input.')
    return { call: () => runner.run(inputs), check: () => runner.run(inputs) }
  },
}

/** One step of Adam on one crop. */
export const waveglowStep: LoadCase = {
  name: 'waveglow-step',
  title: 'WaveGlow 12 flows, training step',
  values: (random) => trained(full, random),
  load: (all) => {
    const spec = trainingProgram({
      name: 'waveglow-step',
      key: 'bench',
      params: trainedShapes(full),
      inputs: { audio: [1, samples], mel: [1, full.mels, Math.ceil(samples / full.hop)] },
      loss: waveGlowLoss(full, 1),
      optimizer: adam(),
      learningRate: 1e-4,
    })
    return { spec, values: { state: all } }
  },
}

/** Sound from noise as the vocoder makes it, against the usual form of the network. */
function generating(
  name: string,
  title: string,
  config: WaveGlowConfig,
  { frames, precision = 'float32' }: { frames: number; precision?: Precision },
): SoundCase {
  const { before, after } = framesSeen(config)
  return {
    name,
    title,
    torch: config === full ? ['waveglow.py'] : [],
    calls: 1,
    repeats: 1,
    seconds: (frames * config.hop) / rate,
    precision,
    values: (random) => ({
      ...plain(config)(random),
      'input.mel': normal(random, [1, config.mels, frames]),
      'input.noise': normal(random, [1, config.group, stepsPerFrame(config) * frames], 0.6),
    }),
    async open(all, device) {
      const exact = precision === 'float32'
      const chosen = exact ? device : await openDevice(device.id, { precision })
      const synthesis = await openSynthesis(chosen, config, all)
      const { data } = all['input.noise']!
      const steps = data.length / config.group
      const noise = range(config.group).map((c) => (data as Float32Array).slice(c * steps, (c + 1) * steps))
      const mel = beyond(all['input.mel']!.data as Float32Array, config.mels, before, after)
      const call = () => synthesis.run(noise, mel, frames)
      return { call, check: async () => ({ sound: float32([1, frames * config.hop], await call()) }) }
    },
  }
}

/** [mels, frames] → [before + frames + after, mels], zeros beyond the ends. */
function beyond(mel: Float32Array, mels: number, before: number, after: number): Float32Array {
  const frames = mel.length / mels
  const out = new Float32Array((before + frames + after) * mels)
  for (let m = 0; m < mels; m++) for (let t = 0; t < frames; t++) out[(before + t) * mels + m] = mel[m * frames + t]!
  return out
}

const squeezed = configOf(readRecipe({ preset: 'squeezed', set: {}, steps: undefined }))
const small = configOf(readRecipe({ preset: 'small', set: {}, steps: undefined }))

/** The rows of the vocoder's table: the published network on a short and a long recording and in whole numbers, and the presets for processors. */
export const vocoders: readonly SoundCase[] = [
  generating('full', 'WaveGlow 256 ch, 2 s', full, { frames: 172 }),
  generating('full-long', 'WaveGlow 256 ch, 20 s', full, { frames: 1723 }),
  generating('full-int8', 'WaveGlow 256 ch, 2 s, int8', full, { frames: 172, precision: 'int8' }),
  generating('small', 'preset small, 10 s', small, { frames: 862 }),
  generating('squeezed', 'preset squeezed, 10 s', squeezed, { frames: 862 }),
]
