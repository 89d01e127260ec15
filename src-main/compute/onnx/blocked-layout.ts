import type * as tf from '@tensorflow/tfjs-core'
import { sizeOf } from '../../lib/ndarray'
import { filterInBlocks } from '../kernels/convolution-blocks'
import { axesOf } from '../kernels/kernel'
import { repeats } from '../kernels/interpolation'
import { poolGeometry } from '../kernels/pool-geometry'
import type { ConvolutionAttrs } from '../ops/convolution'
import { sameShape, type Node, type Value } from '../trace/graph'
import { convolvedByPhases, hasPhases } from './blocked-phases'
import type { OnnxBuilder } from './builder'
import { BLOCKED } from './encode'
import type { OnnxNode } from './graph'

type Shape = readonly number[]
type Planes = readonly [batch: number, channels: number, height: number, width: number]

/** A value as planes whose channels lie in blocks. */
interface Blocked {
  name: string
  /** The planes' shape; the value's own may be another, row-major alike. */
  shape: Planes
  /** The convolution that makes it, to which more can be given while nothing else reads it; `each` where items of the batch are its channels too. */
  convolution?: { node: OnnxNode; each: boolean }
}

/**
 * Keeps planes in ONNX Runtime's layout of channels in blocks from one convolution with constant filters to the next: sums, scales and shifts by channel, ReLU, pools and
 * repetitions between them. ONNX Runtime lays out its own convolutions so too, but goes back to the usual layout for each scale that it does not know beforehand, as a layer
 * norm's, and takes three readings of memory for a scale, a shift and a ReLU; here they are one convolution of one tap for each channel.
 */
export class BlockedLayout {
  readonly #onnx: OnnxBuilder
  readonly #nameOf: (value: Value) => string
  readonly #known = new Map<Value, Blocked>()
  readonly #uses = new Map<Value, number>()

  /** `nodes` are those that will be lowered, `results` what is read at the end; `nameOf` answers a value's name in the usual layout. */
  constructor(onnx: OnnxBuilder, nodes: readonly Node[], results: readonly Value[], nameOf: (value: Value) => string) {
    this.#onnx = onnx
    this.#nameOf = nameOf
    for (const value of [...nodes.flatMap(({ inputs }) => inputs), ...results])
      this.#uses.set(value, (this.#uses.get(value) ?? 0) + 1)
  }

  /** Lowers a node here, where that is better. Answers its result's name where that is in the usual layout, true where it is in blocks, else undefined. */
  lower(node: Node): string | true | undefined {
    const made = rules[node.kernel]?.call(this, node)
    if (made === undefined || typeof made === 'string') return made
    this.#known.set(node.outputs[0]!, made)
    return true
  }

  /** The name in the usual layout of a value that is known in blocks; undefined for others. */
  plain(value: Value): string | undefined {
    const blocked = this.#known.get(value)
    if (!blocked) return undefined
    const { name, shape } = blocked
    const laidOut = this.#onnx.node('ReorderOutput', [name], { channels: shape[1] }, BLOCKED)
    return sameShape(value.shape, shape) ? laidOut : this.#onnx.reshape(laidOut, value.shape)
  }

  /** A value as planes in blocks, if it is: of its own shape. */
  private here(value: Value): Blocked | undefined {
    const blocked = this.#known.get(value)
    return blocked && sameShape(blocked.shape, value.shape) ? blocked : undefined
  }

  private fits({ shape, dtype }: Value): boolean {
    return shape.length === 4 && dtype === 'float32' && shape[1]! % this.#onnx.block === 0
  }

  /** A value's name in blocks; it is brought there where it is not yet. */
  private inBlocks(value: Value): string {
    const blocked = this.here(value)
    if (blocked) return blocked.name
    const name = this.#onnx.node('ReorderInput', [this.#nameOf(value)], {}, BLOCKED)
    this.#known.set(value, { name, shape: value.shape as unknown as Planes })
    return name
  }

  /** Emits a convolution for each channel by its own number, [1 or batch, channels, 1, 1]. */
  private scaled(x: Value, scale: Value): Blocked {
    const shape = x.shape as unknown as Planes
    const [batch, channels, ...space] = shape
    const each = scale.shape[0] !== 1
    const count = each ? batch * channels : channels
    const planes = each ? this.#onnx.reshape(this.inBlocks(x), [1, count, ...space]) : this.inBlocks(x)
    const weights = this.#onnx.reshape(this.#nameOf(scale), [count, 1, 1, 1])
    return this.convolved([planes, weights], geometry([1, 1], count), shape, each)
  }

  private convolved(
    inputs: readonly string[],
    attributes: OnnxNode['attributes'],
    shape: Planes,
    each = false,
  ): Blocked {
    const name = this.#onnx.node('Conv', inputs, attributes, BLOCKED)
    const node = this.#onnx.graph.nodes.at(-1)!
    return { name: each ? this.#onnx.reshape(name, shape) : name, shape, convolution: { node, each } }
  }

  /** The convolution that makes `value` alone, if more can be given to it. */
  private open(value: Value) {
    return this.#uses.get(value) === 1 ? this.here(value)?.convolution : undefined
  }

  /** Makes the convolution behind `value` once more, with more inputs or attributes; what it was before is not read any more. */
  private again(value: Value, change: Partial<Pick<OnnxNode, 'inputs' | 'attributes'>>): Blocked {
    const { shape, convolution } = this.here(value)!
    const { node, each } = convolution!
    return this.convolved(change.inputs ?? node.inputs, { ...node.attributes, ...change.attributes }, shape, each)
  }

  convolve({ inputs, attrs }: Node): Blocked | string | undefined {
    const [x, filter] = inputs as [Value, Value]
    const { shape, strides, dilations, groups, pads } = attrs as unknown as ConvolutionAttrs
    const [out, channels, ...taps] = filter.shape as [number, number, ...number[]]
    const { block } = this.#onnx
    const name = this.#nameOf(filter)
    if (groups !== 1 || taps.length !== 2 || !this.#onnx.isConstant(name)) return undefined
    if (channels % block !== 0 && channels >= block) return undefined
    const more = Math.ceil(out / block) * block - out
    const whole = more
      ? this.#onnx.node('Pad', [name, this.#onnx.ints([0, 0, 0, 0, more, 0, 0, 0]), this.#onnx.scalar('float32', 0)])
      : name
    const few = channels < block
    const weights = filterInBlocks(this.#onnx, whole, [out + more, channels, ...taps])
    const attributes = {
      ...{ kernel_shape: taps, strides, dilations, group: 1 },
      pads: [...pads.map(([before]) => before), ...pads.map(([, after]) => after)],
    }
    const planes = shape as unknown as Planes
    const made = this.convolved([few ? this.#nameOf(x) : this.inBlocks(x), weights], attributes, planes)
    return more ? this.#onnx.node('ReorderOutput', [made.name], { channels: out }, BLOCKED) : made
  }

  convolveTransposed({ inputs, attrs }: Node): Blocked | undefined {
    const [x, filter] = inputs as [Value, Value]
    const geometry = attrs as unknown as ConvolutionAttrs
    const name = this.#nameOf(filter)
    if (!this.#onnx.isConstant(name) || !hasPhases(geometry, x.shape, filter.shape, this.#onnx.block)) return undefined
    const shape = geometry.shape as unknown as Planes
    return { name: convolvedByPhases(this.#onnx, [this.inBlocks(x), name], [x.shape, filter.shape], geometry), shape }
  }

  add({ inputs, outputs }: Node): Blocked | undefined {
    const { shape } = outputs[0]!
    if (inputs.every((input) => sameShape(input.shape, shape)) && inputs.some((input) => this.here(input)))
      return this.sum(inputs as [Value, Value], shape as unknown as Planes)
    const [x, shift] = byChannel(inputs, shape) ?? []
    const convolution = x && this.open(x)
    if (!convolution || (convolution.each ? shift!.shape[0] === 1 && shape[0] !== 1 : shift!.shape[0] !== 1))
      return undefined
    const { node } = convolution
    const [given, weights, bias, sum] = node.inputs as [string, string, string?, string?]
    if (bias || node.attributes['activation']) return undefined
    const numbers = this.#onnx.reshape(this.#nameOf(shift!), [sizeOf(shift!.shape)])
    return this.again(x!, { inputs: [given, weights, numbers, ...(sum ? [sum] : [])] })
  }

  private sum([a, b]: readonly [Value, Value], shape: Planes): Blocked {
    for (const [value, other] of [
      [b, a],
      [a, b],
    ] as const) {
      const convolution = a === b ? undefined : this.open(value)
      if (!convolution || convolution.each || convolution.node.inputs[3] || convolution.node.attributes['activation'])
        continue
      const [given, weights, bias = ''] = convolution.node.inputs as [string, string, string?]
      return this.again(value, { inputs: [given, weights, bias, this.inBlocks(other)] })
    }
    return { name: this.#onnx.node('Add', [this.inBlocks(a), this.inBlocks(b)]), shape }
  }

  multiply({ inputs, outputs }: Node): Blocked | undefined {
    const [x, scale] = byChannel(inputs, outputs[0]!.shape) ?? []
    // What a transposed convolution without phases gives is in the usual layout, and mostly goes on to another convolution.
    const comes = x && (this.here(x) || (x.node?.kernel === 'ConvInputGradient' && this.fits(x)))
    return comes ? this.scaled(x, scale!) : undefined
  }

  relu({ inputs: [x] }: Node): Blocked | undefined {
    const blocked = this.here(x!)
    if (!blocked) return undefined
    const convolution = this.open(x!)
    if (convolution && !convolution.node.attributes['activation'])
      return this.again(x!, { attributes: { activation: 'Relu' } })
    return { name: this.#onnx.node('Relu', [blocked.name]), shape: blocked.shape }
  }

  square({ inputs: [x] }: Node): Blocked | undefined {
    const blocked = this.here(x!)
    return blocked && { name: this.#onnx.node('Mul', [blocked.name, blocked.name]), shape: blocked.shape }
  }

  /** Means of whole items, for which the order within does not matter; of squares as products of rows with themselves, which nobody has to keep. */
  mean({ inputs: [x], attrs, outputs }: Node): string | undefined {
    const { axis } = attrs as { axis?: number | number[] }
    const blocked = this.here(x!)
    if (!blocked || String(axesOf(axis, 4)) !== '1,2,3') return undefined
    const [batch, ...rest] = blocked.shape
    const length = sizeOf(rest)
    const squared = x!.node?.kernel === 'Square' ? this.here(x!.node.inputs[0]!) : undefined
    if (!squared) {
      const rows = this.#onnx.reshape(blocked.name, [batch, length])
      const means = this.#onnx.node('ReduceMean', [rows, this.#onnx.ints([1])], { keepdims: 0 })
      return this.#onnx.reshape(means, outputs[0]!.shape)
    }
    const row = this.#onnx.reshape(squared.name, [batch, 1, length])
    const sums = this.#onnx.node('MatMul', [row, this.#onnx.node('Transpose', [row], { perm: [0, 2, 1] })])
    // Reshaped first: ONNX Runtime would make the factor a part of the product, which is then twenty times slower.
    return this.#onnx.node('Mul', [
      this.#onnx.reshape(sums, outputs[0]!.shape),
      this.#onnx.scalar('float32', 1 / length),
    ])
  }

  /** Another shape of the same elements is the same planes, for as long as nobody looks. */
  reshape({ inputs: [x] }: Node): Blocked | undefined {
    const blocked = this.#known.get(x!)
    return blocked && { name: blocked.name, shape: blocked.shape }
  }

  pool({ kernel, inputs: [x], attrs }: Node): Blocked | undefined {
    const blocked = this.asImages(x!)
    if (!blocked) return undefined
    const { windows, strides, pads, counts } = poolGeometry(x!.shape, attrs as unknown as tf.AvgPoolAttrs)
    const attributes = {
      ...{ kernel_shape: windows, strides, pads: [pads[0][0], pads[1][0], pads[0][1], pads[1][1]] },
      ...(kernel === 'AvgPool' ? { count_include_pad: 0 } : {}),
    }
    const [batch, channels] = blocked.shape
    const type = kernel === 'AvgPool' ? 'AveragePool' : 'MaxPool'
    return { name: this.#onnx.node(type, [blocked.name], attributes, BLOCKED), shape: [batch, channels, ...counts] }
  }

  repeat({ inputs: [x], attrs }: Node): Blocked | undefined {
    const blocked = this.asImages(x!)
    if (!blocked) return undefined
    const [batch, channels, high, wide] = blocked.shape
    const given = attrs as unknown as tf.ResizeNearestNeighborAttrs
    const [toHigh, toWide] = given.size
    const [down, across] = [repeats(high, toHigh, given), repeats(wide, toWide, given)]
    if (down === undefined || across === undefined) return undefined
    const name = this.#onnx.node('Upsample', [blocked.name], { scales: [1, 1, down, across] }, BLOCKED)
    return { name, shape: [batch, channels, toHigh, toWide] }
  }

  /** Planes in blocks that are seen as images of one channel, [batch · channels, height, width, 1]. */
  private asImages(value: Value): Blocked | undefined {
    const blocked = this.#known.get(value)
    if (!blocked) return undefined
    const [batch, channels, ...space] = blocked.shape
    return sameShape(value.shape, [batch * channels, ...space, 1]) ? blocked : undefined
  }
}

const geometry = (taps: Shape, group: number): OnnxNode['attributes'] => ({
  ...{ kernel_shape: taps, strides: [1, 1], dilations: [1, 1], group, pads: [0, 0, 0, 0] },
})

/** Of two factors or terms the planes of `shape` and the number for each of their channels, [1 or batch, channels, 1, 1]. */
function byChannel(inputs: readonly Value[], shape: Shape): [Value, Value] | undefined {
  if (shape.length !== 4) return undefined
  for (const [x, other] of [inputs, [...inputs].reverse()] as [Value, Value][]) {
    const [batch, channels, high, wide] = other.shape
    const numbers = other.shape.length === 4 && channels === shape[1] && high === 1 && wide === 1
    if (numbers && (batch === 1 || batch === shape[0]) && sameShape(x.shape, shape) && x !== other) return [x, other]
  }
  return undefined
}

const rules: Readonly<Record<string, (this: BlockedLayout, node: Node) => Blocked | string | undefined>> = {
  Conv: BlockedLayout.prototype.convolve,
  ConvInputGradient: BlockedLayout.prototype.convolveTransposed,
  Add: BlockedLayout.prototype.add,
  Multiply: BlockedLayout.prototype.multiply,
  Relu: BlockedLayout.prototype.relu,
  Square: BlockedLayout.prototype.square,
  Mean: BlockedLayout.prototype.mean,
  Reshape: BlockedLayout.prototype.reshape,
  AvgPool: BlockedLayout.prototype.pool,
  MaxPool: BlockedLayout.prototype.pool,
  ResizeNearestNeighbor: BlockedLayout.prototype.repeat,
}
