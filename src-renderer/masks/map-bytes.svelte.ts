import type { Asset } from '@contract'
import { tileBox, tilesIn, type Size } from '../image/tile-grid'
import { fetchTile } from '../image/tile-store'

/** A map's values as bytes, [height, width], 255 for 1. */
export interface MapBytes extends Size {
  levels: Uint8Array
}

/** The values of the map that `asset` answers at the moment, held while the component lives that asks for them. */
export function mapBytes(asset: () => Asset | undefined): { readonly map: MapBytes | undefined } {
  let map = $state.raw<MapBytes>()
  const shown = $derived(asset())

  $effect(() => {
    const { id, image } = shown ?? {}
    if (!id || !image) return
    const leaving = new AbortController()
    whole(id, image, leaving.signal).then(
      (loaded) => {
        if (!leaving.signal.aborted) map = loaded
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

async function whole(id: string, { width, height }: Size, signal: AbortSignal): Promise<MapBytes> {
  const size = { width, height }
  const levels = new Uint8Array(width * height)
  for (const at of tilesIn(size, 0, { x: 0, y: 0, ...size })) {
    const box = tileBox(size, at)
    const response = await fetchTile(`/media/${id}/values/0/${at.column}-${at.row}`, signal)
    const tile = new Uint16Array(await response.arrayBuffer())
    for (let y = 0, from = 0; y < box.height; y++)
      for (let x = 0, to = (box.y + y) * width + box.x; x < box.width; x++) levels[to++] = tile[from++]! >> 8
  }
  return { ...size, levels }
}
