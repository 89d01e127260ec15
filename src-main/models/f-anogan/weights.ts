import type { Shapes } from '../../compute'
import { float32, type NDArrays } from '../../lib/ndarray'
import type { Random } from '../../lib/random'
import { convFans, denseFans, glorotUniform, heUniform, torchUniform } from '../../nn'
import type { FAnoganConfig } from './config'
import { networksOf } from './network'

export type Part = 'generator' | 'critic' | 'encoder'

/** Shapes of what is trained of one network. */
export function trainedShapes(config: FAnoganConfig, part: Part): Shapes {
  const networks = networksOf(config)
  if (part === 'generator') return networks.generatorShapes(config)
  return part === 'critic' ? networks.criticShapes(config) : networks.encoderShapes(config)
}

/** Shapes of the running statistics of one network's batch normalisations: `….mean` and `….variance` beside each `….gamma`. */
export const statisticShapes = (config: FAnoganConfig, part: Exclude<Part, 'critic'>): Shapes =>
  Object.fromEntries(
    Object.entries(trainedShapes(config, part)).flatMap(([name, shape]) =>
      name.endsWith('.gamma') ? ['mean', 'variance'].map((what) => [name.replace(/gamma$/, what), shape] as const) : [],
    ),
  )

/** Shapes of one network's weights, statistics included. */
export const partShapes = (config: FAnoganConfig, part: Part): Shapes => ({
  ...trainedShapes(config, part),
  ...(part === 'critic' ? {} : statisticShapes(config, part)),
})

/** Shapes of a pack's weights. */
export const weightShapes = (config: FAnoganConfig): Shapes => ({
  ...partShapes(config, 'generator'),
  ...partShapes(config, 'critic'),
  ...partShapes(config, 'encoder'),
})

/**
 * Fresh weights of one network. Residual: He's uniform before ReLUs, Glorot's elsewhere, biases at zero; dense: PyTorch's defaults;
 * normalisations that change nothing.
 */
export function initialWeights(config: FAnoganConfig, part: Part, random: Random): NDArrays {
  const shapes = partShapes(config, part)
  const weights: NDArrays = {}
  for (const [name, entry] of Object.entries(shapes)) {
    const shape = entry as readonly number[]
    const fans = (of: readonly number[]) => (of.length === 2 ? denseFans(of) : convFans(of))
    if (/\.(gamma|variance)$/.test(name)) weights[name] = float32(shape, new Float32Array(shape[0]!).fill(1))
    else if (/\.(beta|mean)$/.test(name)) weights[name] = float32(shape)
    else if (name.endsWith('.bias')) {
      const of = shapes[name.replace(/bias$/, 'weight')] as readonly number[]
      weights[name] = config.network === 'mlp' ? torchUniform(random, shape, fans(of)) : float32(shape)
    } else {
      const hidden = /\.conv[12]\.weight$/.test(name) ? heUniform : glorotUniform
      weights[name] = (config.network === 'mlp' ? torchUniform : hidden)(random, shape, fans(shape))
    }
  }
  return weights
}
