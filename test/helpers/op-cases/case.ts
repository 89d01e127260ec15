import * as tf from '@tensorflow/tfjs-core'
import type { Shapes } from '../../../src-main/compute'
import { typedArray } from '../../../src-main/compute/program'
import { sizeOf, type DType, type NDArray, type NDArrays } from '../../../src-main/lib/ndarray'
import { random } from '../../../src-main/lib/random'

export interface OpCase {
  title: string
  inputs: NDArrays
  apply(x: Record<string, tf.Tensor>): tf.Tensor | tf.Tensor[]
  /** Smooth around the inputs, so that derivatives can be compared with differences. */
  smooth: boolean
}

export type Numbers = 'normal' | 'positive' | 'apart' | 'unit' | 'integers' | 'bits'

/** Inputs of one kind: `apart` keeps away from 0 and ±1, `unit` lies within (-0.9, 0.9). */
export function sample(shape: readonly number[], numbers: Numbers = 'normal', seed = 1): NDArray {
  const source = random(seed + 31 * shape.length)
  const dtype: DType = numbers === 'integers' ? 'int32' : numbers === 'bits' ? 'bool' : 'float32'
  const draw: Record<Numbers, () => number> = {
    normal: () => source.normal(),
    positive: () => 0.3 + 2 * source.uniform(),
    apart: () =>
      (source.uniform() < 0.5 ? -1 : 1) *
      (source.uniform() < 0.5 ? 0.3 + 0.5 * source.uniform() : 1.2 + source.uniform()),
    unit: () => 1.8 * source.uniform() - 0.9,
    integers: () => source.integer(9) - 4,
    bits: () => source.integer(2),
  }
  const data = typedArray(dtype, sizeOf(shape))
  for (let i = 0; i < data.length; i++) data[i] = draw[numbers]()
  return { shape, dtype, data }
}

export const shapesOf = (arrays: NDArrays): Shapes =>
  Object.fromEntries(Object.entries(arrays).map(([name, { shape, dtype }]) => [name, { shape, dtype }]))

/** int32 numbers, row-major. */
export const integers = (shape: readonly number[], numbers: readonly number[]): NDArray => ({
  shape,
  dtype: 'int32',
  data: Int32Array.from(numbers),
})

/** float32 numbers, row-major. */
export const numbers = (shape: readonly number[], data: readonly number[]): NDArray => ({
  shape,
  dtype: 'float32',
  data: Float32Array.from(data),
})

export type Spec = [title: string, inputs: NDArrays, apply: OpCase['apply'], smooth?: boolean]
/** Cases from their titles, inputs and op; smooth unless said otherwise. */
export const cases = (...specs: Spec[]): OpCase[] =>
  specs.map(([title, inputs, apply, smooth = true]) => ({ title, inputs, apply, smooth }))

/** The usual shape. */
export const S = [3, 4] as const
/** A case of an op of one tensor. */
export const one = (op: (x: tf.Tensor) => tf.Tensor, numbers: Numbers = 'normal', smooth = true) =>
  cases([numbers, { x: sample(S, numbers) }, ({ x }) => op(x!), smooth])
/** Cases of an elementwise op of two tensors, with and without broadcasting. */
export const two = (
  op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  a: Numbers = 'normal',
  b: Numbers = a,
  smooth = true,
) =>
  cases(
    ['same shape', { a: sample(S, a), b: sample(S, b, 2) }, (x) => op(x['a']!, x['b']!), smooth],
    ['row', { a: sample(S, a), b: sample([4], b, 2) }, (x) => op(x['a']!, x['b']!), smooth],
    ['column by batch', { a: sample([3, 1], a), b: sample([2, 3, 4], b, 2) }, (x) => op(x['a']!, x['b']!), smooth],
    ['number', { a: sample(S, a) }, (x) => op(x['a']!, tf.scalar(1.7)), smooth],
  )
/** Cases of a reduction over several axes. */
export const reduced = (
  op: (x: tf.Tensor, axis?: number | number[], keep?: boolean) => tf.Tensor,
  numbers: Numbers = 'normal',
  smooth = true,
) =>
  cases(
    ['all', { x: sample([2, 3, 2], numbers) }, ({ x }) => op(x!), smooth],
    ['last', { x: sample([2, 3, 2], numbers) }, ({ x }) => op(x!, -1), smooth],
    ['outer, kept', { x: sample([2, 3, 2], numbers) }, ({ x }) => op(x!, [0, 2], true), smooth],
    ['length one', { x: sample([2, 1, 2], numbers) }, ({ x }) => op(x!, 1), smooth],
    ['no axes', { x: sample([2, 3], numbers) }, ({ x }) => op(x!, []), smooth],
    ['no axes, kept', { x: sample([2, 3], numbers) }, ({ x }) => op(x!, [], true), smooth],
  )
/** Cases of a comparison. */
export const compared = (op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) =>
  cases(
    ['floats', { a: sample(S), b: sample([4], 'normal', 2) }, (x) => op(x['a']!, x['b']!), false],
    ['integers', { a: sample(S, 'integers'), b: sample(S, 'integers', 2) }, (x) => op(x['a']!, x['b']!), false],
    ['equal', { a: sample(S) }, (x) => op(x['a']!, tf.mul(x['a']!, 1)), false],
  )
