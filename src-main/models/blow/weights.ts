import type { Shapes } from '../../compute'
import { float32, type NDArrays } from '../../lib/ndarray'
import type { Random } from '../../lib/random'
import { convFans, denseFans, luFactors, orthogonal, torchUniform } from '../../nn'
import { channelsAt, flowsOf, type BlowConfig } from './config'

/** Shapes of what is trained: the voices, and every flow's mixing, ActNorm and coupling. */
export function trainedShapes(config: BlowConfig): Shapes {
  const { channels, kernel, embedding, voices } = config
  return {
    voices: [voices, embedding],
    ...Object.fromEntries(
      flowsOf(config).flatMap(({ block, name }): [string, number[]][] => {
        const c = channelsAt(config, block)
        return [
          [`${name}.mix.lower`, [c, c]],
          [`${name}.mix.upper`, [c, c]],
          [`${name}.mix.logScale`, [c]],
          [`${name}.norm.shift`, [c]],
          [`${name}.norm.logScale`, [c]],
          [`${name}.kernel.weight`, [embedding, channels * kernel]],
          [`${name}.kernel.bias`, [channels * kernel]],
          [`${name}.offset.weight`, [embedding, channels]],
          [`${name}.offset.bias`, [channels]],
          [`${name}.hidden.weight`, [channels, channels, 1]],
          [`${name}.hidden.bias`, [channels]],
          [`${name}.end.weight`, [c, channels, kernel]],
          [`${name}.end.bias`, [c]],
        ]
      }),
    ),
  }
}

/** Shapes of what stays fixed beside it: the order of the mixings' rows, and the signs of their diagonals. */
export const fixedShapes = (config: BlowConfig): Shapes =>
  Object.fromEntries(
    flowsOf(config).flatMap(({ block, name }): [string, number[]][] => {
      const c = channelsAt(config, block)
      return [
        [`${name}.mix.order`, [c, c]],
        [`${name}.mix.sign`, [c]],
      ]
    }),
  )

/** Shapes of a pack's weights: what is trained and what is fixed. */
export const weightShapes = (config: BlowConfig): Shapes => ({ ...trainedShapes(config), ...fixedShapes(config) })

/**
 * Fresh weights: normal voices of deviation `spread`, rotations as mixings, PyTorch's defaults for the layers and zeros for the end of each coupling, which then
 * scales by σ(2). The ActNorms are the identity until `actNorms` adapts them to a batch.
 */
export function initialWeights(config: BlowConfig, random: Random, spread = 1): NDArrays {
  const { channels, kernel, embedding, voices } = config
  const table = float32([voices, embedding])
  random.fillNormal(table.data, spread)
  const weights: NDArrays = { voices: table }
  for (const { block, name } of flowsOf(config)) {
    const c = channelsAt(config, block)
    for (const [part, value] of Object.entries(luFactors(orthogonal(random, [c, c]))))
      weights[`${name}.mix.${part}`] = value
    weights[`${name}.norm.shift`] = float32([c])
    weights[`${name}.norm.logScale`] = float32([c])
    for (const [part, width] of [
      ['kernel', channels * kernel],
      ['offset', channels],
    ] as const) {
      const fans = denseFans([embedding, width])
      weights[`${name}.${part}.weight`] = torchUniform(random, [embedding, width], fans)
      weights[`${name}.${part}.bias`] = torchUniform(random, [width], fans)
    }
    const fans = convFans([channels, channels, 1])
    weights[`${name}.hidden.weight`] = torchUniform(random, [channels, channels, 1], fans)
    weights[`${name}.hidden.bias`] = torchUniform(random, [channels], fans)
    weights[`${name}.end.weight`] = float32([c, channels, kernel])
    weights[`${name}.end.bias`] = float32([c])
  }
  return weights
}
