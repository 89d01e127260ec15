import { float32, type NDArrays } from '../../../src-main/lib/ndarray'
import type { Random } from '../../../src-main/lib/random'
import { channelsAt, flowsOf, type BlowConfig } from '../../../src-main/models/blow/config'
import { openConverter } from '../../../src-main/models/blow/converter'
import { configOf, readRecipe } from '../../../src-main/models/blow/recipe'
import { initialWeights } from '../../../src-main/models/blow/weights'
import { normal } from '../bench-case'
import type { SoundCase } from '../sound-suite'

const voices = 4

/** Weights as after some training: couplings that change their half, and not beyond all bounds. */
function trained(config: BlowConfig, random: Random): NDArrays {
  const weights = initialWeights(config, random)
  for (const { block, name } of flowsOf(config)) {
    const c = channelsAt(config, block)
    weights[`${name}.end.weight`] = normal(random, [c, config.channels, config.kernel], 0.3 / config.channels)
    weights[`${name}.end.bias`] = normal(random, [c], 0.02)
  }
  return weights
}

/** Conversion as the converter does it, against the public code's form, all frames in one batch. */
function converting(name: string, title: string, preset: string, seconds: number, rate: number): SoundCase {
  const config = configOf(readRecipe({ preset, set: {}, steps: undefined }), voices)
  const samples = Math.round((seconds * rate) / (config.frame / 2)) * (config.frame / 2)
  return {
    name,
    title,
    torch: ['blow.py', ...[config.frame, config.blocks, config.flows, config.channels].map(String)],
    calls: 1,
    repeats: 1,
    seconds: samples / rate,
    precision: 'float32',
    values: (random) => ({ ...trained(config, random), 'input.sound': normal(random, [samples], 0.1) }),
    async open(all, device) {
      const { ['input.sound']: sound, ...weights } = all
      const only = (voice: number) => Float32Array.from({ length: voices }, (_, i) => (i === voice ? 1 : 0))
      const converter = await openConverter(
        device,
        { config, weights, frontEnd: { noise: 0 } },
        { from: only(0), to: only(1) },
      )
      const call = async () => {
        const first = await converter.push(sound!.data as Float32Array)
        const rest = await converter.flush()
        return float32([samples], Float32Array.of(...first, ...rest))
      }
      return { call, check: async () => ({ sound: await call() }) }
    },
  }
}

/** The rows of the converter's table: the published network, and the smaller presets. */
export const converters: readonly SoundCase[] = [
  converting('blow-full', 'Blow 8 × 12 flows, 512 ch, 2 s', 'full', 2, 16_000),
  converting('blow-medium', 'preset medium, 4 s', 'medium', 4, 16_000),
  converting('blow-small', 'preset small, 4 s', 'small', 4, 16_000),
]
