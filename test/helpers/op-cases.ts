import * as tf from '@tensorflow/tfjs-core'
import type { Shapes } from '../../src-main/compute'
import { typedArray } from '../../src-main/compute/program'
import { sizeOf, type DType, type NDArray, type NDArrays } from '../../src-main/lib/ndarray'
import { random } from '../../src-main/lib/random'

export interface OpCase {
  title: string
  inputs: NDArrays
  apply(x: Record<string, tf.Tensor>): tf.Tensor | tf.Tensor[]
  /** Smooth around the inputs, so that derivatives can be compared with differences. */
  smooth: boolean
}

type Numbers = 'normal' | 'positive' | 'apart' | 'unit' | 'integers' | 'bits'

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

const integers = (shape: readonly number[], numbers: readonly number[]): NDArray => ({
  shape,
  dtype: 'int32',
  data: Int32Array.from(numbers),
})

type Spec = [title: string, inputs: NDArrays, apply: OpCase['apply'], smooth?: boolean]
const cases = (...specs: Spec[]): OpCase[] =>
  specs.map(([title, inputs, apply, smooth = true]) => ({ title, inputs, apply, smooth }))

const S = [3, 4] as const
const one = (op: (x: tf.Tensor) => tf.Tensor, numbers: Numbers = 'normal', smooth = true) =>
  cases([numbers, { x: sample(S, numbers) }, ({ x }) => op(x!), smooth])
const two = (op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, a: Numbers = 'normal', b: Numbers = a, smooth = true) =>
  cases(
    ['same shape', { a: sample(S, a), b: sample(S, b, 2) }, (x) => op(x['a']!, x['b']!), smooth],
    ['row', { a: sample(S, a), b: sample([4], b, 2) }, (x) => op(x['a']!, x['b']!), smooth],
    ['column by batch', { a: sample([3, 1], a), b: sample([2, 3, 4], b, 2) }, (x) => op(x['a']!, x['b']!), smooth],
    ['number', { a: sample(S, a) }, (x) => op(x['a']!, tf.scalar(1.7)), smooth],
  )
const reduced = (
  op: (x: tf.Tensor, axis?: number | number[], keep?: boolean) => tf.Tensor,
  numbers: Numbers = 'normal',
  smooth = true,
) =>
  cases(
    ['all', { x: sample([2, 3, 2], numbers) }, ({ x }) => op(x!), smooth],
    ['last', { x: sample([2, 3, 2], numbers) }, ({ x }) => op(x!, -1), smooth],
    ['outer, kept', { x: sample([2, 3, 2], numbers) }, ({ x }) => op(x!, [0, 2], true), smooth],
    ['length one', { x: sample([2, 1, 2], numbers) }, ({ x }) => op(x!, 1), smooth],
  )
const compared = (op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) =>
  cases(
    ['floats', { a: sample(S), b: sample([4], 'normal', 2) }, (x) => op(x['a']!, x['b']!), false],
    ['integers', { a: sample(S, 'integers'), b: sample(S, 'integers', 2) }, (x) => op(x['a']!, x['b']!), false],
    ['equal', { a: sample(S) }, (x) => op(x['a']!, tf.mul(x['a']!, 1)), false],
  )

/** At least one case for every kernel that can be traced, under the kernel's tfjs name. */
export const opCases: Record<string, OpCase[]> = {
  Exp: one(tf.exp),
  Expm1: [
    ...one(tf.expm1),
    ...cases([
      'near zero',
      { x: { shape: [3], dtype: 'float32', data: Float32Array.of(1e-6, -3e-5, 2e-3) } },
      ({ x }) => tf.expm1(x!),
    ]),
  ],
  Log: one(tf.log, 'positive'),
  Log1p: [
    ...one(tf.log1p, 'positive'),
    ...cases([
      'near zero',
      { x: { shape: [3], dtype: 'float32', data: Float32Array.of(1e-6, 3e-9, 2e-3) } },
      ({ x }) => tf.log1p(x!),
      false,
    ]),
  ],
  Sqrt: one(tf.sqrt, 'positive'),
  Rsqrt: one(tf.rsqrt, 'positive'),
  Reciprocal: one(tf.reciprocal, 'apart'),
  Tanh: one(tf.tanh),
  Sigmoid: one(tf.sigmoid),
  Softplus: [
    ...one(tf.softplus),
    ...cases([
      'far out',
      { x: { shape: [4], dtype: 'float32', data: Float32Array.of(-60, -17, 40, 95) } },
      ({ x }) => tf.softplus(x!),
      false,
    ]),
  ],
  Erf: one(tf.erf),
  Sin: one(tf.sin),
  Cos: one(tf.cos),
  Tan: one(tf.tan, 'unit'),
  Asin: one(tf.asin, 'unit'),
  Acos: one(tf.acos, 'unit'),
  Atan: one(tf.atan),
  Sinh: one(tf.sinh),
  Cosh: one(tf.cosh),
  Asinh: one(tf.asinh),
  Acosh: one((x) => tf.acosh(tf.add(x, 1)), 'positive'),
  Atanh: one(tf.atanh, 'unit'),
  Elu: one(tf.elu, 'apart'),
  Selu: one(tf.selu, 'apart'),
  Square: one(tf.square),
  Neg: [...one(tf.neg), ...one(tf.neg, 'integers', false)],
  Abs: [...one(tf.abs, 'apart'), ...one(tf.abs, 'integers', false)],
  Sign: one(tf.sign, 'apart'),
  Relu: one(tf.relu, 'apart'),
  Relu6: one((x) => tf.relu6(tf.mul(x, 5)), 'apart'),
  Floor: one(tf.floor, 'normal', false),
  Ceil: one(tf.ceil, 'normal', false),
  Round: one((x) => tf.round(tf.mul(x, 3)), 'normal', false),
  IsNan: one((x) => tf.isNaN(tf.log(x)), 'normal', false),
  IsInf: one((x) => tf.isInf(tf.div(1, tf.floor(x))), 'positive', false),
  IsFinite: one((x) => tf.isFinite(tf.log(tf.floor(x))), 'positive', false),
  LogicalNot: one(tf.logicalNot, 'bits', false),
  LeakyRelu: one((x) => tf.leakyRelu(x, 0.3), 'apart'),
  Step: one((x) => tf.step(x, -0.5), 'apart'),
  ClipByValue: one((x) => tf.clipByValue(x, -1, 1), 'apart'),
  Cast: cases(
    ['float to int', { x: sample(S) }, ({ x }) => tf.cast(tf.mul(x!, 3), 'int32'), false],
    ['bool to float', { x: sample(S, 'bits') }, ({ x }) => tf.cast(x!, 'float32'), false],
    ['int to bool', { x: sample(S, 'integers') }, ({ x }) => tf.cast(x!, 'bool'), false],
    ['int to float', { x: sample(S, 'integers') }, ({ x }) => tf.exp(tf.cast(x!, 'float32')), false],
  ),
  Identity: one((x) => tf.mul(tf.clone(x), 2)),
  Softmax: one((x) => tf.softmax(x)),
  Add: two(tf.add),
  Sub: two(tf.sub),
  Multiply: two(tf.mul),
  RealDiv: two(tf.div, 'normal', 'apart'),
  FloorDiv: cases([
    'integers',
    { a: sample(S, 'integers'), b: integers([4], [2, -3, 5, -1]) },
    ({ a, b }) => tf.floorDiv(a!, b!),
    false,
  ]),
  Mod: two((a, b) => tf.mod(tf.mul(a, 7), b), 'apart', 'positive', false),
  Maximum: two(tf.maximum, 'apart'),
  Minimum: two(tf.minimum, 'apart'),
  Pow: [
    ...two((a, b) => tf.pow(a, b), 'positive'),
    ...[2, 3, 0.5, 1.5, -1, -0.5].flatMap((e) => one((x) => tf.pow(x, e), 'positive')),
  ],
  SquaredDifference: two(tf.squaredDifference),
  Prelu: cases([
    'channel',
    { x: sample(S, 'apart'), alpha: sample([4], 'positive') },
    ({ x, alpha }) => tf.prelu(x!, alpha!),
  ]),
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
  Sum: [...reduced(tf.sum), ...reduced(tf.sum, 'integers', false), ...reduced(tf.sum, 'bits', false)],
  Mean: reduced(tf.mean),
  Max: [...reduced(tf.max), ...reduced(tf.max, 'integers', false)],
  Min: reduced(tf.min),
  Prod: reduced(tf.prod, 'apart'),
  All: reduced(tf.all, 'bits', false),
  Any: reduced(tf.any, 'bits', false),
  ArgMax: cases(
    ['last', { x: sample(S) }, ({ x }) => tf.argMax(x!, -1), false],
    ['first', { x: sample(S) }, ({ x }) => tf.argMax(x!, 0), false],
  ),
  ArgMin: cases(['last', { x: sample(S) }, ({ x }) => tf.argMin(x!, 1), false]),
  Cumsum: cases(
    ['last', { x: sample([2, 3, 4]) }, ({ x }) => tf.cumsum(x!, 2)],
    ['first, exclusive', { x: sample([2, 3, 4]) }, ({ x }) => tf.cumsum(x!, 0, true)],
    ['middle, reverse', { x: sample([2, 3, 4]) }, ({ x }) => tf.cumsum(x!, 1, false, true)],
    ['integers', { x: sample(S, 'integers') }, ({ x }) => tf.cumsum(x!, 1), false],
  ),
  TopK: cases(['two', { x: sample(S) }, ({ x }) => Object.values(tf.topk(x!, 2)) as tf.Tensor[], false]),
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
      false,
    ],
    [
      'one left factor',
      { a: sample([1, 3, 4]), b: sample([2, 4, 2], 'normal', 2) },
      ({ a, b }) => tf.matMul(a!, b!),
      false,
    ],
  ),
  Reshape: cases(
    ['flat', { x: sample(S) }, ({ x }) => tf.reshape(x!, [-1])],
    ['twice', { x: sample(S) }, ({ x }) => tf.mul(tf.reshape(tf.reshape(x!, [2, 6]), [4, 3]), 2)],
    ['axes of one', { x: sample(S) }, ({ x }) => tf.squeeze(tf.expandDims(tf.tanh(x!), 1))],
  ),
  ExpandDims: cases(
    ['middle', { x: sample(S) }, ({ x }) => tf.expandDims(tf.tanh(x!), 1)],
    ['last', { x: sample(S) }, ({ x }) => tf.expandDims(x!, -1)],
  ),
  Transpose: cases(
    ['plain', { x: sample(S) }, ({ x }) => tf.transpose(x!)],
    ['three axes', { x: sample([2, 3, 4]) }, ({ x }) => tf.transpose(x!, [1, 2, 0])],
    ['order kept', { x: sample([1, 3, 4]) }, ({ x }) => tf.transpose(x!, [1, 0, 2])],
  ),
  Tile: cases(
    ['copies', { x: sample([2, 3]) }, ({ x }) => tf.tile(x!, [2, 3])],
    ['stretched', { x: sample([3, 1]) }, ({ x }) => tf.broadcastTo(x!, [2, 3, 4])],
    [
      'stretched then added',
      { x: sample([3, 1]), y: sample([3, 4]) },
      ({ x, y }) => tf.mul(tf.broadcastTo(x!, [3, 4]), y!),
    ],
  ),
  Concat: cases(
    ['rows', { a: sample([2, 3]), b: sample([1, 3], 'normal', 2) }, ({ a, b }) => tf.concat([a!, b!], 0)],
    ['columns', { a: sample([2, 3]), b: sample([2, 2], 'normal', 2) }, ({ a, b }) => tf.concat([a!, b!, a!], -1)],
  ),
  Pack: cases(
    ['first', { a: sample(S), b: sample(S, 'normal', 2) }, ({ a, b }) => tf.stack([a!, b!])],
    ['last', { a: sample(S), b: sample(S, 'normal', 2) }, ({ a, b }) => tf.stack([a!, b!], -1)],
  ),
  Unpack: cases(
    ['first', { x: sample([3, 2, 2]) }, ({ x }) => tf.unstack(x!)],
    ['last, one used', { x: sample([3, 2, 2]) }, ({ x }) => tf.unstack(x!, 2)[1]!],
  ),
  SplitV: cases(
    ['even', { x: sample([4, 6]) }, ({ x }) => tf.split(x!, 3, 1)],
    ['sizes', { x: sample([4, 6]) }, ({ x }) => tf.split(x!, [1, 3], 0)],
  ),
  Slice: cases(
    ['middle', { x: sample([4, 6]) }, ({ x }) => tf.slice(x!, [1, 2], [2, -1])],
    ['rows', { x: sample([4, 6]) }, ({ x }) => tf.slice(x!, 2)],
  ),
  StridedSlice: cases(
    ['every other', { x: sample([5, 6]) }, ({ x }) => tf.stridedSlice(x!, [0, 1], [5, 6], [2, 2]), false],
    ['backwards', { x: sample([5, 6]) }, ({ x }) => tf.stridedSlice(x!, [4, 0], [0, 6], [-1, 1], 0, 1), false],
    ['one row', { x: sample([5, 6]) }, ({ x }) => tf.stridedSlice(x!, [2], [3], [1], 0, 0, 0, 0, 1), false],
  ),
  Reverse: cases(
    ['last', { x: sample(S) }, ({ x }) => tf.reverse(x!, -1)],
    ['all', { x: sample(S) }, ({ x }) => tf.reverse(x!)],
  ),
  PadV2: cases(
    [
      'zeros',
      { x: sample(S) },
      ({ x }) =>
        tf.pad(x!, [
          [1, 0],
          [2, 1],
        ]),
    ],
    [
      'number',
      { x: sample(S) },
      ({ x }) =>
        tf.pad(
          x!,
          [
            [0, 0],
            [1, 1],
          ],
          3,
        ),
    ],
  ),
  MirrorPad: cases([
    'reflect',
    { x: sample(S) },
    ({ x }) =>
      tf.mirrorPad(
        x!,
        [
          [1, 1],
          [0, 2],
        ],
        'reflect',
      ),
    false,
  ]),
  ZerosLike: one((x) => tf.add(tf.zerosLike(x), x)),
  OnesLike: one((x) => tf.sub(tf.onesLike(x), x)),
  Fill: one((x) => tf.mul(tf.fill([3, 4], 2.5), x)),
  Range: one((x) => tf.mul(tf.range(0, 4), x)),
  LinSpace: one((x) => tf.mul(tf.linspace(0, 1, 4), x)),
  GatherV2: cases(
    [
      'rows, repeated',
      { x: sample([4, 3]), i: integers([3], [2, 0, 2]) },
      ({ x, i }) => tf.gather(x!, i as tf.Tensor1D),
    ],
    ['columns', { x: sample([4, 3]), i: integers([2], [2, 1]) }, ({ x, i }) => tf.gather(x!, i as tf.Tensor1D, 1)],
    ['table of indices', { x: sample([4, 3]), i: integers([2, 2], [0, 1, 3, 3]) }, ({ x, i }) => tf.gather(x!, i!)],
  ),
  GatherNd: cases([
    'pairs',
    { x: sample([4, 3]), i: integers([2, 2], [0, 1, 3, 2]) },
    ({ x, i }) => tf.gatherND(x!, i!),
    false,
  ]),
  UnsortedSegmentSum: cases([
    'repeated',
    { x: sample([4, 3]), i: integers([4], [2, 0, 2, 1]) },
    ({ x, i }) => tf.unsortedSegmentSum(x!, i as tf.Tensor1D, 4),
  ]),
  OneHot: cases(
    ['int', { i: integers([3], [2, 0, 1]) }, ({ i }) => tf.oneHot(i!, 4), false],
    ['on and off', { i: integers([2, 2], [2, 0, 1, 9]) }, ({ i }) => tf.oneHot(i!, 4, 0.9, 0.1, 'float32'), false],
  ),
}
