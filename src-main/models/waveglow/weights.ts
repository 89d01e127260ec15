import type { Shapes } from '../../compute'
import { float32, type NDArray, type NDArrays } from '../../lib/ndarray'
import type { Random } from '../../lib/random'
import { convFans, orthogonal, torchUniform } from '../../nn'
import { channelsAt, conditionChannels, range, stepsPerFrame, type WaveGlowConfig } from './config'
import { mixShapes, plainMixings, splitMixings, trainedMixShapes } from './mixing'

type ConvShape = [out: number, into: number, kernel: number]

/** A convolution of the network: its name, its shape, and whether training splits it into direction and length. */
interface Layer {
  name: string
  shape: ConvShape
  normed: boolean
  /** Number of its biases. */
  out: number
}

/** Every convolution of the network. */
function layersOf(config: WaveGlowConfig): Layer[] {
  const { mels, flows, wn, conditioning } = config
  const { channels, kernel, separable } = wn
  const layer = (name: string, shape: ConvShape, normed = true, out = shape[0]): Layer => ({ name, shape, normed, out })
  const first =
    conditioning.kind === 'upsampled'
      ? layer('upsample', [mels, mels, conditioning.kernel], false)
      : layer('context', [stepsPerFrame(config) * conditioning.channels, mels, conditioning.kernel], false)
  return [
    first,
    ...range(flows).flatMap((k) => {
      const half = channelsAt(config, k) / 2
      const at = (name: string) => `flows.${k}.${name}`
      return [
        layer(at('start'), [channels, half, 1]),
        ...range(wn.layers).flatMap((i) => [
          ...(separable ? [layer(at(`depthwise.${i}`), [channels, 1, kernel])] : []),
          layer(at(`dilated.${i}`), [2 * channels, channels, separable ? 1 : kernel]),
          layer(at(`condition.${i}`), [2 * channels, conditionChannels(config), 1]),
          layer(at(`residual.${i}`), [i < wn.layers - 1 ? 2 * channels : channels, channels, 1]),
        ]),
        layer(at('end'), [2 * half, channels, 1], false),
      ]
    }),
  ]
}

/** Shapes of a pack's weights: every convolution as `weight` and `bias`, every mixing as a matrix. */
export const weightShapes = (config: WaveGlowConfig): Shapes => ({
  ...mixShapes(config),
  ...Object.fromEntries(
    layersOf(config).flatMap(({ name, shape, out }): [string, number[]][] => [
      [`${name}.weight`, shape],
      [`${name}.bias`, [out]],
    ]),
  ),
})

/** Shapes of what is trained: the weight-normed convolutions as direction `v` and length `g` (Salimans & Kingma, 2016), large mixings by factors. */
export const trainedShapes = (config: WaveGlowConfig): Shapes => ({
  ...trainedMixShapes(config),
  ...Object.fromEntries(
    layersOf(config).flatMap(({ name, shape, normed, out }): [string, number[]][] => [
      ...(normed
        ? ([
            [`${name}.v`, shape],
            [`${name}.g`, [shape[0], 1, 1]],
          ] as [string, number[]][])
        : ([[`${name}.weight`, shape]] as [string, number[]][])),
      [`${name}.bias`, [out]],
    ]),
  ),
})

/**
 * Fresh weights in the form of training: PyTorch's defaults for the convolutions, zeros for the ends of the WaveNets, so that every coupling starts
 * as the identity. The mixings start as random rotations, or, as `bands`, so that the first turns each group of samples into its cosine transform
 * and the others trade the halves. With what is fixed, `fixedMixShapes`.
 */
export function initialWeights(
  config: WaveGlowConfig,
  random: Random,
  mixing: 'rotations' | 'bands' = 'rotations',
): NDArrays {
  const mixes: NDArrays = {}
  for (const k of range(config.flows)) {
    const channels = channelsAt(config, k)
    mixes[`flows.${k}.mix`] =
      mixing === 'rotations'
        ? orthogonal(random, [channels, channels], { rotation: true })
        : k === 0
          ? bandSplit(channels)
          : halfSwap(channels)
  }
  const weights = splitMixings(config, mixes)
  for (const { name, shape, normed, out } of layersOf(config)) {
    const fans = convFans(shape)
    const isEnd = name.endsWith('.end')
    const weight = isEnd ? float32(shape) : torchUniform(random, shape, fans)
    Object.assign(weights, normed ? split(name, weight) : { [`${name}.weight`]: weight })
    weights[`${name}.bias`] = isEnd ? float32([out]) : torchUniform(random, [out], fans)
  }
  return weights
}

/**
 * The orthonormal cosine transform (DCT-II) of `n` samples, [n, n]: odd bands in the first half, even ones in the second, each from high to low, so
 * that high bands leave the flows early.
 */
function bandSplit(n: number): NDArray {
  const matrix = float32([n, n])
  const bands = [...range(n).filter((band) => band % 2 === 1), ...range(n).filter((band) => band % 2 === 0)]
  for (const [row, band] of bands.entries()) {
    const at = n / 2 - 1 - (row % (n / 2)) + (row < n / 2 ? 0 : n / 2)
    const scale = Math.sqrt((band === 0 ? 1 : 2) / n)
    for (let t = 0; t < n; t++) matrix.data[at * n + t] = scale * Math.cos((Math.PI / n) * (t + 0.5) * band)
  }
  return matrix
}

/** The permutation that trades the halves of `n` channels. */
function halfSwap(n: number): NDArray {
  const matrix = float32([n, n])
  for (let row = 0; row < n; row++) matrix.data[row * n + ((row + n / 2) % n)] = 1
  return matrix
}

/** A pack's weights in the form of training, to go on from; with what is fixed, `fixedMixShapes`. */
export function splitWeights(config: WaveGlowConfig, weights: NDArrays): NDArrays {
  const result = splitMixings(config, weights)
  for (const { name, normed } of layersOf(config)) {
    const weight = weights[`${name}.weight`]!
    Object.assign(result, normed ? split(name, weight) : { [`${name}.weight`]: weight })
    result[`${name}.bias`] = weights[`${name}.bias`]!
  }
  return result
}

/** Weights of training, fixed ones included, in the form of packs: w = g · v / ‖v‖. */
export function plainWeights(config: WaveGlowConfig, trained: NDArrays): NDArrays {
  const result = plainMixings(config, trained)
  for (const { name, normed } of layersOf(config)) {
    result[`${name}.bias`] = trained[`${name}.bias`]!
    result[`${name}.weight`] = normed
      ? joinNormed(trained[`${name}.v`]!, trained[`${name}.g`]!)
      : trained[`${name}.weight`]!
  }
  return result
}

function split(name: string, weight: NDArray): NDArrays {
  const [out] = weight.shape as ConvShape
  const size = weight.data.length / out
  const g = float32([out, 1, 1])
  for (let row = 0; row < out; row++) g.data[row] = length(weight, row, size)
  return { [`${name}.v`]: weight, [`${name}.g`]: g }
}

/** w = g · v / ‖v‖, the norm taken over each output's row. v [out, in, kernel], g with `out` numbers. */
export function joinNormed(v: NDArray, g: NDArray): NDArray {
  const [out] = v.shape as ConvShape
  const size = v.data.length / out
  const weight = float32(v.shape)
  for (let row = 0; row < out; row++) {
    const scale = g.data[row]! / length(v, row, size)
    for (let i = row * size; i < (row + 1) * size; i++) weight.data[i] = v.data[i]! * scale
  }
  return weight
}

function length({ data }: NDArray, row: number, size: number): number {
  let sum = 0
  for (let i = row * size; i < (row + 1) * size; i++) sum += data[i]! ** 2
  return Math.sqrt(sum)
}
