import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { openDevice, type ProgramSpec, type Tensors } from '../../../src-main/compute'
import { kernels } from '../../../src-main/compute/kernels'
import type { NDArray, NDArrays } from '../../../src-main/lib/ndarray'
import { opCases, sample, shapesOf, type OpCase } from '../../helpers/op-cases'

const cpu = await openDevice('cpu', { threads: 1 })
const reference = await openDevice('reference')

/** Weights of a fixed, irregular pattern: they make a scalar of any tensor. */
function patterned(tensors: tf.Tensor[], phase: number): tf.Tensor {
  const parts = tensors.map((tensor, i) => {
    const weights = tf.sin(tf.add(tf.mul(tf.range(0, tensor.size), 1.3), phase + i))
    return tf.sum(tf.mul(tf.reshape(tensor, [-1]), weights))
  })
  return tf.addN(parts)
}

const list = (out: tf.Tensor | tf.Tensor[]) => (Array.isArray(out) ? out : [out])

/** The op's outputs, and for smooth ops the gradient of a weighted sum of them, and the gradient of a weighted sum of that gradient. */
function caseProgram({ title, inputs, apply, smooth }: OpCase): ProgramSpec {
  const floats = Object.keys(inputs).filter((name) => inputs[name]!.dtype === 'float32')
  return {
    name: title,
    inputs: shapesOf(inputs),
    run(values) {
      const outputs: Tensors = Object.fromEntries(list(apply(values.inputs)).map((tensor, i) => [`out${i}`, tensor]))
      if (!smooth) return { outputs }
      const xs = floats.map((name) => values.inputs[name]!)
      const value = (...ys: tf.Tensor[]) =>
        patterned(
          list(apply({ ...values.inputs, ...Object.fromEntries(floats.map((name, i) => [name, ys[i]!])) })),
          0.4,
        )
      const slope = (...ys: tf.Tensor[]) => patterned(tf.grads(value)(ys), 1.1)
      outputs['value'] = value(...xs)
      outputs['slope'] = slope(...xs)
      for (const [i, gradient] of tf.grads(value)(xs).entries()) outputs[`d.${floats[i]}`] = gradient
      for (const [i, gradient] of tf
        .grads((...ys) => tf.add(slope(...ys), tf.mul(value(...ys), 0.1)))(xs)
        .entries())
        outputs[`dd.${floats[i]}`] = gradient
      return { outputs }
    },
  }
}

/** `inputs` with the floats moved by `step` along the pattern of `patterned(…, phase)`. */
function moved(inputs: NDArrays, phase: number, step: number): NDArrays {
  let i = 0
  return Object.fromEntries(
    Object.entries(inputs).map(([name, array]): [string, NDArray] => {
      if (array.dtype !== 'float32') return [name, array]
      const at = phase + i++
      return [name, { ...array, data: Float32Array.from(array.data, (x, j) => x + step * Math.sin(1.3 * j + at)) }]
    }),
  )
}

const dot = (outputs: NDArrays, prefix: string, inputs: NDArrays, phase: number) => {
  let i = 0
  let total = 0
  for (const name of Object.keys(inputs)) {
    if (inputs[name]!.dtype !== 'float32') continue
    const at = phase + i++
    outputs[`${prefix}.${name}`]!.data.forEach((x, j) => (total += x * Math.sin(1.3 * j + at)))
  }
  return total
}

test('every traced kernel has a case', () => {
  expect(Object.keys(opCases).sort()).toEqual([...kernels.keys()].sort())
})

/** Kernels whose result is flat, a choice or a constant wherever it is defined, so that there is no derivative to compare. */
const withoutDerivative: Record<string, readonly string[]> = {
  'answers bools': [
    ...['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'IsNan', 'IsInf', 'IsFinite'],
    ...['LogicalAnd', 'LogicalOr', 'LogicalNot', 'All', 'Any'],
  ],
  'answers whole numbers': ['Floor', 'Ceil', 'Round', 'FloorDiv', 'ArgMax', 'ArgMin'],
  'reads indices only': ['OneHot'],
  'changes the dtype': ['Cast'],
}

test('every kernel that has a derivative has a case that compares it', () => {
  const compared = Object.keys(opCases).filter((kernel) => opCases[kernel]!.some(({ smooth }) => smooth))
  const missing = [...kernels.keys()].filter((kernel) => !compared.includes(kernel))
  expect(missing.sort()).toEqual(Object.values(withoutDerivative).flat().sort())
})

describe.each(Object.entries(opCases))('%s', (kernel, cases) => {
  test('is what the cases call', async () => {
    const [{ inputs, apply }] = cases as [OpCase]
    await tf.setBackend('cpu')
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, { data, shape, dtype }]) => [name, tf.tensor(data, [...shape], dtype)]),
    )
    const { kernelNames } = await tf.profile(() => apply(tensors))
    expect(kernelNames).toContain(kernel)
  })

  test.each(cases.map((each): [string, OpCase] => [each.title, each]))('%s', async (_, each) => {
    const spec = caseProgram(each)
    const [traced, eager] = [await cpu.load(spec, {}), await reference.load(spec, {})]
    const [found, expected] = [await traced.run(each.inputs), await eager.run(each.inputs)]
    for (const [name, array] of Object.entries(expected)) {
      expect(found[name]!.dtype, name).toBe(array.dtype)
      expect(found[name], name).toBeAllclose(array, { relative: 2e-4, absolute: 2e-5 })
    }
    if (each.smooth) {
      const at = async (phase: number, step: number) => eager.run(moved(each.inputs, phase, step))
      const step = 4e-3
      const rise = async (name: string, phase: number) => {
        const [up, down] = [await at(phase, step), await at(phase, -step)]
        return (up[name]!.data[0]! - down[name]!.data[0]!) / (2 * step)
      }
      const [value, slope] = [await rise('value', 1.1), (await rise('slope', 0.7)) + 0.1 * (await rise('value', 0.7))]
      expect([dot(found, 'd', each.inputs, 1.1)]).toBeAllclose([value], { relative: 5e-3, absolute: 3e-3 })
      expect([found['slope']!.data[0]!]).toBeAllclose([value], { relative: 5e-3, absolute: 3e-3 })
      expect([dot(found, 'dd', each.inputs, 0.7)]).toBeAllclose([slope], { relative: 1e-2, absolute: 1e-2 })
    }
    await traced.dispose()
    await eager.dispose()
  })
})

test('a sample keeps its kind', () => {
  expect(sample([5], 'bits').data.every((bit) => bit === 0 || bit === 1)).toBe(true)
})
