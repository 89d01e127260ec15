import { createRequire } from 'node:module'
import util from 'node:util'
import { NagareError } from '../../lib/errors'
import { registerGradients } from '../gradients'
import type { Device } from '../program'
import { eagerDevice } from './eager'

const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const

/** Eager TensorFlow through the optional `@tensorflow/tfjs-node-gpu`, else `tfjs-node`. Throws `unavailable` with what each package said. */
export async function tensorflowDevice(): Promise<Device> {
  restoreNodeUtil()
  const require = createRequire(import.meta.url)
  const reasons: string[] = []
  for (const name of packages) {
    try {
      require(name)
      // The package brings a copy of tfjs-core that registers its own gradients over ours.
      registerGradients()
      return eagerDevice(
        'tensorflow',
        name.endsWith('gpu') ? 'TensorFlow (GPU build)' : 'TensorFlow (processor)',
        'tensorflow',
      )
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message.split('\n')[0] : String(thrown)
      reasons.push(`${name}: ${message}`)
    }
  }
  throw new NagareError('unavailable', `TensorFlow could not be loaded (${reasons.join('; ')}).`, {
    hint: 'Install @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node beside Nagare.',
  })
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined` and its like, which Node 23 dropped. */
function restoreNodeUtil(): void {
  const target = util as unknown as Record<string, unknown>
  target['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined
  target['isArray'] ??= Array.isArray
}
