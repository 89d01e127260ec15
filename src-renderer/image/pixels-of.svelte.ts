import type { Asset } from '@contract'
import { loadPixels, pixelsUrl, type Pixels } from './pixels'

/** The pixels of the picture that `asset` answers at the moment, held while the component lives that asks for them. */
export function pixelsOf(asset: () => Asset | undefined): {
  readonly pixels: Pixels | undefined
  readonly failed: boolean
} {
  let pixels = $state.raw<Pixels>()
  let failed = $state(false)
  const url = $derived.by(() => {
    const shown = asset()
    return shown && pixelsUrl(shown)
  })

  $effect(() => {
    if (url === undefined) return
    const leaving = new AbortController()
    let own: Pixels | undefined
    loadPixels(url, leaving.signal).then(
      (loaded) => {
        if (leaving.signal.aborted) return loaded.close()
        own = loaded
        pixels = loaded
      },
      () => (failed = !leaving.signal.aborted),
    )
    return () => {
      leaving.abort()
      pixels = undefined
      failed = false
      own?.close()
    }
  })

  return {
    get pixels() {
      return pixels
    },
    get failed() {
      return failed
    },
  }
}
