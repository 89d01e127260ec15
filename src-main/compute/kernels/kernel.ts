import type * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../../lib/errors'
import type { DType } from '../../lib/ndarray'
import type { OnnxBuilder } from '../onnx/builder'
import type { ValueType } from '../program'
import type { Attrs, Graph, Node, Value } from '../trace/graph'

export interface Folding<A> {
  graph: Graph
  inputs: readonly Value[]
  attrs: A
  /** Type of the first output. */
  type: ValueType
}

/** What a tfjs kernel means: the type of its result, and the ONNX nodes that compute it. */
export interface Kernel<A = Attrs> {
  /** Names of the kernel's inputs in the order in which `infer` and `lower` get them; 'list' for kernels over an array of tensors. */
  inputs: readonly string[] | 'list'
  /** The dtypes that its inputs may have; any where left out. */
  takes?: readonly DType[]
  /** Types of the outputs. */
  infer(inputs: readonly ValueType[], attrs: A): ValueType[]
  /** A value already known to equal the result, so that no node is needed. */
  fold?(of: Folding<A>): Value | undefined
  /** Adds the ONNX nodes; answers the outputs' names. */
  lower(onnx: OnnxBuilder, inputs: readonly string[], node: Omit<Node, 'attrs'> & { attrs: A }): string[]
  /** The kernel as other ops, recorded in its place; it has no node, no type and no lowering of its own then. */
  compose?(inputs: Record<string, tf.Tensor>, attrs: A): tf.Tensor
  /** The kernel broadcasts its inputs itself, as ONNX elementwise operators do. */
  broadcasts?: boolean
  /** The output repeats the first input along axes of length 1. */
  repeats?: boolean
  /** The kernel answers an array of tensors. */
  many?: boolean
}

export type KernelTable = Record<string, Kernel>

/** A kernel whose attributes have the type `A` (tfjs-core exports one per kernel). */
export const kernel = <A>(definition: Kernel<A>): Kernel => definition as unknown as Kernel

/** A kernel that is recorded as the ops that `compose` calls. */
export function composed<A>(inputs: readonly string[], compose: NonNullable<Kernel<A>['compose']>): Kernel {
  const never = (): never => {
    throw new NagareError('internal', 'A composed kernel was recorded as a node.')
  }
  return kernel<A>({ inputs, compose, infer: never, lower: never })
}

export const float = (shape: readonly number[]): ValueType => ({ shape, dtype: 'float32' })
export const typed = (dtype: DType, shape: readonly number[]): ValueType => ({ shape, dtype })

/** What kernels of arithmetic take: tfjs has no rule for sums and products of bools. */
export const numeric: readonly DType[] = ['float32', 'int32']

/** The kernel `name`, refusing inputs of other dtypes than it takes: throws `unsupported` while tracing. */
export function withDtypes(name: string, given: Kernel): Kernel {
  const { takes } = given
  if (!takes) return given
  return {
    ...given,
    infer: (inputs, attrs) => {
      const wrong = inputs.find(({ dtype }) => !takes.includes(dtype))
      if (!wrong) return given.infer(inputs, attrs)
      const found = inputs.map(({ dtype, shape }) => `${dtype} [${shape}]`).join(', ')
      throw new NagareError('unsupported', `${name} takes ${takes.join(' or ')}, found ${found}.`, {
        hint: `Convert the ${wrong.dtype} tensor first with tf.cast(x, '${takes.includes('int32') ? 'int32' : 'float32'}').`,
      })
    },
  }
}

/** Axes counted from 0, sorted; all of them where `axis` is null or undefined, none where it is empty. */
export function axesOf(axis: number | readonly number[] | null | undefined, rank: number): number[] {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i)
  return (typeof axis === 'number' ? [axis] : axis).map((a) => (a < 0 ? a + rank : a)).sort((a, b) => a - b)
}
