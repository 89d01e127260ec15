import { join } from 'node:path'
import { float32, type NDArray, type NDArrays } from '../../src-main/lib/ndarray'
import { BlowConfig } from '../../src-main/models/blow/config'
import { readNpz } from '../../src-main/packs'

/** The small network whose numbers were taken from the public implementation. */
export const goldenConfig = BlowConfig.parse({ frame: 256, blocks: 3, flows: 2, channels: 32, voices: 5 })

export const readGolden = (
  part: 'io' | 'grads' | 'state_A_fresh' | 'state_A_after_actnorm_init' | 'state_B',
): Promise<NDArrays> => readNpz(join(import.meta.dirname, `../golden/blow/blow_small_${part}.npz`))

/** Numbers of voices as `lossInputs` wants them. */
export function oneHot(ids: NDArray, voices: number): NDArray {
  const result = float32([ids.data.length, voices])
  ids.data.forEach((id, i) => (result.data[i * voices + id] = 1))
  return result
}
