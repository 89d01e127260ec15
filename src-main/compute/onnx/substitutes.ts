import { sizeOf } from '../../lib/ndarray'
import { reachOf } from '../ops/convolution'
import { OnnxBuilder } from './builder'
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxValueInfo } from './graph'

/**
 * Writes an ONNX operator with other operators; answers the name of its output, or of each, or undefined where the operator can stay.
 */
export type Substitute = (
  onnx: OnnxBuilder,
  inputs: readonly string[],
  attributes: Record<string, OnnxAttribute>,
  known: Known,
) => string | readonly string[] | undefined

/** What is known of a graph's values before it runs: shapes of its inputs and constants, numbers of its small constants. */
interface Known {
  shapeOf(name: string): OnnxValueInfo['shape'] | undefined
  numbersOf(name: string): readonly number[] | undefined
}

/** Most outputs of a `Split`: each is a storage buffer of one shader, of which WebGPU promises eight. */
const FEW = 6

/** The parts of x, cut in few at a time. */
function splitInFew(onnx: OnnxBuilder, x: string, axis: number, sizes: readonly number[]): string[] {
  if (sizes.length <= FEW) return onnx.nodes('Split', [x, onnx.ints(sizes)], { axis }, sizes.length)
  const length = Math.max(FEW, Math.ceil(sizes.length / FEW))
  const pieces = Array.from({ length: Math.ceil(sizes.length / length) }, (_, i) =>
    sizes.slice(i * length, (i + 1) * length),
  )
  const sums = pieces.map((piece) => piece.reduce((sum, size) => sum + size, 0))
  return splitInFew(onnx, x, axis, sums).flatMap((part, i) => splitInFew(onnx, part, axis, pieces[i]!))
}

const isNaN: Substitute = (onnx, [x]) => onnx.node('Not', [onnx.node('Equal', [x!, x!])])

/**
 * Operators that ONNX Runtime's WebGPU provider leaves to the processor (each such node costs two copies through the host) or gets wrong, written with
 * those it has. `Pow` fails there where the last axis of one operand alone is 1: both are brought to the common shape first. `ConvTranspose` takes any
 * groups of one output channel for depthwise, and forgets all but one of their input channels: each group is computed apart. `Slice` with a
 * negative step starts at the end whatever its start: the range is cut out first, then turned round.
 */
export const webgpuSubstitutes: Readonly<Record<string, Substitute>> = {
  IsNaN: isNaN,
  IsInf: (onnx, [x]) => onnx.node('Equal', [onnx.node('Abs', [x!]), onnx.scalar('float32', Infinity)]),
  Or: (onnx, [a, b]) => onnx.node('Not', [onnx.node('And', [onnx.node('Not', [a!]), onnx.node('Not', [b!])])]),
  Sum: (onnx, [first, ...others]) => others.reduce((sum, next) => onnx.node('Add', [sum, next]), first!),
  Sign: (onnx, [x]) => {
    const zero = onnx.node('CastLike', [onnx.scalar('float32', 0), x!])
    const side = (operator: string) => onnx.node('CastLike', [onnx.node(operator, [x!, zero]), x!])
    return onnx.node('Sub', [side('Greater'), side('Less')])
  },
  Selu: (onnx, [x]) =>
    onnx.node('Mul', [
      onnx.node('Elu', [x!], { alpha: { float: 1.6732632423543772 } }),
      onnx.scalar('float32', 1.0507009873554805),
    ]),
  Pow: (onnx, [a, b]) => {
    const wide = onnx.node('Expand', [a!, onnx.node('Shape', [b!])])
    return onnx.node('Pow', [wide, onnx.node('Expand', [b!, onnx.node('Shape', [wide])])])
  },
  Split: (onnx, [x, sizes], { axis }, { numbersOf }) => {
    const known = sizes === undefined ? undefined : numbersOf(sizes)
    return known && known.length > FEW ? splitInFew(onnx, x!, axis as number, known) : undefined
  },
  Slice: (onnx, [x, starts, ends, axes, steps], _, { numbersOf }) => {
    const lists = [starts, ends, axes, steps].map((name) => (name === undefined ? undefined : numbersOf(name)))
    const [from, to, on, by] = lists
    if (!from || !to || !on || !by?.some((step, i) => step < 0 && from[i] !== -1)) return undefined
    const first = onnx.node('Slice', [
      x!,
      onnx.ints(from.map((start, i) => (by[i]! > 0 ? start : to[i]! < -(2 ** 30) ? 0 : to[i]! + 1))),
      onnx.ints(to.map((end, i) => (by[i]! > 0 ? end : from[i] === -1 ? 2 ** 31 : from[i]! + 1))),
      axes!,
      onnx.ints(by.map((step) => Math.max(step, 1))),
    ])
    const back = by.flatMap((step, i) => (step < 0 ? [i] : []))
    const all = (number: number) => onnx.ints(back.map(() => number))
    const turned = [onnx.ints(back.map((i) => on[i]!)), onnx.ints(back.map((i) => by[i]!))]
    return onnx.node('Slice', [first, all(-1), all(-(2 ** 31)), ...turned])
  },
  SpaceToDepth: (onnx, [x], { blocksize }) => {
    const size = blocksize as number
    // Not by slices: ONNX Runtime would make them one SpaceToDepth again.
    const turned = (from: string, shape: readonly number[], perm: readonly number[]) =>
      onnx.node('Transpose', [onnx.node('Reshape', [from, onnx.ints(shape)])], { perm })
    const columns = turned(x!, [0, 0, 0, -1, size], [0, 4, 1, 3, 2])
    const both = turned(columns, [0, 0, 0, 0, -1, size], [0, 5, 1, 2, 4, 3])
    const side = (start: number, end: number) => onnx.node('Shape', [both], { start, end })
    const shape = onnx.node('Concat', [side(0, 1), onnx.ints([-1]), side(4, 6)], { axis: 0 })
    return onnx.node('Reshape', [both, shape])
  },
  Col2Im: (onnx, [columns, image, block], { strides, dilations, pads }, { numbersOf }) => {
    const [space, kernel] = [numbersOf(image!), numbersOf(block!)]
    if (!space || !kernel) return undefined
    const [steps, gaps, zeros] = [strides, dilations, pads] as [number[], number[], number[]]
    const reach = reachOf(kernel, gaps)
    const room = space.map((length, axis) => length + zeros[axis]! + zeros[axis + space.length]! - reach[axis]!)
    const positions = room.map((length, axis) => Math.floor(length / steps[axis]!) + 1)
    const taps = sizeOf(kernel)
    const each = Array.from({ length: taps ** 2 }, (_, i) => (i % (taps + 1) === 0 ? 1 : 0))
    const spread = onnx.node(
      'ConvTranspose',
      [onnx.reshape(columns!, [-1, taps, ...positions]), onnx.constant('float32', [taps, 1, ...kernel], each)],
      {
        strides: steps,
        dilations: gaps,
        pads: zeros,
        group: 1,
        output_padding: room.map((n, axis) => n % steps[axis]!),
      },
    )
    const batch = onnx.node('Slice', [onnx.node('Shape', [columns!]), ...[[0], [1]].map((at) => onnx.ints(at))])
    return onnx.node('Reshape', [spread, onnx.node('Concat', [batch, onnx.ints([-1, ...space])], { axis: 0 })])
  },
  ConvTranspose: (onnx, [x, filter], attributes, { shapeOf }) => {
    const groups = attributes['group'] as number
    const shape = shapeOf(filter!)
    if (groups === 1 || (shape && (shape[1] !== 1 || shape[0] === groups))) return undefined
    const parts = (input: string, axis: number) =>
      shape
        ? splitInFew(onnx, input, axis, new Array<number>(groups).fill(Number(shape[0]) / groups))
        : onnx.nodes('Split', [input], { axis, num_outputs: groups }, groups)
    const filters = parts(filter!, 0)
    const results = parts(x!, 1).map((part, i) =>
      onnx.node('ConvTranspose', [part, filters[i]!], { ...attributes, group: 1 }),
    )
    return onnx.node('Concat', results, { axis: 1 })
  },
}

/** The graph with the operators that `table` names written as there. */
export function substituted(graph: OnnxGraph, table: Readonly<Record<string, Substitute>>): OnnxGraph {
  const shapes = new Map(
    [...graph.inputs, ...graph.tensors, ...graph.constants].map(({ name, shape }) => [name, shape]),
  )
  const numbers = new Map(graph.constants.map((constant) => [constant.name, constant.numbers]))
  const known: Known = { shapeOf: (name) => shapes.get(name), numbersOf: (name) => numbers.get(name) }
  const nodes: OnnxNode[] = []
  const constants = [...graph.constants]
  for (const [i, node] of graph.nodes.entries()) {
    const onnx = new OnnxBuilder(graph.name, `substitute_${i}_`)
    const write = node.domain ? undefined : table[node.type]
    const result = write?.(onnx, node.inputs, node.attributes, known)
    if (result === undefined) {
      nodes.push(node)
      continue
    }
    const results = typeof result === 'string' ? [result] : result
    node.outputs.forEach((output, j) => onnx.nodes('Identity', [results[j]!], {}, [output]))
    nodes.push(...onnx.graph.nodes)
    constants.push(...onnx.graph.constants)
  }
  return { ...graph, nodes, constants }
}
