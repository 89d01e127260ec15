import type { Asset } from '@contract'
import { tileBox, tilesIn } from './tile-grid'
import { fetchTile } from './tile-store'

/** All levels of a map as it is kept, 65535 for 1, [height, width]. Throws with the engine's words, and once `signal` is aborted. */
export async function wholeMap({ id, image }: Asset, signal: AbortSignal): Promise<Uint16Array> {
  const { width, height } = image!
  const levels = new Uint16Array(width * height)
  for (const at of tilesIn({ width, height }, 0, { x: 0, y: 0, width, height })) {
    const box = tileBox({ width, height }, at)
    const response = await fetchTile(`/media/${id}/values/0/${at.column}-${at.row}`, signal)
    const tile = new Uint16Array(await response.arrayBuffer())
    for (let y = 0; y < box.height; y++)
      levels.set(tile.subarray(y * box.width, (y + 1) * box.width), (box.y + y) * width + box.x)
  }
  return levels
}
