import { NagareError } from '../../lib/errors'
import { float32, sizeOf, type NDArray, type NDArrays } from '../../lib/ndarray'
import { flowsOf, type BlowConfig } from './config'
import { weightShapes } from './weights'

/** Public names of a flow's parts under ours; matrices of linear layers are turned there, [out, in]. */
const parts: Record<string, { from: string; turned?: boolean }> = {
  'mix.order': { from: 'mixer.w_p' },
  'mix.lower': { from: 'mixer.w_l' },
  'mix.upper': { from: 'mixer.w_u' },
  'mix.sign': { from: 'mixer.s_sign' },
  'mix.logScale': { from: 'mixer.w_s' },
  'norm.shift': { from: 'norm.m' },
  'norm.logScale': { from: 'norm.logs' },
  'kernel.weight': { from: 'coupling.net.adapt_w.weight', turned: true },
  'kernel.bias': { from: 'coupling.net.adapt_w.bias' },
  'offset.weight': { from: 'coupling.net.adapt_b.weight', turned: true },
  'offset.bias': { from: 'coupling.net.adapt_b.bias' },
  'hidden.weight': { from: 'coupling.net.net.1.weight' },
  'hidden.bias': { from: 'coupling.net.net.1.bias' },
  'end.weight': { from: 'coupling.net.net.3.weight' },
  'end.bias': { from: 'coupling.net.net.3.bias' },
}

/** Weights of the public implementation's names as a pack has them. Throws `bad-input` naming what is missing or of another shape. */
export function fromPublicNames(config: BlowConfig, state: NDArrays): NDArrays {
  const shapes = weightShapes(config)
  const take = (name: string, from: string, turned = false): NDArray => {
    const found = state[from]
    const shape = shapes[name] as readonly number[]
    if (!found) throw new NagareError('bad-input', `The checkpoint lacks ${from}.`)
    const due = turned ? [...shape].reverse() : shape
    if (sizeOf(found.shape) !== sizeOf(shape) || essential(found.shape) !== essential(due))
      throw new NagareError('bad-input', `${from} has shape [${found.shape}], expected [${due}].`)
    return turned ? transposed(found) : float32(shape, Float32Array.from(found.data))
  }
  const weights: NDArrays = { voices: take('voices', 'embedding.weight') }
  for (const { name } of flowsOf(config))
    for (const [part, { from, turned }] of Object.entries(parts))
      weights[`${name}.${part}`] = take(`${name}.${part}`, `${name}.${from}`, turned)
  return weights
}

/** A shape without its sides of 1. */
const essential = (shape: readonly number[]): string => shape.filter((side) => side !== 1).join()

function transposed({ shape, data }: NDArray): NDArray {
  const [rows, columns] = shape as [number, number]
  const result = float32([columns, rows])
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result.data[j * rows + i] = data[i * columns + j]!
  return result
}
