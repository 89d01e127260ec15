import { join } from 'node:path'
import { float32, type NDArray, type NDArrays } from '../../src-main/lib/ndarray'
import { FAnoganConfig } from '../../src-main/models/f-anogan/config'
import { readNpz } from '../../src-main/packs'
import { torchLinears } from './torch-uniform'

export const goldenConfig = FAnoganConfig.parse({ network: 'mlp', size: 8, latent: 5, epsilon: 0.8 })

/** The public port's linear layers in the order in which it makes them, their names here, and their sizes. */
const linears = [
  ['G.model.0', 'generator.0', 5, 128],
  ['G.model.2', 'generator.1', 128, 256],
  ['G.model.5', 'generator.2', 256, 512],
  ['G.model.8', 'generator.3', 512, 1024],
  ['G.model.11', 'generator.out', 1024, 64],
  ['D.features.0', 'critic.0', 64, 512],
  ['D.features.2', 'critic.1', 512, 256],
  ['D.last_layer.0', 'critic.out', 256, 1],
  ['E.model.0', 'encoder.0', 64, 512],
  ['E.model.2', 'encoder.1', 512, 256],
  ['E.model.4', 'encoder.out', 256, 5],
] as const
const norms = [
  ['G.model.3', 'generator.1.norm'],
  ['G.model.6', 'generator.2.norm'],
  ['G.model.9', 'generator.3.norm'],
] as const
const normParts = [
  ['weight', 'gamma'],
  ['bias', 'beta'],
  ['running_mean', 'mean'],
  ['running_var', 'variance'],
] as const

/** A file of test/golden/inspect. */
export const readInspectGolden = (name: string): Promise<NDArrays> =>
  readNpz(join(import.meta.dirname, '../golden/inspect', `${name}.npz`))

/** [out, in] → [in, out]. */
function transposed(data: Float32Array, out: number, inputs: number): NDArray {
  const array = float32([inputs, out])
  for (let o = 0; o < out; o++) for (let i = 0; i < inputs; i++) array.data[i * out + o] = data[o * inputs + i]!
  return array
}

/** The golden networks' weights under the names of `models/f-anogan`. */
export function goldenWeights(io: NDArrays): NDArrays {
  const weights: NDArrays = {}
  const drawn = torchLinears(
    0,
    linears.map(([, , inputs, out]) => [inputs, out]),
  )
  for (const [i, [, name, inputs, out]] of linears.entries()) {
    weights[`${name}.weight`] = transposed(drawn[i]!.weight, out, inputs)
    weights[`${name}.bias`] = float32([out], drawn[i]!.bias)
  }
  for (const [theirs, ours] of norms)
    for (const [from, to] of normParts) weights[`${ours}.${to}`] = io[`${theirs}.${from}`]!
  return weights
}

/** The golden gradients of a loss by a parameter's name here: numbers in PyTorch's order, all or the first 256, and the norm of all. */
export function goldenGradients(io: NDArrays, loss: 'd_loss' | 'g_loss' | 'e_loss') {
  const names: [string, string][] = [
    ...linears.flatMap(([theirs, ours]): [string, string][] => [
      [`${theirs}.weight`, `${ours}.weight`],
      [`${theirs}.bias`, `${ours}.bias`],
    ]),
    ...norms.flatMap(([theirs, ours]): [string, string][] => [
      [`${theirs}.weight`, `${ours}.gamma`],
      [`${theirs}.bias`, `${ours}.beta`],
    ]),
  ]
  return names.flatMap(([theirs, name]) => {
    const part = io[`grad_${loss}.${theirs}`]
    return part ? [{ name, part: part.data as Float32Array, norm: io[`norm_grad_${loss}.${theirs}`]!.data[0]! }] : []
  })
}

/** Numbers of a weight [in, out] in the order of PyTorch's [out, in]; other shapes as they are. */
export function torchOrder({ shape, data }: NDArray): Float32Array {
  if (shape.length !== 2) return data as Float32Array
  const [inputs, out] = shape as [number, number]
  return transposed(data as Float32Array, inputs, out).data as Float32Array
}
