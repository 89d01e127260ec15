import { readPeaks, type Peaks } from '@contract'
import { peaksAddress } from './media-of'

const keep = 12
const known = new Map<string, Promise<Peaks>>()
const longestWait = 2000

/** Peaks of a sound by its `mediaName`; waits while the engine is still measuring it. Throws when there are none. */
export function peaksOf(asset: string): Promise<Peaks> {
  const before = known.get(asset)
  if (before) return before
  const promise = fetchPeaks(asset)
  known.set(asset, promise)
  promise.catch(() => known.delete(asset))
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
    if ((response && !wait) || attempt > 600)
      throw new Error(`Expected the peaks of ${asset}, got status ${response?.status ?? 'none'}.`)
    await new Promise((resolve) => setTimeout(resolve, Math.min(longestWait, 150 * 1.5 ** Math.min(attempt, 8))))
  }
}
