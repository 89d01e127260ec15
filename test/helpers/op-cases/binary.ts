import * as tf from '@tensorflow/tfjs-core'
import { cases, compared, integers, numbers, one, S, sample, two, type OpCase, type Spec } from './case'

/** Divisors, and numbers that lie well between their multiples. */
const divisors = [2, -3, 1.5, -2.5, 2, -3, 1.5, -2.5, 2, -3, 1.5, -2.5]
const remainders = numbers(
  S,
  divisors.map((divisor, i) => divisor * ((i % 5) - 2 + [0.3, 0.6, 0.45, 0.7][i % 4]!)),
)

/** Integers that float32 does not hold, and the ends of their range. */
const largeIntegers = integers([8], [123456789, -123456789, 336544329, -7, 2 ** 31 - 1, -(2 ** 31), 1 - 2 ** 31, 0])
const zeroDivisors = integers([8], [0, 0, 7, -1, 0, -1, 10, 0])

export const binaryCases: Record<string, OpCase[]> = {
  Add: two(tf.add),
  Sub: two(tf.sub),
  Multiply: [
    ...two(tf.mul),
    ...cases(
      ['number, a last axis of one', { a: sample([3, 4, 1]), b: sample([1]) }, ({ a, b }) => tf.mul(b!, a!)],
      [
        'repeated before and after',
        { a: sample([3, 1]), b: sample([4], 'normal', 2), x: sample(S, 'normal', 3) },
        ({ a, b, x }) =>
          tf.add(
            tf.mul(tf.div(tf.mul(a!, tf.ones(S.slice())), 3), tf.neg(tf.mul(tf.square(b!), tf.ones(S.slice())))),
            tf.mul(x!, tf.mul(tf.exp(tf.mul(a!, tf.ones(S.slice()))), 2)),
          ),
      ],
    ),
  ],
  RealDiv: two(tf.div, 'normal', 'apart'),
  FloorDiv: cases(
    [
      'integers',
      { a: sample(S, 'integers'), b: integers([4], [2, -3, 5, -1]) },
      ({ a, b }) => tf.floorDiv(a!, b!),
      false,
    ],
    ...[10, -10, 3, 2, -1, 0].map((divisor): Spec => [
      `large integers by ${divisor}`,
      { a: largeIntegers },
      ({ a }) => tf.floorDiv(a!, tf.scalar(divisor, 'int32')),
      false,
    ]),
    ['by zero', { a: largeIntegers, b: zeroDivisors }, ({ a, b }) => tf.div(a!, b!), false],
    ['floats', { a: remainders, b: numbers(S, divisors) }, ({ a, b }) => tf.floorDiv(a!, b!), false],
  ),
  Mod: cases(
    ['same shape', { a: remainders, b: numbers(S, divisors) }, ({ a, b }) => tf.mod(a!, b!)],
    ['row', { a: remainders, b: numbers([4], divisors.slice(0, 4)) }, ({ a, b }) => tf.mod(a!, b!)],
    ['column by row', { a: sample([3, 1], 'unit'), b: numbers([4], [1, -1, 2, -3]) }, ({ a, b }) => tf.mod(a!, b!)],
    ['number', { a: remainders }, ({ a }) => tf.mod(a!, tf.scalar(2))],
    ['integers', { a: sample(S, 'integers'), b: integers([4], [2, -3, 5, -1]) }, ({ a, b }) => tf.mod(a!, b!), false],
    ['large integers', { a: largeIntegers }, ({ a }) => tf.mod(a!, tf.scalar(-10, 'int32')), false],
    ['by zero', { a: largeIntegers, b: zeroDivisors }, ({ a, b }) => tf.mod(a!, b!), false],
  ),
  Maximum: two(tf.maximum, 'apart'),
  Minimum: two(tf.minimum, 'apart'),
  Pow: [
    ...two((a, b) => tf.pow(a, b), 'positive'),
    ...[2, 3, 0.5, 1.5, -1, -0.5].flatMap((e) => one((x) => tf.pow(x, e), 'positive')),
  ],
  SquaredDifference: two(tf.squaredDifference),
  Prelu: cases(
    ['channel', { x: sample(S, 'apart'), alpha: sample([4], 'positive') }, ({ x, alpha }) => tf.prelu(x!, alpha!)],
    [
      'integers',
      { x: sample(S, 'integers'), alpha: integers([4], [2, -3, 5, -1]) },
      ({ x, alpha }) => tf.prelu(x!, alpha!),
      false,
    ],
  ),
  Atan2: [
    ...two(tf.atan2, 'normal', 'apart'),
    ...cases([
      'on the axes',
      { a: numbers([6], [1, -1, 0, 0, 0.5, -0.5]), b: numbers([6], [0, 0, 1, -1, -2, -2]) },
      ({ a, b }) => tf.atan2(a!, b!),
      false,
    ]),
  ],
  Equal: compared(tf.equal),
  NotEqual: compared(tf.notEqual),
  Greater: compared(tf.greater),
  GreaterEqual: compared(tf.greaterEqual),
  Less: compared(tf.less),
  LessEqual: compared(tf.lessEqual),
  LogicalAnd: cases([
    'bits',
    { a: sample(S, 'bits'), b: sample(S, 'bits', 2) },
    ({ a, b }) => tf.logicalAnd(a!, b!),
    false,
  ]),
  LogicalOr: cases([
    'bits',
    { a: sample(S, 'bits'), b: sample(S, 'bits', 2) },
    ({ a, b }) => tf.logicalOr(a!, b!),
    false,
  ]),
  Select: cases(
    [
      'same shape',
      { c: sample(S, 'bits'), a: sample(S), b: sample(S, 'normal', 2) },
      ({ c, a, b }) => tf.where(c!, a!, b!),
    ],
    [
      'column mask',
      { c: sample([3, 1], 'bits'), a: sample(S), b: sample([4], 'normal', 2) },
      ({ c, a, b }) => tf.where(c!, a!, b!),
    ],
    [
      'bits',
      { c: sample(S, 'bits'), a: sample(S, 'bits', 2), b: sample(S, 'bits', 3) },
      ({ c, a, b }) => tf.where(c!, a!, b!),
      false,
    ],
    [
      'the same number either way',
      { c: sample([3, 1], 'bits'), a: sample(S) },
      ({ c, a }) => tf.mul(a!, tf.where(c!, tf.fill([3, 4], 2), tf.fill([3, 4], 2))),
    ],
  ),
  FusedBatchNorm: cases([
    'rows',
    {
      x: sample(S),
      m: sample([4]),
      v: sample([4], 'positive'),
      o: sample([4], 'normal', 3),
      s: sample([4], 'normal', 4),
    },
    ({ x, m, v, o, s }) =>
      tf.batchNorm2d(x as tf.Tensor2D, m as tf.Tensor1D, v as tf.Tensor1D, o as tf.Tensor1D, s as tf.Tensor1D, 1e-3),
  ]),
  AddN: cases(
    [
      'floats',
      { a: sample(S), b: sample(S, 'normal', 2), c: sample(S, 'normal', 3) },
      ({ a, b, c }) => tf.addN([a!, b!, c!]),
    ],
    ['integers', { a: sample(S, 'integers'), b: sample(S, 'integers', 2) }, ({ a, b }) => tf.addN([a!, b!]), false],
  ),
}
