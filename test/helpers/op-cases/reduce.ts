import * as tf from '@tensorflow/tfjs-core'
import { cases, numbers, reduced, S, sample, type OpCase } from './case'

export const reduceCases: Record<string, OpCase[]> = {
  Sum: [...reduced(tf.sum), ...reduced(tf.sum, 'integers', false), ...reduced(tf.sum, 'bits', false)],
  Mean: reduced(tf.mean),
  Max: [...reduced(tf.max), ...reduced(tf.max, 'integers', false), ...reduced(tf.max, 'bits', false)],
  Min: [...reduced(tf.min), ...reduced(tf.min, 'bits', false)],
  Prod: reduced(tf.prod, 'apart'),
  All: reduced(tf.all, 'bits', false),
  Any: reduced(tf.any, 'bits', false),
  ArgMax: cases(
    ['last', { x: sample(S) }, ({ x }) => tf.argMax(x!, -1), false],
    ['first', { x: sample(S) }, ({ x }) => tf.argMax(x!, 0), false],
    ['bits', { x: sample(S, 'bits') }, ({ x }) => tf.argMax(x!, 1), false],
  ),
  ArgMin: cases(['last', { x: sample(S) }, ({ x }) => tf.argMin(x!, 1), false]),
  Cumsum: cases(
    ['last', { x: sample([2, 3, 4]) }, ({ x }) => tf.cumsum(x!, 2)],
    ['first, exclusive', { x: sample([2, 3, 4]) }, ({ x }) => tf.cumsum(x!, 0, true)],
    ['middle, reverse', { x: sample([2, 3, 4]) }, ({ x }) => tf.cumsum(x!, 1, false, true)],
    ['integers', { x: sample(S, 'integers') }, ({ x }) => tf.cumsum(x!, 1), false],
  ),
  Cumprod: cases(
    ['last', { x: sample([2, 3, 5], 'apart') }, ({ x }) => tf.cumprod(x!, 2)],
    ['first, exclusive', { x: sample([4, 3], 'apart') }, ({ x }) => tf.cumprod(x!, 0, true)],
    ['middle, reverse', { x: sample([2, 3, 2], 'apart') }, ({ x }) => tf.cumprod(x!, 1, false, true)],
    ['last, exclusive, reverse', { x: sample([2, 4], 'apart') }, ({ x }) => tf.cumprod(x!, 1, true, true)],
    ['with a zero', { x: numbers([4], [2, 0, -1.5, 3]) }, ({ x }) => tf.cumprod(x!, 0)],
    ['length one', { x: sample([3, 1]) }, ({ x }) => tf.cumprod(x!, 1)],
    ['integers', { x: sample(S, 'integers') }, ({ x }) => tf.cumprod(x!, 1), false],
  ),
  TopK: cases(
    ['values', { x: sample([2, 3, 4]) }, ({ x }) => tf.topk(x!, 2).values],
    ['values, unsorted', { x: sample([5]) }, ({ x }) => tf.topk(x!, 5, true).values],
    ['values and places', { x: sample(S) }, ({ x }) => Object.values(tf.topk(x!, 2)) as tf.Tensor[], false],
  ),
}
