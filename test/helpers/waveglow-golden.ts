import { join } from 'node:path'
import { float32, type NDArray, type NDArrays } from '../../src-main/lib/ndarray'
import { WaveGlowConfig } from '../../src-main/models/waveglow/config'
import { readNpz } from '../../src-main/packs'

/** The small network whose numbers were taken from the public implementation. */
export const goldenConfig = WaveGlowConfig.parse({
  mels: 16,
  flows: 4,
  early: { every: 2, size: 2 },
  wn: { layers: 2, channels: 32, kernel: 3 },
})

export const readGolden = (part: 'io' | 'state' | 'grads'): Promise<NDArrays> =>
  readNpz(join(import.meta.dirname, `../golden/waveglow/waveglow_small_mel16_${part}.npz`))

const rows = (array: NDArray, from: number, count: number): NDArray => {
  const size = array.data.length / array.shape[0]!
  return float32(
    [count, ...array.shape.slice(1)],
    (array.data as Float32Array).slice(from * size, (from + count) * size),
  )
}

/** Values under the public implementation's names, under ours; what was one convolution for all layers is one for each. */
export function renamed(values: NDArrays): NDArrays {
  const { layers, channels } = goldenConfig.wn
  const result: NDArrays = {}
  for (const [name, value] of Object.entries(values)) {
    const [, k, layer, rest] = /^WN\.(\d+)\.(\w+?)(?:_layers?)?\.(.+)$/.exec(name) ?? []
    const short = (kind: string) => kind.replace('weight_', '')
    const mixed = /^convinv\.(\d+)/.exec(name)?.[1]
    if (mixed !== undefined) result[`flows.${mixed}.mix`] = float32(value.shape.slice(0, 2), value.data as Float32Array)
    else if (k === undefined) result[name] = value
    else if (layer === 'cond')
      for (let i = 0; i < layers; i++)
        result[`flows.${k}.condition.${i}.${short(rest!)}`] = rows(value, 2 * channels * i, 2 * channels)
    else {
      const ours = { in: 'dilated', res_skip: 'residual' }[layer!] ?? layer
      result[`flows.${k}.${ours}.${short(rest!)}`] = value
    }
  }
  return result
}
