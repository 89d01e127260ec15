import type * as tf from '@tensorflow/tfjs-core'
import type { OnnxBuilder } from '../onnx/builder'
import type { DType } from '../../lib/ndarray'
import type { Value } from '../trace/graph'
import { float, kernel, numeric, typed, type Kernel, type KernelTable } from './kernel'

type Formula = (onnx: OnnxBuilder, x: string, dtype: DType) => string
const one = (onnx: OnnxBuilder) => onnx.scalar('float32', 1)

/** A function to float32; integer inputs are converted first. */
function toFloat(formula: string | Formula, folded?: (x: number) => number): Kernel {
  return {
    inputs: ['x'],
    broadcasts: true,
    infer: ([x]) => [float(x!.shape)],
    fold: ({ graph, inputs, type }) => {
      const number = inputs[0]!.uniform
      return number === undefined || !folded ? undefined : graph.uniform(Math.fround(folded(number)), type)
    },
    lower: (onnx, [x], node) => {
      const input = node.inputs[0]!.dtype === 'float32' ? x! : onnx.cast(x!, 'float32')
      return [typeof formula === 'string' ? onnx.node(formula, [input]) : formula(onnx, input, 'float32')]
    },
  }
}

/** A function that keeps its input's dtype; `identityOnIntegers` where it changes no integer. */
function sameType(formula: string | Formula, identityOnIntegers = false): Kernel {
  return {
    inputs: ['x'],
    broadcasts: true,
    ...(identityOnIntegers ? {} : { takes: numeric }),
    infer: ([x]) => [typed(x!.dtype, x!.shape)],
    fold: ({ inputs }) => (identityOnIntegers && inputs[0]!.dtype !== 'float32' ? inputs[0] : undefined),
    lower: (onnx, [x], { inputs }) => [
      typeof formula === 'string' ? onnx.node(formula, [x!]) : formula(onnx, x!, inputs[0]!.dtype),
    ],
  }
}

/** A test of each number; `ofIntegers` is its answer for every integer and bool. */
function floatTest(formula: Formula, ofIntegers: boolean): Kernel {
  return {
    inputs: ['x'],
    infer: ([x]) => [typed('bool', x!.shape)],
    fold: ({ graph, inputs, type }) =>
      inputs[0]!.dtype === 'float32' ? undefined : graph.uniform(Number(ofIntegers), type),
    lower: (onnx, [x]) => [formula(onnx, x!, 'float32')],
  }
}

/** log(1 + x) without cancellation: log u + (x - (u - 1)) / u with u = 1 + x as rounded. */
const log1p: Formula = (onnx, x) => {
  const u = onnx.node('Add', [x, one(onnx)])
  const lost = onnx.node('Sub', [x, onnx.node('Sub', [u, one(onnx)])])
  return onnx.node('Add', [onnx.node('Log', [u]), onnx.node('Div', [lost, u])])
}

/** exp(x) - 1 = tanh(x / 2) (exp(x) + 1), without cancellation near 0. */
const expm1: Formula = (onnx, x) => {
  const half = onnx.node('Tanh', [onnx.node('Mul', [x, onnx.scalar('float32', 0.5)])])
  return onnx.node('Mul', [half, onnx.node('Add', [onnx.node('Exp', [x]), one(onnx)])])
}

/** max(x, 0) + log(1 + exp(-|x|)); ONNX Runtime's own Softplus takes four times as long. */
const softplus: Formula = (onnx, x) =>
  onnx.node('Add', [
    onnx.node('Relu', [x]),
    log1p(onnx, onnx.node('Exp', [onnx.node('Neg', [onnx.node('Abs', [x])])]), 'float32'),
  ])

const square: Formula = (onnx, x) => onnx.node('Mul', [x, x])
const isInfinite: Formula = (onnx, x) => onnx.node('IsInf', [x])

/** Elementwise functions of one tensor. */
export const unary: KernelTable = {
  Exp: toFloat('Exp', Math.exp),
  Expm1: toFloat(expm1),
  Log: toFloat('Log', Math.log),
  Log1p: toFloat(log1p),
  Sqrt: toFloat('Sqrt', Math.sqrt),
  Rsqrt: toFloat((onnx, x) => onnx.node('Reciprocal', [onnx.node('Sqrt', [x])])),
  Reciprocal: toFloat('Reciprocal', (x) => 1 / x),
  Tanh: toFloat('Tanh'),
  Sigmoid: toFloat('Sigmoid'),
  Softplus: toFloat(softplus),
  Erf: toFloat('Erf'),
  Sin: toFloat('Sin'),
  Cos: toFloat('Cos'),
  Tan: toFloat('Tan'),
  Asin: toFloat('Asin'),
  Acos: toFloat('Acos'),
  Atan: toFloat('Atan'),
  Sinh: toFloat('Sinh'),
  Cosh: toFloat('Cosh'),
  Asinh: toFloat('Asinh'),
  Acosh: toFloat('Acosh'),
  Atanh: toFloat('Atanh'),
  Elu: toFloat('Elu'),
  Selu: toFloat('Selu'),
  Square: sameType(square),
  Neg: sameType('Neg'),
  Abs: sameType('Abs'),
  Sign: sameType('Sign'),
  Relu: sameType('Relu'),
  Relu6: sameType((onnx, x, dtype) => onnx.node('Clip', [x, onnx.scalar(dtype, 0), onnx.scalar(dtype, 6)])),
  Floor: sameType('Floor', true),
  Ceil: sameType('Ceil', true),
  Round: sameType('Round', true),
  IsNan: floatTest((onnx, x) => onnx.node('IsNaN', [x]), false),
  IsInf: floatTest(isInfinite, false),
  IsFinite: floatTest(
    (onnx, x, dtype) => onnx.node('Not', [onnx.node('Or', [isInfinite(onnx, x, dtype), onnx.node('IsNaN', [x])])]),
    true,
  ),
  LogicalNot: {
    inputs: ['x'],
    infer: ([x]) => [typed('bool', x!.shape)],
    lower: (onnx, [x]) => [onnx.node('Not', [x!])],
  },
  LeakyRelu: kernel<tf.LeakyReluAttrs>({
    inputs: ['x'],
    infer: ([x]) => [float(x!.shape)],
    lower: (onnx, [x], { attrs, inputs }) => {
      const input = inputs[0]!.dtype === 'float32' ? x! : onnx.cast(x!, 'float32')
      return [onnx.node('LeakyRelu', [input], { alpha: { float: attrs.alpha } })]
    },
  }),
  Step: kernel<tf.StepAttrs>({
    inputs: ['x'],
    takes: numeric,
    infer: ([x]) => [typed(x!.dtype, x!.shape)],
    lower: (onnx, [x], { attrs, inputs }) => {
      const number = (n: number) => onnx.scalar(inputs[0]!.dtype, n)
      const stepped = onnx.node('Where', [onnx.node('Greater', [x!, number(0)]), number(1), number(attrs.alpha)])
      return [inputs[0]!.dtype === 'float32' ? onnx.node('Where', [onnx.node('IsNaN', [x!]), x!, stepped]) : stepped]
    },
  }),
  ClipByValue: kernel<tf.ClipByValueAttrs>({
    inputs: ['x'],
    takes: numeric,
    infer: ([x]) => [typed(x!.dtype, x!.shape)],
    lower: (onnx, [x], { attrs, inputs }) => {
      const { dtype } = inputs[0]!
      return [onnx.node('Clip', [x!, onnx.scalar(dtype, attrs.clipValueMin), onnx.scalar(dtype, attrs.clipValueMax)])]
    },
  }),
  Cast: kernel<tf.CastAttrs>({
    inputs: ['x'],
    infer: ([x], { dtype }) => [typed(dtype as Value['dtype'], x!.shape)],
    fold: ({ graph, inputs: [x], type }) => {
      if (x!.dtype === type.dtype) return x
      if (x!.uniform === undefined) return undefined
      return graph.uniform(
        type.dtype === 'bool' ? Number(x!.uniform !== 0) : type.dtype === 'int32' ? Math.trunc(x!.uniform) : x!.uniform,
        type,
      )
    },
    lower: (onnx, [x], { outputs }) => [onnx.cast(x!, outputs[0]!.dtype)],
  }),
  Identity: { inputs: ['x'], infer: ([x]) => [x!], fold: ({ inputs }) => inputs[0], lower: (_, [x]) => [x!] },
  Softmax: kernel<tf.SoftmaxAttrs>({
    inputs: ['logits'],
    infer: ([x]) => [float(x!.shape)],
    lower: (onnx, [x], { attrs }) => [onnx.node('Softmax', [x!], { axis: attrs.dim })],
  }),
}
