import { NagareError } from '../../lib/errors'
import { invertMatrix } from '../../lib/invert-matrix'
import { float32, type NDArray, type NDArrays } from '../../lib/ndarray'
import { luProduct } from '../../nn'
import { channelsAt, flowsOf, type BlowConfig } from './config'

/**
 * Mixing and ActNorm of every flow as one convolution forth, `<flow>.mix.weight` [channels, channels, 1] and `.bias` [channels], and one back,
 * `<flow>.unmix.weight` and `.bias`. Throws `corrupt` where a mixing has no inverse.
 */
export function affineWeights(config: BlowConfig, weights: NDArrays): NDArrays {
  const result: NDArrays = {}
  for (const { name } of flowsOf(config)) {
    const of = (part: string) => weights[`${name}.${part}`]!
    const matrix = luProduct({
      order: of('mix.order'),
      lower: of('mix.lower'),
      upper: of('mix.upper'),
      sign: of('mix.sign'),
      logScale: of('mix.logScale'),
    })
    const [c] = matrix.shape as [number, number]
    const scales = Float32Array.from(of('norm.logScale').data, Math.exp)
    const shifts = of('norm.shift').data
    // Forth: s ∘ (W x + m). Back: W⁻¹ (y / s − m).
    const forth = float32([c, c, 1])
    const back = float32([c, c, 1])
    const inverse = inverseOf(name, matrix)
    for (let i = 0; i < c; i++)
      for (let j = 0; j < c; j++) {
        forth.data[i * c + j] = matrix.data[i * c + j]! * scales[i]!
        back.data[i * c + j] = inverse.data[i * c + j]! / scales[j]!
      }
    result[`${name}.mix.weight`] = forth
    result[`${name}.mix.bias`] = float32(
      [c],
      scales.map((scale, i) => scale * shifts[i]!),
    )
    result[`${name}.unmix.weight`] = back
    result[`${name}.unmix.bias`] = float32([c], negatedProduct(inverse, shifts))
  }
  return result
}

function inverseOf(flow: string, matrix: NDArray): NDArray {
  try {
    return invertMatrix(matrix)
  } catch (cause) {
    throw new NagareError('corrupt', `The model cannot convert: ${flow}.mix has no inverse.`, {
      hint: 'Get the model again, or train it anew.',
      cause,
    })
  }
}

/** −M v of a matrix [n, n]. */
function negatedProduct({ shape, data }: NDArray, vector: ArrayLike<number>): Float32Array {
  const [n] = shape as [number]
  return Float32Array.from({ length: n }, (_, i) => {
    let sum = 0
    for (let j = 0; j < n; j++) sum += data[i * n + j]! * vector[j]!
    return -sum
  })
}

/** Shapes of `inferenceWeights`. */
export function inferenceShapes(config: BlowConfig): Record<string, number[]> {
  const { channels, kernel, embedding } = config
  return Object.fromEntries(
    flowsOf(config).flatMap(({ block, name }): [string, number[]][] => {
      const c = channelsAt(config, block)
      return [
        [`${name}.mix.weight`, [c, c, 1]],
        [`${name}.mix.bias`, [c]],
        [`${name}.unmix.weight`, [c, c, 1]],
        [`${name}.unmix.bias`, [c]],
        [`${name}.kernel.weight`, [embedding, channels * kernel]],
        [`${name}.kernel.bias`, [channels * kernel]],
        [`${name}.offset.weight`, [embedding, channels]],
        [`${name}.offset.bias`, [channels]],
        [`${name}.hidden.weight`, [channels, channels, 1]],
        [`${name}.hidden.bias`, [channels]],
        [`${name}.end.weight`, [kernel * c, channels, 1]],
        [`${name}.end.bias`, [c]],
      ]
    }),
  )
}

/**
 * Weights for conversion: mixing and ActNorm as `affineWeights`; the end of each coupling with the taps of its kernel as outputs side by side,
 * [kernel · channels of the block, channels, 1], and the 2 that its scales are moved by in its bias.
 */
export function inferenceWeights(config: BlowConfig, weights: NDArrays): NDArrays {
  const result = affineWeights(config, weights)
  for (const { name } of flowsOf(config)) {
    for (const part of ['kernel.weight', 'kernel.bias', 'offset.weight', 'offset.bias', 'hidden.weight', 'hidden.bias'])
      result[`${name}.${part}`] = weights[`${name}.${part}`]!
    const { shape, data } = weights[`${name}.end.weight`]!
    const [c, channels, kernel] = shape as [number, number, number]
    const end = float32([kernel * c, channels, 1])
    for (let tap = 0; tap < kernel; tap++)
      for (let i = 0; i < c; i++)
        for (let j = 0; j < channels; j++)
          end.data[(tap * c + i) * channels + j] = data[(i * channels + j) * kernel + tap]!
    result[`${name}.end.weight`] = end
    const bias = Float32Array.from(weights[`${name}.end.bias`]!.data, (value, i) => value + (i < c / 2 ? 2 : 0))
    result[`${name}.end.bias`] = float32([c], bias)
  }
  return result
}
