import { expect, it } from 'vitest'
import { openDevice } from '../../../../src-main/compute'
import { float32 } from '../../../../src-main/lib/ndarray'
import { random } from '../../../../src-main/lib/random'
import { conversionProgram } from '../../../../src-main/models/blow/inference-programs'
import { inferenceWeights } from '../../../../src-main/models/blow/inference-weights'
import { configOf, readRecipe } from '../../../../src-main/models/blow/recipe'
import { initialWeights, trainedShapes } from '../../../../src-main/models/blow/weights'

it.each([
  ['small', undefined],
  // As the public implementation counts them with 108 speakers.
  ['full', 62_113_152],
])(
  'a network of the preset %s gives a frame back in its own voice',
  { timeout: 240_000 },
  async (preset, parameters) => {
    const config = configOf(readRecipe({ preset, set: {}, steps: undefined }), 2)
    const { frame, embedding, channels } = config
    const draws = random(3)
    const weights = initialWeights(config, draws)
    if (parameters !== undefined) {
      const shapes = Object.values(trainedShapes({ ...config, voices: 108 })) as number[][]
      expect(shapes.reduce((sum, shape) => sum + shape.reduce((product, side) => product * side, 1), 0)).toBe(
        parameters,
      )
    }
    for (const [name, { data }] of Object.entries(weights)) {
      if (name.endsWith('end.weight')) draws.fillNormal(data as Float32Array, 0.1 / Math.sqrt(channels))
      if (name.endsWith('end.bias') || name.includes('.norm.')) draws.fillNormal(data as Float32Array, 0.05)
    }

    const device = await openDevice('cpu')
    const runner = await device.load(conversionProgram(config), { params: inferenceWeights(config, weights) })
    const voice = (number: number) =>
      float32(
        [1, embedding],
        weights['voices']!.data.slice(number * embedding, (number + 1) * embedding) as Float32Array,
      )
    const audio = float32([1, frame], draws.fillNormal(new Float32Array(frame), 0.2))
    const same = await runner.run({ audio, from: voice(0), to: voice(0) })
    const other = await runner.run({ audio, from: voice(0), to: voice(1) })
    await runner.dispose()
    expect(same['audio']).toBeAllclose(audio, { absolute: 2e-3 })
    expect(other['audio']).not.toBeAllclose(audio, { absolute: 0.02 })
  },
)
