import * as tf from '@tensorflow/tfjs-core'
import { cases, integers, sample, type OpCase, type Spec } from './case'

export const matmulCases: Record<string, OpCase[]> = {
  BatchMatMul: cases(
    ['plain', { a: sample([3, 4]), b: sample([4, 2], 'normal', 2) }, ({ a, b }) => tf.matMul(a!, b!)],
    ['left transposed', { a: sample([4, 3]), b: sample([4, 2], 'normal', 2) }, ({ a, b }) => tf.matMul(a!, b!, true)],
    [
      'right transposed',
      { a: sample([3, 4]), b: sample([2, 4], 'normal', 2) },
      ({ a, b }) => tf.matMul(a!, b!, false, true),
    ],
    [
      'both transposed',
      { a: sample([4, 3]), b: sample([2, 4], 'normal', 2) },
      ({ a, b }) => tf.matMul(a!, b!, true, true),
    ],
    ['batches', { a: sample([2, 3, 4]), b: sample([2, 4, 2], 'normal', 2) }, ({ a, b }) => tf.matMul(a!, b!)],
    [
      'batches, transposed',
      { a: sample([2, 4, 3]), b: sample([2, 2, 4], 'normal', 2) },
      ({ a, b }) => tf.matMul(a!, b!, true, true),
    ],
    [
      'one right factor',
      { a: sample([2, 3, 4]), b: sample([1, 2, 4], 'normal', 2) },
      ({ a, b }) => tf.matMul(a!, b!, false, true),
    ],
    [
      'one plain right factor',
      { a: sample([2, 3, 4]), b: sample([4, 2], 'normal', 2) },
      ({ a, b }) => tf.matMul(a!, b!),
    ],
    [
      'left transposed, one right factor',
      { a: sample([2, 4, 3]), b: sample([1, 2, 4], 'normal', 2) },
      ({ a, b }) => tf.matMul(a!, b!, true, true),
    ],
    ['one left factor', { a: sample([1, 3, 4]), b: sample([2, 4, 2], 'normal', 2) }, ({ a, b }) => tf.matMul(a!, b!)],
    [
      'one left factor, both transposed',
      { a: sample([1, 4, 3]), b: sample([2, 2, 4], 'normal', 2) },
      ({ a, b }) => tf.matMul(a!, b!, true, true),
    ],
    ...[false, true].map((swap): Spec => [
      swap ? 'integers, both transposed' : 'integers',
      { a: integers([2, 2], [20_000_001, -3, 7, 2]), b: integers([2, 2], [3, 1, -2, 5]) },
      ({ a, b }) => tf.matMul(a!, b!, swap, swap),
      false,
    ]),
    [
      'integers, batches, left transposed',
      { a: sample([2, 4, 3], 'integers'), b: sample([1, 4, 2], 'integers', 2) },
      ({ a, b }) => tf.matMul(a!, b!, true),
      false,
    ],
  ),
  Einsum: cases(
    ...(
      [
        ['ij,jk->ik', [3, 4], [4, 2]],
        ['ij,kj->ki', [3, 4], [2, 4]],
        ['ji,jk->ik', [4, 3], [4, 2]],
        ['bij,bjk->bik', [2, 3, 4], [2, 4, 2]],
        ['bhqd,bhkd->bhqk', [2, 1, 3, 2], [2, 1, 4, 2]],
        ['bct,oc->bot', [2, 3, 4], [2, 3]],
        ['bi,bi->b', [2, 3], [2, 3]],
        ['i,j->ij', [3], [4]],
        ['i,i->', [3], [3]],
        ['bij,b->j', [2, 3, 4], [2]],
      ] as [string, number[], number[]][]
    ).map(([equation, a, b]): Spec => [
      equation,
      { a: sample(a), b: sample(b, 'normal', 2) },
      (x) => tf.einsum(equation, x['a']!, x['b']!),
    ]),
    ...['ij->ji', 'ij->i', 'ij->'].map((equation): Spec => [
      equation,
      { x: sample([3, 4]) },
      ({ x }) => tf.einsum(equation, x!),
    ]),
  ),
}
