import { readPeaks, type Peaks } from '@contract'
import { peaksAddress } from './media-of'
import type { PcmSource } from './pcm'
import type { PeaksAnswer } from './peaks-worker'

const keep = 12
const known = new Map<string, Promise<Peaks>>()
/** Milliseconds between two questions. */
const longestWait = 500

/** Peaks of a sound by its `mediaName`; waits while the engine is still measuring it. Throws when there are none. */
export const peaksOf = (asset: string): Promise<Peaks> => keepPeaks(asset, () => fetchPeaks(asset))

/** Peaks of what the player reads: the engine's for an asset's sound; those of a sound that is a sum are measured here, in a worker. */
export const peaksOfSound = (source: PcmSource): Promise<Peaks> =>
  source.mixed ? keepPeaks(source.url, () => measurePeaks(source)) : peaksOf(source.url.split('/').at(-1)!)

function keepPeaks(name: string, make: () => Promise<Peaks>): Promise<Peaks> {
  const before = known.get(name)
  if (before) return before
  const promise = make()
  known.set(name, promise)
  promise.catch(() => known.delete(name))
  for (const oldest of known.keys()) {
    if (known.size <= keep) break
    known.delete(oldest)
  }
  return promise
}

async function fetchPeaks(asset: string): Promise<Peaks> {
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(peaksAddress(asset)).catch(() => undefined)
    if (response?.ok) return readPeaks(await response.arrayBuffer())
    void response?.body?.cancel()
    const wait = response?.headers.get('retry-after')
    if ((response && !wait) || attempt > 2400)
      throw new Error(`Expected the peaks of ${asset}, got status ${response?.status ?? 'none'}.`)
    await new Promise((resolve) => setTimeout(resolve, Math.min(longestWait, 150 * 1.5 ** Math.min(attempt, 8))))
  }
}

function measurePeaks(source: PcmSource): Promise<Peaks> {
  const worker = new Worker(new URL('./peaks-worker.ts', import.meta.url), { type: 'module' })
  return new Promise<Peaks>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<PeaksAnswer>) =>
      'peaks' in data ? resolve(data.peaks) : reject(new Error(data.error))
    worker.onerror = ({ message }) => reject(new Error(message))
    worker.postMessage(source)
  }).finally(() => worker.terminate())
}
