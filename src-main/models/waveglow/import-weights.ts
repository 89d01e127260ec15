import { NagareError } from '../../lib/errors'
import { float32, sizeOf, type NDArray, type NDArrays } from '../../lib/ndarray'
import type { StateDict, TorchFile } from '../../packs'
import { channelsAt, conditionChannels, range, type WaveGlowConfig } from './config'
import { joinNormed } from './weights'

/** An array that is read when its turn comes. */
type Later = () => Promise<NDArray & { data: Float32Array }>

/**
 * Reads a WaveGlow's weights in the form of packs: weight norm folded (w = g · v / ‖v‖), conditioning one convolution per layer, residual and skip
 * convolutions one. Throws `bad-input` naming every tensor that is missing, misshapen or too many, before any is read; `corrupt` for numbers that are
 * not finite.
 */
export async function importWeights(
  file: TorchFile,
  { tensors }: StateDict,
  config: WaveGlowConfig,
): Promise<NDArrays> {
  const plan = planOf(file, tensors, config)
  const weights: NDArrays = {}
  for (const [names, read] of plan) {
    const array = await read()
    if (array.data.some((value) => !Number.isFinite(value)))
      throw new NagareError('corrupt', `${file.path} holds numbers in ${names[0]} that are not finite.`, {
        file: file.path,
        hint: 'The model diverged in training; take an earlier checkpoint.',
      })
    const size = array.data.length / names.length
    const [rows, ...rest] = array.shape as [number, ...number[]]
    for (const [i, name] of names.entries())
      weights[name] = float32([rows / names.length, ...rest], array.data.subarray(size * i, size * (i + 1)))
  }
  return weights
}

/** What to read, and under which of our names its equal parts go. */
function planOf(
  file: TorchFile,
  tensors: StateDict['tensors'],
  config: WaveGlowConfig,
): [names: string[], read: Later][] {
  const { mels, flows, wn, conditioning } = config
  const used = new Set<string>()
  const faults: string[] = []
  const has = (name: string) => tensors.has(name)
  const isConvolution = (name: string) =>
    ['weight', 'weight_v', 'parametrizations.weight.original1'].some((part) => has(`${name}.${part}`))

  const tensor = (name: string, shape: readonly number[]): Later => {
    const found = tensors.get(name)
    used.add(name)
    if (!found) faults.push(`${name} is missing`)
    else if (String(found.shape) !== String(shape)) faults.push(`${name} is [${found.shape}], not [${shape}]`)
    return async () => {
      const { dtype, data } = await file.read(found!)
      if (dtype === 'float32') return float32(shape, data as Float32Array)
      throw new NagareError('bad-input', `${file.path}: ${name} holds ${dtype}.`, { file: file.path })
    }
  }
  const weight = (name: string, shape: readonly number[]): Later => {
    const parts = [
      ['weight_v', 'weight_g'],
      ['parametrizations.weight.original1', 'parametrizations.weight.original0'],
    ].find(([v]) => has(`${name}.${v}`))
    if (!parts) return tensor(`${name}.weight`, shape)
    const [v, g] = [tensor(`${name}.${parts[0]}`, shape), tensor(`${name}.${parts[1]}`, [shape[0]!, 1, 1])]
    return async () => joinNormed(await v(), await g()) as NDArray & { data: Float32Array }
  }

  const plan: [string[], Later][] = []
  /** Our convolutions `to`, equal parts of one of theirs, or of several on top of each other. */
  const convolution = (to: string[], from: string[], shapes: number[][]) => {
    plan.push([to.map((name) => `${name}.weight`), stacked(from.map((name, i) => weight(name, shapes[i]!)))])
    plan.push([
      to.map((name) => `${name}.bias`),
      stacked(from.map((name, i) => tensor(`${name}.bias`, [shapes[i]![0]!]))),
    ])
  }

  const { channels, kernel, layers } = wn
  plan.push([
    ['upsample.weight'],
    tensor('upsample.weight', [mels, mels, 'kernel' in conditioning ? conditioning.kernel : 0]),
  ])
  plan.push([['upsample.bias'], tensor('upsample.bias', [mels])])
  for (const k of range(flows)) {
    const side = channelsAt(config, k)
    const [ours, theirs] = [`flows.${k}`, `WN.${k}`]
    const mix = tensor(`convinv.${k}.conv.weight`, [side, side, 1])
    plan.push([[`${ours}.mix`], async () => float32([side, side], (await mix()).data)])
    convolution([`${ours}.start`], [`${theirs}.start`], [[channels, side / 2, 1]])
    convolution([`${ours}.end`], [`${theirs}.end`], [[side, channels, 1]])
    const conditions = range(layers).map((i) => `${ours}.condition.${i}`)
    const wide = [2 * channels, conditionChannels(config), 1]
    if (isConvolution(`${theirs}.cond_layer`))
      convolution(conditions, [`${theirs}.cond_layer`], [[wide[0]! * layers, ...wide.slice(1)]])
    else for (const i of range(layers)) convolution([conditions[i]!], [`${theirs}.cond_layers.${i}`], [wide])
    for (const i of range(layers)) {
      const [residual, skip, both] = ['res_layers', 'skip_layers', 'res_skip_layers'].map(
        (name) => `${theirs}.${name}.${i}`,
      )
      convolution([`${ours}.dilated.${i}`], [`${theirs}.in_layers.${i}`], [[2 * channels, channels, kernel]])
      const isLast = i === layers - 1
      const part = [channels, channels, 1]
      const from = isConvolution(skip!) ? (isLast ? [skip!] : [residual!, skip!]) : [both!]
      const shapes = from.length === 2 ? [part, part] : [[isLast ? channels : 2 * channels, channels, 1]]
      convolution([`${ours}.residual.${i}`], from, shapes)
    }
  }

  for (const name of tensors.keys())
    if (!used.has(name) && !isIdle(name, layers)) faults.push(`${name} is one too many`)
  if (faults.length)
    throw new NagareError(
      'bad-input',
      `${file.path} does not hold the tensors of one WaveGlow: ${faults.slice(0, 8).join('; ')}${faults.length > 8 ? `; and ${faults.length - 8} more` : ''}.`,
      { file: file.path, hint: 'Check that the checkpoint is whole and of the public implementation.' },
    )
  return plan
}

/** Tensors that do nothing: cached inverses, which are computed anew, and the oldest code's residual after the last layer. */
const isIdle = (name: string, layers: number) =>
  /^convinv\.\d+\.W_inverse$/.test(name) || new RegExp(`^WN\\.\\d+\\.res_layers\\.${layers - 1}\\.`).test(name)

/** Arrays of several reads on top of each other. */
const stacked =
  (parts: Later[]): Later =>
  async () => {
    if (parts.length === 1) return parts[0]!()
    const arrays = []
    for (const read of parts) arrays.push(await read())
    const [, ...rest] = arrays[0]!.shape
    const rows = arrays.reduce((sum, { shape }) => sum + shape[0]!, 0)
    const all = float32([rows, ...rest], new Float32Array(rows * sizeOf(rest)))
    let at = 0
    for (const { data } of arrays) {
      all.data.set(data, at)
      at += data.length
    }
    return all
  }
