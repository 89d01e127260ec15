import * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../../lib/errors'

/** How a filter moves over its input, one entry per spatial axis. */
export interface ConvolutionGeometry {
  strides: readonly number[]
  dilations: readonly number[]
  /** Zeros before and after the input. */
  pads: readonly (readonly [before: number, after: number])[]
  groups: number
}

/** Attributes of the kernels `Conv`, `ConvInputGradient` and `ConvFilterGradient`. */
export interface ConvolutionAttrs extends ConvolutionGeometry {
  /** Shape of the kernel's result. */
  shape: readonly number[]
}

/**
 * Zeros around the input: `'valid'` none; `'same'` as many as make the result ⌈length / stride⌉ long, the odd one after; a number, as many before and
 * after each spatial axis; or one pair `[before, after]` per spatial axis, such as `[[2, 0]]` for a causal filter of three taps.
 */
export type Padding = 'valid' | 'same' | number | readonly (readonly [before: number, after: number])[]

export interface ConvOptions {
  /** Steps between two positions of the filter, for all spatial axes or for each (default 1). */
  strides?: number | readonly number[]
  /** Steps between two taps of the filter, for all spatial axes or for each (default 1). */
  dilations?: number | readonly number[]
  /** Default `'valid'`. */
  padding?: Padding
  /** Channels are cut into this many groups that do not see each other (default 1). */
  groups?: number
}

export interface ConvTransposeOptions extends ConvOptions {
  /** Extra length of the result, less than the stride, for all spatial axes or for each (default 0; not together with `'same'`). */
  outputPadding?: number | readonly number[]
}

/**
 * Convolution (cross-correlation) over one or two spatial axes.
 * x [batch, channels, ...space], filter [out, channels / groups, ...kernel] → [batch, out, ...⌊(length + pads - (kernel - 1) · dilation - 1) / stride⌋ + 1].
 * Throws `bad-input` where shapes or options do not fit.
 */
export function conv(x: tf.Tensor, filter: tf.Tensor, options: ConvOptions = {}): tf.Tensor {
  const { kernel, strides, dilations, groups } = checked('conv', x, filter, options)
  const [batch, channels, ...space] = x.shape as [number, number, ...number[]]
  const [out, perGroup] = filter.shape as [number, number]
  if (perGroup * groups !== channels || out % groups !== 0)
    throw misfit('conv', x, filter, `filter [out, channels / groups, ...kernel] with groups = ${groups}`)
  const reach = reachOf(kernel, dilations)
  const pads = padsOf('conv', options.padding, space.length, (axis) => {
    const positions = Math.ceil(space[axis]! / strides[axis]!)
    return Math.max(0, (positions - 1) * strides[axis]! + reach[axis]! - space[axis]!)
  })
  const result = space.map((length, axis) => {
    const room = length + pads[axis]![0] + pads[axis]![1] - reach[axis]!
    if (room < 0) throw misfit('conv', x, filter, `a filter not longer (${reach[axis]}) than the padded input`)
    return Math.floor(room / strides[axis]!) + 1
  })
  return convKernel(x, filter, { strides, dilations, pads, groups, shape: [batch, out, ...result] })
}

/**
 * Transposed convolution over one or two spatial axes: the gradient of `conv` with respect to its input, as PyTorch's `ConvTranspose`.
 * x [batch, channels, ...space], filter [channels, out / groups, ...kernel] →
 * [batch, out, ...(length - 1) · stride + (kernel - 1) · dilation + 1 - pads + outputPadding]. `padding` is what is cut off at both ends; `'same'` makes the
 * result length · stride long. Throws `bad-input` where shapes or options do not fit.
 */
export function convTranspose(x: tf.Tensor, filter: tf.Tensor, options: ConvTransposeOptions = {}): tf.Tensor {
  const { kernel, strides, dilations, groups } = checked('convTranspose', x, filter, options)
  const [batch, channels, ...space] = x.shape as [number, number, ...number[]]
  const [filterChannels, perGroup] = filter.shape as [number, number]
  if (filterChannels !== channels || channels % groups !== 0)
    throw misfit('convTranspose', x, filter, `filter [channels, out / groups, ...kernel] with groups = ${groups}`)
  const same = options.padding === 'same'
  if (same && options.outputPadding !== undefined)
    throw new NagareError('bad-input', `convTranspose: the padding 'same' already says how long the result is.`, {
      hint: 'Leave outputPadding out, or give the padding in numbers.',
    })
  const reach = reachOf(kernel, dilations)
  const pads = padsOf('convTranspose', options.padding, space.length, (axis) =>
    Math.max(0, reach[axis]! - strides[axis]!),
  )
  const extra = perAxis('convTranspose', 'outputPadding', options.outputPadding ?? 0, space.length, 0)
  const result = space.map((length, axis) => {
    const stride = strides[axis]!
    if (same) return length * stride
    if (extra[axis]! >= stride)
      throw new NagareError(
        'bad-input',
        `convTranspose: outputPadding must be less than the stride, found ${extra[axis]} with a stride of ${stride}.`,
      )
    const full = (length - 1) * stride + reach[axis]! - pads[axis]![0] - pads[axis]![1] + extra[axis]!
    if (full < 1) throw misfit('convTranspose', x, filter, `a padding that leaves some of the result`)
    return full
  })
  return convInputGradient(x, filter, {
    strides,
    dilations,
    pads,
    groups,
    shape: [batch, perGroup * groups, ...result],
  })
}

const run = (kernel: string, inputs: Record<string, tf.Tensor>, attrs: ConvolutionAttrs): tf.Tensor =>
  tf.engine().runKernel(kernel, inputs, attrs as unknown as tf.NamedAttrMap) as tf.Tensor

/** The kernel `Conv`: x [batch, channels, ...space], filter [out, channels / groups, ...kernel] → y of `shape` [batch, out, ...positions]. */
export const convKernel = (x: tf.Tensor, filter: tf.Tensor, attrs: ConvolutionAttrs) =>
  run('Conv', { x, filter }, attrs)

/** The kernel `ConvInputGradient`: the gradient of `Conv`'s x, of the given `shape`, from dy and the filter. */
export const convInputGradient = (dy: tf.Tensor, filter: tf.Tensor, attrs: ConvolutionAttrs) =>
  run('ConvInputGradient', { dy, filter }, attrs)

/** The kernel `ConvFilterGradient`: the gradient of `Conv`'s filter, of the given `shape`, from x and dy. */
export const convFilterGradient = (x: tf.Tensor, dy: tf.Tensor, attrs: ConvolutionAttrs) =>
  run('ConvFilterGradient', { x, dy }, attrs)

/** Number of input elements from a filter's first tap to its last. */
export const reachOf = (kernel: readonly number[], dilations: readonly number[]): number[] =>
  kernel.map((taps, axis) => (taps - 1) * dilations[axis]! + 1)

/** Every position of a filter's taps, row-major. */
export const tapsOf = (kernel: readonly number[]): number[][] =>
  kernel.reduce<number[][]>(
    (taps, count) => taps.flatMap((tap) => Array.from({ length: count }, (_, i) => [...tap, i])),
    [[]],
  )

function checked(op: string, x: tf.Tensor, filter: tf.Tensor, { strides, dilations, groups = 1 }: ConvOptions) {
  const axes = x.rank - 2
  if ((axes !== 1 && axes !== 2) || filter.rank !== x.rank)
    throw misfit(op, x, filter, 'both with one or both with two spatial axes after the first two')
  if (!Number.isInteger(groups) || groups < 1)
    throw new NagareError('bad-input', `${op}: groups must be a whole number from 1, found ${groups}.`)
  return {
    kernel: filter.shape.slice(2),
    strides: perAxis(op, 'strides', strides ?? 1, axes, 1),
    dilations: perAxis(op, 'dilations', dilations ?? 1, axes, 1),
    groups,
  }
}

function perAxis(op: string, what: string, given: number | readonly number[], axes: number, least: number): number[] {
  const numbers = typeof given === 'number' ? new Array<number>(axes).fill(given) : [...given]
  if (numbers.length === axes && numbers.every((n) => Number.isInteger(n) && n >= least)) return numbers
  throw new NagareError(
    'bad-input',
    `${op}: ${what} must be a whole number from ${least}, or one for each of ${axes} spatial axes; found ${JSON.stringify(given)}.`,
  )
}

function padsOf(
  op: string,
  padding: Padding = 'valid',
  axes: number,
  total: (axis: number) => number,
): (readonly [number, number])[] {
  const each = <T>(make: (axis: number) => T): T[] => Array.from({ length: axes }, (_, axis) => make(axis))
  if (padding === 'valid') return each(() => [0, 0])
  if (padding === 'same') return each((axis) => [Math.floor(total(axis) / 2), Math.ceil(total(axis) / 2)])
  const pairs = typeof padding === 'number' ? each((): [number, number] => [padding, padding]) : padding
  const fits = pairs.length === axes && pairs.every((pair) => pair.length === 2 && pair.every(isCount))
  if (fits) return pairs.map(([before, after]) => [before, after])
  throw new NagareError(
    'bad-input',
    `${op}: padding must be 'valid', 'same', a whole number, or one pair [before, after] for each of ${axes} spatial axes; found ${JSON.stringify(padding)}.`,
  )
}

const isCount = (n: unknown): boolean => Number.isInteger(n) && (n as number) >= 0

const misfit = (op: string, x: tf.Tensor, filter: tf.Tensor, expected: string): NagareError =>
  new NagareError('bad-input', `${op}: x [${x.shape}] and filter [${filter.shape}] do not fit; expected ${expected}.`)
