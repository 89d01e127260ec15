import type { OnnxDType, OnnxGraph, OnnxTensor } from './graph'

/** A float matrix or filter whose numbers are known when the graph is made. */
export interface KnownWeights {
  shape: readonly number[]
  data: Float32Array
}

/** Finds the numbers behind a value: a float tensor of the graph, also one that is only reshaped or transposed on its way. */
export function weightFinder(graph: OnnxGraph): (name: string) => KnownWeights | undefined {
  const tensors = new Map(graph.tensors.map((tensor) => [tensor.name, tensor]))
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant]))
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node])))
  const find = (name: string): KnownWeights | undefined => {
    const tensor = tensors.get(name)
    if (tensor)
      return tensor.dtype === 'float32' ? { shape: tensor.shape, data: tensor.data as Float32Array } : undefined
    const constant = constants.get(name)
    if (constant?.dtype === 'float32') return { shape: constant.shape, data: Float32Array.from(constant.numbers) }
    const node = producers.get(name)
    if (node?.type === 'Reshape') {
      const [from, target] = [find(node.inputs[0]!), constants.get(node.inputs[1]!)]
      if (!from || !target) return undefined
      const known = target.numbers.reduce((product, side) => (side === -1 ? product : product * side), 1)
      return { ...from, shape: target.numbers.map((side) => (side === -1 ? from.data.length / known : side)) }
    }
    if (node?.type === 'Transpose') {
      const from = find(node.inputs[0]!)
      return from && transposed(from, node.attributes['perm'] as number[])
    }
    return undefined
  }
  return find
}

/** `weights` with their axes in the order `perm`. */
export function transposed({ shape, data }: KnownWeights, perm: readonly number[]): KnownWeights {
  const to = perm.map((axis) => shape[axis]!)
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1))
  const steps = perm.map((axis) => strides[axis]!)
  const result = new Float32Array(data.length)
  const at = new Array<number>(to.length).fill(0)
  let from = 0
  for (let i = 0; i < result.length; i++) {
    result[i] = data[from]!
    for (let axis = to.length - 1; axis >= 0; axis--) {
      from += steps[axis]!
      if (++at[axis]! < to[axis]!) break
      from -= steps[axis]! * to[axis]!
      at[axis] = 0
    }
  }
  return { shape: to, data: result }
}

/** A tensor that is stored in the model itself. */
export const embedded = (
  name: string,
  dtype: OnnxDType,
  shape: readonly number[],
  data: OnnxTensor['data'],
): OnnxTensor => ({
  name,
  dtype,
  shape,
  data,
  external: false,
})
