import type * as tf from '@tensorflow/tfjs-core'
import type { DType } from '../../lib/ndarray'
import { typedArray } from '../program'
import { kernel, type Kernel, type KernelTable } from './kernel'

const filled = (number: number): Kernel => ({
  inputs: ['x'],
  infer: ([x]) => [x!],
  fold: ({ graph, type }) => graph.uniform(number, type),
  lower: (_, [x]) => [x!],
})

/** A kernel without inputs whose numbers follow from its attributes. */
function generated<A>(
  type: (attrs: A) => { shape: readonly number[]; dtype: DType },
  numbers: (attrs: A) => readonly number[],
): Kernel {
  return kernel<A>({
    inputs: [],
    infer: (_, attrs) => [type(attrs)],
    fold: ({ graph, attrs, type: of }) => graph.constant(numbers(attrs), of),
    lower: () => [],
  })
}

function rangeNumbers({ start, stop, step }: { start: number; stop: number; step?: number }): number[] {
  const by = step ?? (start <= stop ? 1 : -1)
  return Array.from({ length: Math.max(0, Math.ceil((stop - start) / by)) }, (_, i) => start + i * by)
}

/** Kernels whose numbers are known while tracing. */
export const fill: KernelTable = {
  ZerosLike: filled(0),
  OnesLike: filled(1),
  Fill: kernel<tf.FillAttrs>({
    inputs: [],
    infer: (_, { shape, dtype }) => [{ shape, dtype: (dtype ?? 'float32') as DType }],
    fold: ({ graph, attrs: { value }, type }) => graph.uniform(typedArray(type.dtype, [Number(value)])[0]!, type),
    lower: () => [],
  }),
  Range: generated<tf.RangeAttrs>(
    (attrs) => ({ shape: [rangeNumbers(attrs).length], dtype: attrs.dtype as DType }),
    rangeNumbers,
  ),
  LinSpace: generated<tf.LinSpaceAttrs>(
    ({ num }) => ({ shape: [num], dtype: 'float32' }),
    ({ start, stop, num }) =>
      Array.from({ length: num }, (_, i) => (num === 1 ? start : start + (i * (stop - start)) / (num - 1))),
  ),
}
