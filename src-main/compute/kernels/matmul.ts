import type * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../../lib/errors'
import { sizeOf } from '../../lib/ndarray'
import type { OnnxBuilder } from '../onnx/builder'
import { broadcastShape, type Value } from '../trace/graph'
import { kernel, numeric, typed, type KernelTable } from './kernel'

/** Swaps the last two axes where `swap` asks for it. */
function turned(onnx: OnnxBuilder, name: string, rank: number, swap: boolean): string {
  if (!swap) return name
  const perm = Array.from({ length: rank }, (_, i) => i)
  perm[rank - 1] = rank - 2
  perm[rank - 2] = rank - 1
  return onnx.node('Transpose', [name], { perm })
}

/** A right factor without its batch axes of length 1: ONNX Runtime then multiplies all rows at once. */
function withoutBatch(onnx: OnnxBuilder, name: string, value: Value): { name: string; rank: number } {
  const { shape } = value
  if (shape.length === 2 || sizeOf(shape.slice(0, -2)) !== 1) return { name, rank: shape.length }
  return { name: onnx.reshape(name, shape.slice(-2)), rank: 2 }
}

export const matmul: KernelTable = {
  BatchMatMul: kernel<tf.BatchMatMulAttrs>({
    inputs: ['a', 'b'],
    takes: numeric,
    infer: ([a, b], { transposeA, transposeB }) => {
      const [rows, innerA] = transposeA ? [a!.shape.at(-1)!, a!.shape.at(-2)!] : [a!.shape.at(-2)!, a!.shape.at(-1)!]
      const [innerB, columns] = transposeB ? [b!.shape.at(-1)!, b!.shape.at(-2)!] : [b!.shape.at(-2)!, b!.shape.at(-1)!]
      const batch = broadcastShape([a!.shape.slice(0, -2), b!.shape.slice(0, -2)])
      if (innerA !== innerB || !batch) {
        const flag = (on: boolean) => (on ? 'ᵀ' : '')
        throw new NagareError(
          'bad-input',
          `matMul of [${a!.shape}]${flag(transposeA)} by [${b!.shape}]${flag(transposeB)} does not fit.`,
        )
      }
      return [typed(a!.dtype, [...batch, rows, columns])]
    },
    lower: (onnx, [a, b], { attrs, inputs, outputs }) => {
      const { transposeA, transposeB } = attrs
      const shape = outputs[0]!.shape
      if (shape.length === 2) {
        if (!transposeA && !transposeB) return [onnx.node('MatMul', [a!, b!])]
        // ONNX Runtime has Gemm for floats only.
        if (outputs[0]!.dtype === 'float32')
          return [onnx.node('Gemm', [a!, b!], { transA: Number(transposeA), transB: Number(transposeB) })]
      }
      const right = withoutBatch(onnx, b!, inputs[1]!)
      const factors = [
        turned(onnx, a!, inputs[0]!.shape.length, transposeA),
        turned(onnx, right.name, right.rank, transposeB),
      ]
      // What multiplies transposed factors as they stand takes floats only: a cast keeps integers out of it.
      const whole = outputs[0]!.dtype === 'int32' && (transposeA || transposeB)
      const product = onnx.node('MatMul', whole ? factors.map((factor) => onnx.cast(factor, 'int32')) : factors)
      const rank = Math.max(inputs[0]!.shape.length, right.rank)
      return [rank === shape.length ? product : onnx.reshape(product, shape)]
    },
  }),
}
