import * as tf from '@tensorflow/tfjs-core'
import type { Shapes, Tensors } from '../compute'
import { valueTypes } from '../compute/program'
import { sizeOf } from '../lib/ndarray'

/** Parameters that are updated as one tensor. */
export interface ParameterGroup {
  names: readonly string[]
  /** The tensors `prefix` + name of the group's parameters, as one. */
  join(tensors: Tensors, prefix?: string): tf.Tensor
  /** The parts of a joined tensor, in their own shapes, under `prefix` + name. */
  split(joined: tf.Tensor, prefix?: string): Tensors
}

/** Parameters below this many numbers are joined: each operator costs microseconds whatever the size. */
const small = 4096

/**
 * Sorts parameters into groups for elementwise work: the small ones together, each large one by itself. Parameters that differ in `key` are kept
 * apart. A tensor whose last axis has length 1 is flattened, for ONNX Runtime's elementwise operators are slow on it.
 */
export function parameterGroups(params: Shapes, key: (name: string) => boolean): ParameterGroup[] {
  const shapes = Object.entries(valueTypes(params)).map(([name, { shape }]) => ({ name, shape: [...shape] }))
  const joined = [true, false].map((wanted) =>
    shapes.filter(({ name, shape }) => sizeOf(shape) < small && key(name) === wanted),
  )
  const isJoined = new Set(joined.filter((group) => group.length > 1).flat())
  const alone = shapes.filter((entry) => !isJoined.has(entry))
  return [
    ...alone.map(({ name, shape }) => oneParameter(name, shape)),
    ...joined.filter((group) => group.length > 1).map(manyParameters),
  ]
}

function oneParameter(name: string, shape: number[]): ParameterGroup {
  const flat = shape.length > 1 && shape.at(-1) === 1
  return {
    names: [name],
    join: (tensors, prefix = '') => (flat ? tf.reshape(tensors[prefix + name]!, [-1]) : tensors[prefix + name]!),
    split: (joined, prefix = '') => ({ [prefix + name]: tf.reshape(joined, shape) }),
  }
}

function manyParameters(parts: { name: string; shape: number[] }[]): ParameterGroup {
  const sizes = parts.map(({ shape }) => sizeOf(shape))
  return {
    names: parts.map(({ name }) => name),
    join: (tensors, prefix = '') => tf.concat1d(parts.map(({ name }) => tf.reshape(tensors[prefix + name]!, [-1]))),
    split: (joined, prefix = '') =>
      Object.fromEntries(
        tf.split(joined, sizes).map((part, i) => [prefix + parts[i]!.name, tf.reshape(part, parts[i]!.shape)]),
      ),
  }
}
