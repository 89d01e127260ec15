import * as tf from '@tensorflow/tfjs-core'
import { logAbsDet, type Shapes, type Tensors } from '../../compute'
import type { NDArrays } from '../../lib/ndarray'
import { luFactors, luMatrix, luProduct } from '../../nn'
import { channelsAt, range, type WaveGlowConfig } from './config'

/** Channels from which a mixing is trained as its factors: its determinant is then a product, not an elimination at each step. */
const leastFactored = 32

const isFactored = (config: WaveGlowConfig, k: number) => channelsAt(config, k) >= leastFactored
const numbers = ({ flows }: WaveGlowConfig) => range(flows)

/** Shapes of the mixings in a pack: a matrix [channels, channels] each. */
export const mixShapes = (config: WaveGlowConfig): Shapes =>
  Object.fromEntries(numbers(config).map((k) => [`flows.${k}.mix`, [channelsAt(config, k), channelsAt(config, k)]]))

/** Shapes of what is trained of them: small ones as they are, large ones as `lower`, `upper` and `logScale` (Kingma & Dhariwal, 2018, eq. 10). */
export const trainedMixShapes = (config: WaveGlowConfig): Shapes =>
  Object.fromEntries(
    numbers(config).flatMap((k): [string, number[]][] => {
      const c = channelsAt(config, k)
      if (!isFactored(config, k)) return [[`flows.${k}.mix`, [c, c]]]
      return [
        [`flows.${k}.lower`, [c, c]],
        [`flows.${k}.upper`, [c, c]],
        [`flows.${k}.logScale`, [c]],
      ]
    }),
  )

/** Shapes of what stays fixed beside them: the order of the rows, and the signs of the diagonal. */
export const fixedMixShapes = (config: WaveGlowConfig): Shapes =>
  Object.fromEntries(
    numbers(config)
      .filter((k) => isFactored(config, k))
      .flatMap((k): [string, number[]][] => [
        [`flows.${k}.order`, [channelsAt(config, k), channelsAt(config, k)]],
        [`flows.${k}.sign`, [channelsAt(config, k)]],
      ]),
  )

/** The matrix of flow `k` and log |det| of it, from the matrix or from its factors: W = P · L · (U + diag(sign · exp(logScale))). */
export function mixing(params: Tensors, k: number): { matrix: tf.Tensor2D; logDet: tf.Tensor } {
  const whole = params[`flows.${k}.mix`]
  if (whole) return { matrix: whole as tf.Tensor2D, logDet: logAbsDet(whole) }
  const of = (name: string) => params[`flows.${k}.${name}`]!
  const [order, lower, upper, sign, logScale] = [of('order'), of('lower'), of('upper'), of('sign'), of('logScale')]
  return { matrix: luMatrix({ order, lower, upper, sign, logScale }), logDet: tf.sum(logScale) }
}

/** A pack's mixings in the form of training, what is trained and what is fixed together. Throws RangeError for one without an inverse. */
export function splitMixings(config: WaveGlowConfig, weights: NDArrays): NDArrays {
  const result: NDArrays = {}
  for (const k of numbers(config)) {
    const mix = weights[`flows.${k}.mix`]!
    if (!isFactored(config, k)) result[`flows.${k}.mix`] = mix
    else for (const [name, value] of Object.entries(luFactors(mix))) result[`flows.${k}.${name}`] = value
  }
  return result
}

/** Trained mixings as a pack has them. */
export function plainMixings(config: WaveGlowConfig, trained: NDArrays): NDArrays {
  const result: NDArrays = {}
  for (const k of numbers(config)) {
    const of = (name: string) => trained[`flows.${k}.${name}`]!
    result[`flows.${k}.mix`] = isFactored(config, k)
      ? luProduct({
          order: of('order'),
          lower: of('lower'),
          upper: of('upper'),
          sign: of('sign'),
          logScale: of('logScale'),
        })
      : of('mix')
  }
  return result
}
