import { NagareError } from '../lib/errors'
import { onBlocking } from '../lib/blocking'
import type { Terminal } from './command'

/** How long work that was asked to stop may take to, milliseconds. */
const GRACE = 2000
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Work that leaves nothing half done, such as training, whose checkpoints appear only whole: it is not waited for once a signal has come. While a graph is
 * compiled, or a step takes long, the thread hears nothing: then signals have their usual effect and end the process at once. Throws `cancelled`, and what `work` throws.
 */
export async function stopSoon<T>(work: () => Promise<T>, { signal, checkCancelled }: Terminal): Promise<T> {
  const heard = new Map<NodeJS.Signals, NodeJS.SignalsListener[]>()
  const release = onBlocking({
    before() {
      checkCancelled()
      for (const name of signals) {
        heard.set(name, process.listeners(name) as NodeJS.SignalsListener[])
        process.removeAllListeners(name)
      }
    },
    after() {
      for (const [name, listeners] of heard) for (const each of listeners) process.on(name, each)
      heard.clear()
    },
  })
  let stop = () => {}
  let grace: NodeJS.Timeout | undefined
  const stopped = new Promise<never>((_, reject) => {
    stop = () => void (grace = setTimeout(() => reject(new NagareError('cancelled', 'Stopped.')), GRACE))
    signal.addEventListener('abort', stop)
  })
  try {
    return await Promise.race([work(), stopped])
  } finally {
    clearTimeout(grace)
    signal.removeEventListener('abort', stop)
    release()
  }
}
