import type { Asset } from '@contract'
import { fetchTile } from '../image/tile-store'

/** A preview has so many pixels on its longer side at most. */
const previewSide = 2048
/** Most pixels that are decoded at once: 128 MB. */
const mostPixels = 32e6

/** Where the pixels of a picture to draw on are read: the file itself where any browser shows it, else its preview. */
export function bitmapUrl({ id, image }: Asset): string {
  const isWhole = image?.plain && image.width * image.height <= mostPixels
  const isLarge = image && Math.max(image.width, image.height) > previewSide
  return isWhole && isLarge ? `/media/${id}` : `/media/${id}/preview`
}

/** The pixels of the picture that `asset` answers at the moment, held while the component lives that asks for them; they may be fewer than it has. */
export function bitmapOf(asset: () => Asset | undefined): { readonly bitmap: ImageBitmap | undefined } {
  let bitmap = $state.raw<ImageBitmap>()
  const url = $derived.by(() => {
    const shown = asset()
    return shown && bitmapUrl(shown)
  })

  $effect(() => {
    if (url === undefined) return
    const leaving = new AbortController()
    let own: ImageBitmap | undefined
    fetchTile(url, leaving.signal)
      .then((response) => response.blob())
      .then((blob) => createImageBitmap(blob))
      .then(
        (loaded) => {
          if (leaving.signal.aborted) return loaded.close()
          bitmap = own = loaded
        },
        () => {},
      )
    return () => {
      leaving.abort()
      bitmap = undefined
      own?.close()
    }
  })

  return {
    get bitmap() {
      return bitmap
    },
  }
}
