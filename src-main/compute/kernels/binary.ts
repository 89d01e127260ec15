import type * as tf from '@tensorflow/tfjs-core'
import type { OnnxBuilder } from '../onnx/builder'
import { NagareError } from '../../lib/errors'
import { sizeOf } from '../../lib/ndarray'
import type { ValueType } from '../program'
import { broadcastShape, sameShape, type Value } from '../trace/graph'
import { float, kernel, numeric, typed, type Folding, type Kernel, type KernelTable } from './kernel'

/** `of` are the values that `a` and `b` name. */
type Formula = (onnx: OnnxBuilder, a: string, b: string, of: readonly Value[]) => string

function fitted(inputs: readonly ValueType[]): number[] {
  const shape = broadcastShape(inputs.map((input) => input.shape))
  if (shape) return shape
  throw new NagareError(
    'bad-input',
    `Shapes ${inputs.map((input) => `[${input.shape}]`).join(' and ')} do not broadcast.`,
  )
}

interface Rules {
  /** Result of the op on two uniform constants. */
  numbers?: (a: number, b: number) => number
  /** The right, and (for commutative ops) left operand that changes nothing. */
  neutral?: { right?: number; left?: number }
}

/** An arithmetic op: both inputs and the result share a dtype. */
function arithmetic(formula: string | Formula, { numbers, neutral = {} }: Rules = {}): Kernel {
  return {
    inputs: ['a', 'b'],
    takes: numeric,
    broadcasts: true,
    infer: ([a, b]) => [typed(a!.dtype, fitted([a!, b!]))],
    fold: ({ graph, inputs: [a, b], type }: Folding<unknown>) => {
      if (numbers && a!.uniform !== undefined && b!.uniform !== undefined && type.dtype === 'float32') {
        return graph.uniform(Math.fround(numbers(a!.uniform, b!.uniform)), type)
      }
      const kept =
        b!.uniform !== undefined && b!.uniform === neutral.right
          ? a
          : a!.uniform !== undefined && a!.uniform === neutral.left
            ? b
            : undefined
      return kept && sameShape(kept.shape, type.shape) ? kept : undefined
    },
    lower: (onnx, [a, b], { inputs, outputs }) => {
      const compute = (left: string, right: string) =>
        typeof formula === 'string' ? onnx.node(formula, [left, right]) : formula(onnx, left, right, inputs)
      const { shape } = outputs[0]!
      if (!isSlow(inputs, shape)) return [compute(a!, b!)]
      const [left, right] = [a!, b!].map((name) => onnx.reshape(name, [-1]))
      return [onnx.reshape(compute(left!, right!), shape)]
    },
  }
}

/** ONNX Runtime takes six times as long for a number and a tensor whose last axis has a length of 1 as for the same elements in a row. */
const isSlow = (inputs: readonly Value[], shape: readonly number[]) =>
  shape.length > 1 &&
  shape.at(-1) === 1 &&
  sizeOf(shape) > 1 &&
  inputs.some((input) => sizeOf(input.shape) === 1) &&
  inputs.some((input) => sameShape(input.shape, shape))

/** A comparison: result bool; bools are compared as integers where ONNX has no order for them. */
function comparison(formula: Formula): Kernel {
  return {
    inputs: ['a', 'b'],
    broadcasts: true,
    infer: ([a, b]) => [typed('bool', fitted([a!, b!]))],
    lower: (onnx, names, { inputs }) => {
      const [a, b] = names.map((name, i) => (inputs[i]!.dtype === 'bool' ? onnx.cast(name, 'int32') : name))
      return [formula(onnx, a!, b!, inputs)]
    },
  }
}

function logical(type: string): Kernel {
  return {
    inputs: ['a', 'b'],
    broadcasts: true,
    infer: ([a, b]) => [typed('bool', fitted([a!, b!]))],
    lower: (onnx, [a, b]) => [onnx.node(type, [a!, b!])],
  }
}

const op =
  (type: string): Formula =>
  (onnx, a, b) =>
    onnx.node(type, [a, b])

/**
 * An integer divisor with 1 in place of 0 and -1, and where they are: dividing by 0, or the least integer by -1, stops the process. No `special`
 * where the divisor is a constant that has neither.
 */
function safeDivisor(onnx: OnnxBuilder, b: string, { uniform }: Value): { divisor: string; special?: string } {
  if (uniform !== undefined && uniform !== 0 && uniform !== -1) return { divisor: b }
  const within = [
    onnx.node('GreaterOrEqual', [b, onnx.scalar('int32', -1)]),
    onnx.node('LessOrEqual', [b, onnx.scalar('int32', 0)]),
  ]
  const special = onnx.node('And', within)
  return { divisor: onnx.node('Where', [special, onnx.scalar('int32', 1), b]), special }
}

/** ⌊a / b⌋ as int32, and for integers 0 where b is 0. */
const floorDivide: Formula = (onnx, a, b, of) => {
  if (of[0]!.dtype === 'float32') return onnx.cast(onnx.node('Floor', [onnx.node('Div', [a, b])]), 'int32')
  const [zero, one] = [onnx.scalar('int32', 0), onnx.scalar('int32', 1)]
  const { divisor, special } = safeDivisor(onnx, b, of[1]!)
  const truncated = onnx.node('Div', [a, divisor])
  const inexact = onnx.node('Not', [onnx.node('Equal', [onnx.node('Mul', [truncated, divisor]), a])])
  const negative = onnx.node('Xor', [onnx.node('Less', [a, zero]), onnx.node('Less', [divisor, zero])])
  const floored = onnx.node('Where', [
    onnx.node('And', [inexact, negative]),
    onnx.node('Sub', [truncated, one]),
    truncated,
  ])
  // a / 1 · b is 0 and -a at the divisors 0 and -1.
  return special === undefined ? floored : onnx.node('Mul', [floored, onnx.node('Where', [special, b, one])])
}

/** a - b ⌊a / b⌋: the remainder with the divisor's sign, and for integers 0 where b is 0. */
const floorMod: Formula = (onnx, a, b, of) => {
  if (of[0]!.dtype === 'int32') return onnx.node('Mod', [a, safeDivisor(onnx, b, of[1]!).divisor])
  const truncated = onnx.node('Mod', [a, b], { fmod: 1 })
  const zero = onnx.scalar('float32', 0)
  const otherSign = onnx.node('Less', [onnx.node('Mul', [truncated, b]), zero])
  return onnx.node('Where', [otherSign, onnx.node('Add', [truncated, b]), truncated])
}

/** a^b with the frequent constant exponents written as products and roots. */
const power: Kernel = {
  ...arithmetic('Pow', { numbers: Math.pow, neutral: { right: 1 } }),
  lower: (onnx, [a, b], { inputs }) => {
    const special: Record<number, () => string> = {
      2: () => onnx.node('Mul', [a!, a!]),
      0.5: () => onnx.node('Sqrt', [a!]),
      1.5: () => onnx.node('Mul', [a!, onnx.node('Sqrt', [a!])]),
      [-1]: () => onnx.node('Reciprocal', [a!]),
      [-0.5]: () => onnx.node('Reciprocal', [onnx.node('Sqrt', [a!])]),
    }
    const write = inputs[0]!.dtype === 'float32' ? special[inputs[1]!.uniform ?? NaN] : undefined
    return [write ? write() : onnx.node('Pow', [a!, b!])]
  },
}

/** Elementwise functions of two tensors, broadcast as in NumPy. */
export const binary: KernelTable = {
  Add: arithmetic('Add', { numbers: (a, b) => a + b, neutral: { right: 0, left: 0 } }),
  Sub: arithmetic('Sub', { numbers: (a, b) => a - b, neutral: { right: 0 } }),
  Multiply: arithmetic('Mul', { numbers: (a, b) => a * b, neutral: { right: 1, left: 1 } }),
  RealDiv: {
    ...arithmetic('Div', { numbers: (a, b) => a / b, neutral: { right: 1 } }),
    infer: ([a, b]) => [float(fitted([a!, b!]))],
  },
  FloorDiv: { ...arithmetic(floorDivide), infer: ([a, b]) => [typed('int32', fitted([a!, b!]))] },
  Mod: arithmetic(floorMod),
  Maximum: arithmetic('Max', { numbers: Math.max }),
  Minimum: arithmetic('Min', { numbers: Math.min }),
  Pow: power,
  SquaredDifference: arithmetic((onnx, a, b) => {
    const difference = onnx.node('Sub', [a, b])
    return onnx.node('Mul', [difference, difference])
  }),
  Prelu: {
    inputs: ['x', 'alpha'],
    broadcasts: true,
    infer: ([x, alpha]) => [float(fitted([x!, alpha!]))],
    lower: (onnx, names, { inputs }) => [
      onnx.node(
        'PRelu',
        names.map((name, i) => (inputs[i]!.dtype === 'float32' ? name : onnx.cast(name, 'float32'))),
      ),
    ],
  },
  Equal: comparison(op('Equal')),
  NotEqual: comparison((onnx, a, b) => onnx.node('Not', [onnx.node('Equal', [a, b])])),
  Greater: comparison(op('Greater')),
  GreaterEqual: comparison(op('GreaterOrEqual')),
  Less: comparison(op('Less')),
  LessEqual: comparison(op('LessOrEqual')),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
  Select: {
    inputs: ['condition', 't', 'e'],
    broadcasts: true,
    infer: ([condition, t, e]) => [typed(t!.dtype, fitted([condition!, t!, e!]))],
    fold: ({ graph, inputs: [, t, e], type }) =>
      t!.uniform !== undefined && t!.uniform === e!.uniform ? graph.uniform(t!.uniform, type) : undefined,
    lower: (onnx, [condition, ...sides], { outputs }) => {
      if (outputs[0]!.dtype !== 'bool') return [onnx.node('Where', [condition!, ...sides])]
      const chosen = onnx.node('Where', [condition!, ...sides.map((side) => onnx.cast(side, 'int32'))])
      return [onnx.cast(chosen, 'bool')]
    },
  },
  FusedBatchNorm: kernel<tf.FusedBatchNormAttrs>({
    inputs: ['x', 'mean', 'variance', 'offset', 'scale'],
    infer: ([x]) => [x!],
    lower: (onnx, [x, mean, variance, ...rest], { attrs, inputs }) => {
      const factor = onnx.node('Reciprocal', [
        onnx.node('Sqrt', [onnx.node('Add', [variance!, onnx.scalar('float32', attrs.varianceEpsilon)])]),
      ])
      if (inputs.length !== 5)
        throw new NagareError('unsupported', 'batchNorm has a lowering to ONNX only with both offset and scale.')
      const scale = onnx.node('Mul', [factor, rest[1]!])
      const shift = onnx.node('Sub', [rest[0]!, onnx.node('Mul', [mean!, scale])])
      return [onnx.node('Add', [onnx.node('Mul', [x!, scale]), shift])]
    },
  }),
  AddN: {
    inputs: 'list',
    takes: numeric,
    infer: ([x]) => [x!],
    lower: (onnx, names, { inputs }) => [sum(onnx, names, inputs)],
  },
}

function sum(onnx: OnnxBuilder, names: readonly string[], inputs: readonly Value[]): string {
  if (inputs[0]!.dtype === 'float32') return onnx.node('Sum', names)
  return names.reduce((total, name) => onnx.node('Add', [total, name]))
}
