import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js'
import { createRequire } from 'node:module'
import util from 'node:util'
import { NagareError } from '../../lib/errors'
import type { Device } from '../program'
import { TRACE } from '../trace/backend'
import { eagerDevice } from './eager'

const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const
const BACKEND = 'tensorflow'

/**
 * Eager TensorFlow through the optional `@tensorflow/tfjs-node-gpu`, else `tfjs-node`, looked for from the module or file `from`.
 * Throws `unavailable` with what each package said.
 *
 * The package brings copies of tfjs-core and of its CPU backend of its own. All copies keep engine, kernels and gradients in one global place, so the
 * backend that it registers is ours too, and it is handed tensors of our copy's class: these have all chained methods, which kernels may call. What it
 * registers over ours (the CPU's kernels, the gradients, the active backend) is put back.
 */
export async function tensorflowDevice(from: string | URL = import.meta.url): Promise<Device> {
  restoreNodeUtil()
  const require = createRequire(from)
  /** Of each package what it said, or nothing where it is not installed. */
  const reasons: (string | undefined)[] = []
  for (const name of packages) {
    const restore = remember()
    try {
      require(name)
      if (!tf.engine().registryFactory[BACKEND])
        throw new Error(`it registered no backend "${BACKEND}" with this copy of tfjs-core`)
      return eagerDevice(
        'tensorflow',
        name.endsWith('gpu') ? 'TensorFlow (GPU build)' : 'TensorFlow (processor)',
        BACKEND,
      )
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message.split('\n')[0]! : String(thrown)
      // The module that is missing may be one that it needs itself.
      const isMissing = (thrown as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND' && message.includes(`'${name}'`)
      reasons.push(isMissing ? undefined : `${name}: ${message}`)
    } finally {
      restore()
    }
  }
  const said = reasons.filter((reason) => reason !== undefined)
  const message = said.length
    ? `TensorFlow could not be loaded (${said.join('; ')}).`
    : `Neither ${packages.join(' nor ')} is installed.`
  throw new NagareError('unavailable', message, {
    hint: 'Install @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node beside Nagare.',
  })
}

/** Notes what this process has registered with tfjs; the answer puts it back. */
function remember(): () => void {
  const active = tf.engine().backendName
  const kernels = ['cpu', TRACE].flatMap((backend) => tf.getKernelsForBackend(backend))
  const gradients = [...new Set(kernels.map(({ kernelName }) => kernelName))].flatMap(
    (name) => tf.getGradient(name) ?? [],
  )
  return () => {
    for (const kernel of kernels) {
      if (tf.getKernel(kernel.kernelName, kernel.backendName) === kernel) continue
      tf.unregisterKernel(kernel.kernelName, kernel.backendName)
      tf.registerKernel(kernel)
    }
    for (const gradient of gradients) tf.registerGradient(gradient)
    void tf.engine().setBackend(active ?? 'cpu')
  }
}

/** tfjs-node 4.22 calls functions of `util` that Node 23 dropped. */
function restoreNodeUtil(): void {
  const target = util as unknown as Record<string, unknown>
  target['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined
  target['isArray'] ??= Array.isArray
  target['isString'] ??= (value: unknown) => typeof value === 'string'
}
