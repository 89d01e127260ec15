import type { Asset } from '@contract'
import type { Size } from '../image/tile-grid'
import { wholeMap } from '../image/whole-map'

/** A map's values as bytes, [height, width], 255 for 1. */
export interface MapBytes extends Size {
  levels: Uint8Array
}

/** The values of the map that `asset` answers at the moment, held while the component lives that asks for them. */
export function mapBytes(asset: () => Asset | undefined): { readonly map: MapBytes | undefined } {
  let map = $state.raw<MapBytes>()
  const shown = $derived(asset())

  $effect(() => {
    if (!shown?.image) return
    const { width, height } = shown.image
    const leaving = new AbortController()
    wholeMap(shown, leaving.signal).then(
      (levels) => {
        if (!leaving.signal.aborted) map = { width, height, levels: Uint8Array.from(levels, (level) => level >> 8) }
      },
      () => {},
    )
    return () => {
      leaving.abort()
      map = undefined
    }
  })

  return {
    get map() {
      return map
    },
  }
}
