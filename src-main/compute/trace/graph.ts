import { createHash } from 'node:crypto'
import { sizeOf, type DType, type NDArray } from '../../lib/ndarray'
import { typedArray, type ValueType } from '../program'

export type Attrs = Record<string, unknown>

/** A tensor of the traced graph: known by shape and dtype, its numbers only when it is a constant. */
export interface Value extends ValueType {
  readonly id: number
  /** `params.w`, `state.h`, `inputs.x` for the program's own values. */
  readonly source?: string
  /** The numbers of a constant whose elements differ. */
  readonly constant?: NDArray['data']
  /** The one number that a uniform constant repeats; such a constant is never materialised. */
  readonly uniform?: number
  /** The smaller value that this one repeats along axes of length 1. */
  broadcastOf?: Value
  /** The node that computes it. */
  readonly node?: Node
}

/** One tfjs kernel call. */
export interface Node {
  readonly kernel: string
  readonly inputs: readonly Value[]
  readonly attrs: Attrs
  readonly outputs: readonly Value[]
}

/** A graph under construction; equal constants and equal nodes are one. */
export class Graph {
  readonly nodes: Node[] = []
  #nextId = 0
  readonly #constants = new Map<string, Value>()
  readonly #calls = new Map<string, Node>()

  /** A value from outside: parameter, state or input; without elements it is a constant. */
  source(name: string, { shape, dtype }: ValueType): Value {
    if (sizeOf(shape) === 0) return this.uniform(0, { shape, dtype })
    return { id: this.#nextId++, shape: [...shape], dtype, source: name }
  }

  /** A constant of `type` whose elements are all `number`. */
  uniform(number: number, { shape, dtype }: ValueType): Value {
    const key = `${dtype}[${shape}]=${Object.is(number, -0) ? '-0' : number}`
    return this.#share(key, () => ({ id: this.#nextId++, shape: [...shape], dtype, uniform: number }))
  }

  /** A constant with these numbers, row-major. */
  constant(numbers: ArrayLike<number>, { shape, dtype }: ValueType): Value {
    const first = numbers[0] ?? 0
    let uniform = true
    for (let i = 1; i < numbers.length && uniform; i++) uniform = Object.is(numbers[i], first)
    if (uniform) return this.uniform(dtype === 'float32' ? Math.fround(first) : first, { shape, dtype })
    const data = typedArray(dtype, numbers)
    const hash = createHash('sha1')
      .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      .digest('base64')
    return this.#share(`${dtype}[${shape}]#${hash}`, () => ({
      id: this.#nextId++,
      shape: [...shape],
      dtype,
      constant: data,
    }))
  }

  /** Appends a call, or finds the same call made before. */
  call(kernel: string, inputs: readonly Value[], attrs: Attrs, types: readonly ValueType[]): readonly Value[] {
    const key = `${kernel}(${inputs.map((input) => input.id)})${attributesKey(attrs)}`
    const known = this.#calls.get(key)
    if (known) return known.outputs
    const outputs: Value[] = []
    const node: Node = { kernel, inputs, attrs, outputs }
    for (const { shape, dtype } of types) outputs.push({ id: this.#nextId++, shape: [...shape], dtype, node })
    this.#calls.set(key, node)
    this.nodes.push(node)
    return outputs
  }

  #share(key: string, make: () => Value): Value {
    let value = this.#constants.get(key)
    if (!value) this.#constants.set(key, (value = make()))
    return value
  }
}

/** Attributes as text that differs wherever they differ: JSON writes infinities and NaN as null, and -0 as 0. */
export const attributesKey = (attributes: object) =>
  JSON.stringify(attributes, (_, value: unknown) =>
    typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
      ? { number: Object.is(value, -0) ? '-0' : String(value) }
      : value,
  )

/** The nodes that `outputs` depend on, in order. */
export function liveNodes(graph: Graph, outputs: Iterable<Value>): Node[] {
  const live = new Set<Node>()
  for (const value of outputs) if (value.node) live.add(value.node)
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!
    if (live.has(node)) for (const input of node.inputs) if (input.node) live.add(input.node)
  }
  return graph.nodes.filter((node) => live.has(node))
}

export const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((side, i) => side === b[i])

/** Shape of an elementwise op over `shapes`, NumPy's broadcasting; undefined where they do not fit. */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] | undefined {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length))
  const result = new Array<number>(rank).fill(1)
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const at = rank - shape.length + i
      const side = shape[i]!
      if (side === 1 || side === result[at]) continue
      if (result[at] !== 1) return undefined
      result[at] = side
    }
  }
  return result
}

/** Rows × columns of a shape for messages. */
export const describe = ({ shape, dtype }: { shape: readonly number[]; dtype: DType }) =>
  `${dtype} [${shape}] (${sizeOf(shape)})`
