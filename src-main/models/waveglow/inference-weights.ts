import { invertMatrix } from '../../lib/invert-matrix'
import { float32, sizeOf, type NDArray, type NDArrays } from '../../lib/ndarray'
import { channelsAt, conditionChannels, range, stepsPerFrame, type WaveGlowConfig } from './config'

type Matrix = NDArray & { data: Float32Array }

/** Frames of mel, from the first to the last relative to its own, that one frame's steps depend on. */
export function framesSeen({ conditioning, hop }: WaveGlowConfig): { before: number; after: number } {
  if (conditioning.kind === 'upsampled') return { before: conditioning.kernel / hop - 1, after: 0 }
  const side = (conditioning.kernel - 1) / 2
  return { before: side, after: side }
}

/**
 * The conditioning as one matrix per frame: it turns the mel frames that a frame's steps depend on, side by side, into all of their channels.
 * `weight` [steps per frame · condition channels, frames seen · mels], rows step by step; `bias` [steps per frame · condition channels].
 */
export function conditioningWeights(config: WaveGlowConfig, weights: NDArrays): NDArrays {
  const { mels, group, hop, conditioning } = config
  const steps = stepsPerFrame(config)
  const channels = conditionChannels(config)
  const { before, after } = framesSeen(config)
  const seen = before + 1 + after
  const weight = float32([steps * channels, seen * mels])
  const bias = float32([steps * channels])
  if (conditioning.kind === 'frames') {
    const { data: taps } = weights['context.weight']!
    const { data: shifts } = weights['context.bias']!
    // The convolution's outputs run channel by channel, its inputs mel by mel: both are turned to step by step and frame by frame.
    for (let s = 0; s < steps; s++)
      for (let c = 0; c < channels; c++) {
        const from = c * steps + s
        const to = s * channels + c
        bias.data[to] = shifts[from]!
        for (let m = 0; m < mels; m++)
          for (let f = 0; f < seen; f++) weight.data[(to * seen + f) * mels + m] = taps[(from * mels + m) * seen + f]!
      }
    return { weight, bias }
  }
  const { data: taps } = weights['upsample.weight']!
  const { data: shifts } = weights['upsample.bias']!
  const kernel = conditioning.kernel
  for (let s = 0; s < steps; s++)
    for (let m = 0; m < mels; m++)
      for (let phase = 0; phase < group; phase++) {
        const to = s * channels + m * group + phase
        bias.data[to] = shifts[m]!
        for (let f = 0; f < seen; f++) {
          // Frame f of those seen lies before − f hops back, so that far into the kernel.
          const tap = (before - f) * hop + s * group + phase
          for (let from = 0; from < mels; from++)
            weight.data[(to * seen + f) * mels + from] = taps[(from * mels + m) * kernel + tap]!
        }
      }
  return { weight, bias }
}

/** Shapes of the weights that one flow runs on backwards. */
export function flowShapes(config: WaveGlowConfig, k: number): Record<string, number[]> {
  const { layers, channels, kernel, separable } = config.wn
  const width = channelsAt(config, k)
  const half = width / 2
  return {
    unmix: [width, width],
    'start.weight': [channels, half, 1],
    'start.bias': [channels],
    ...Object.fromEntries(
      range(layers).flatMap((i): [string, number[]][] => [
        ...(separable
          ? ([
              [`depthwise.${i}.weight`, [channels, 1, kernel]],
              [`depthwise.${i}.bias`, [channels]],
              [`dilated.${i}.weight`, [2 * channels, channels, 1]],
            ] as [string, number[]][])
          : ([
              [`dilated.${i}.weight`, i === 0 ? [2 * channels, half + 1, kernel] : [2 * channels, channels, kernel]],
            ] as [string, number[]][])),
        [`condition.${i}.weight`, [2 * channels, conditionChannels(config), 1]],
        [`condition.${i}.bias`, [2 * channels]],
        ...(i < layers - 1
          ? ([
              [`residual.${i}.weight`, [channels, channels, 1]],
              [`residual.${i}.bias`, [channels]],
            ] as [string, number[]][])
          : []),
        [`out.${i}.weight`, [width, channels, 1]],
      ]),
    ),
    'out.bias': [width],
  }
}

/**
 * The weights of flow `k` for running it backwards, with all that is linear multiplied out beforehand: the mixing inverted; each layer's way to the
 * output through the sum of skips and the last convolution as one matrix; and, where the convolution is not separable, the first layer's together
 * with the convolution before it, whose bias enters as a channel of ones so that the padding stays zero.
 */
export function flowWeights(config: WaveGlowConfig, weights: NDArrays, k: number): NDArrays {
  const { layers, channels, separable } = config.wn
  const of = (name: string) => weights[`flows.${k}.${name}`]! as Matrix
  const end = of('end.weight')
  const result: NDArrays = {
    unmix: invertMatrix(of('mix')),
    'start.weight': of('start.weight'),
    'start.bias': of('start.bias'),
  }
  const outBias = Float64Array.from(of('end.bias').data)
  for (const i of range(layers)) {
    const isLast = i === layers - 1
    if (separable) {
      result[`depthwise.${i}.weight`] = of(`depthwise.${i}.weight`)
      result[`depthwise.${i}.bias`] = of(`depthwise.${i}.bias`)
      result[`dilated.${i}.weight`] = of(`dilated.${i}.weight`)
    } else
      result[`dilated.${i}.weight`] =
        i === 0 ? withStart(of('dilated.0.weight'), of('start.weight'), of('start.bias')) : of(`dilated.${i}.weight`)
    result[`condition.${i}.weight`] = of(`condition.${i}.weight`)
    result[`condition.${i}.bias`] = sum(of(`condition.${i}.bias`), of(`dilated.${i}.bias`))
    const [weight, bias] = [of(`residual.${i}.weight`), of(`residual.${i}.bias`)]
    if (!isLast) {
      result[`residual.${i}.weight`] = rows(weight, 0, channels)
      result[`residual.${i}.bias`] = rows(bias, 0, channels)
    }
    const from = isLast ? 0 : channels
    result[`out.${i}.weight`] = product(end, rows(weight, from, channels))
    const skipBias = rows(bias, from, channels).data
    for (let row = 0; row < outBias.length; row++)
      for (let c = 0; c < channels; c++) outBias[row] = outBias[row]! + end.data[row * channels + c]! * skipBias[c]!
  }
  result['out.bias'] = float32([outBias.length], Float32Array.from(outBias))
  return result
}

/** The dilated convolution after the 1×1 one before it: [out, in + 1, kernel], the last input a channel of ones. */
function withStart(dilated: Matrix, start: Matrix, bias: Matrix): Matrix {
  const [out, channels, kernel] = dilated.shape as [number, number, number]
  const [, half] = start.shape as [number, number]
  const result = float32([out, half + 1, kernel])
  for (let o = 0; o < out; o++)
    for (let tap = 0; tap < kernel; tap++)
      for (let into = 0; into <= half; into++) {
        let total = 0
        for (let c = 0; c < channels; c++)
          total +=
            dilated.data[(o * channels + c) * kernel + tap]! *
            (into < half ? start.data[c * half + into]! : bias.data[c]!)
        result.data[(o * (half + 1) + into) * kernel + tap] = total
      }
  return result
}

/** a [m, n, 1] times b [n, p, 1]. */
function product(a: Matrix, b: Matrix): Matrix {
  const [m, n] = a.shape as [number, number]
  const p = b.shape[1]!
  const result = float32([m, p, 1])
  const row = new Float64Array(p)
  for (let i = 0; i < m; i++) {
    row.fill(0)
    for (let j = 0; j < n; j++) {
      const factor = a.data[i * n + j]!
      for (let q = 0; q < p; q++) row[q] = row[q]! + factor * b.data[j * p + q]!
    }
    result.data.set(row, i * p)
  }
  return result
}

const sum = (a: Matrix, b: Matrix): Matrix =>
  float32(
    a.shape,
    a.data.map((value, i) => value + b.data[i]!),
  )

function rows(array: Matrix, from: number, count: number): Matrix {
  const size = sizeOf(array.shape.slice(1))
  return float32([count, ...array.shape.slice(1)], array.data.slice(from * size, (from + count) * size))
}

/** The conditioning of `conditioningWeights` as `foldProgram` takes it: [steps per frame, condition channels, rows], the bias as the last column. */
export function conditioningWays(config: WaveGlowConfig, { weight, bias }: NDArrays): NDArray {
  const [all, seen] = weight!.shape as [number, number]
  const rows = seen + 1
  const ways = float32([stepsPerFrame(config), conditionChannels(config), rows])
  for (let i = 0; i < all; i++) {
    ways.data.set((weight!.data as Float32Array).subarray(i * seen, (i + 1) * seen), i * rows)
    ways.data[i * rows + seen] = bias!.data[i]!
  }
  return ways
}

/** A weight [out, in, taps] as the matrix [taps · in, out]; anything else as it is. */
function byRows(array: NDArray): NDArray {
  const [out, into, taps] = array.shape as [number, number, number]
  if (array.shape.length !== 3) return array
  const result = float32([taps * into, out])
  for (let o = 0; o < out; o++)
    for (let i = 0; i < into; i++)
      for (let tap = 0; tap < taps; tap++)
        result.data[(tap * into + i) * out + o] = array.data[(o * into + i) * taps + tap]!
  return result
}

/** Shapes of `rowWeights`. */
export const rowShapes = (config: WaveGlowConfig, k: number): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(flowShapes(config, k)).map(([name, shape]) => {
      const [out, into, taps] = shape as [number, number, number]
      return [name, shape.length === 3 ? [taps * into, out] : shape]
    }),
  )

/** `flowWeights` for steps whose channels lie side by side: every convolution as a matrix [in, out]. */
export const rowWeights = (config: WaveGlowConfig, weights: NDArrays, k: number): NDArrays =>
  Object.fromEntries(Object.entries(flowWeights(config, weights, k)).map(([name, value]) => [name, byRows(value)]))
