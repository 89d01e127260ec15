import type { Asset } from '@contract'

/** A decoded picture; it may have fewer pixels than the picture it shows. */
export interface Pixels {
  readonly bitmap: ImageBitmap
  /** Red, green and blue, 0 to 255, where the picture itself, `width` × `height`, has the pixel (`x`, `y`). */
  at(x: number, y: number, size: { width: number; height: number }): [number, number, number]
  close(): void
}

/** A preview has so many pixels on its longer side at most. */
const previewSide = 2048
/** Most pixels that are decoded at once: 128 MB. */
const mostPixels = 32e6

/** Whether a picture is shown with fewer pixels than it has. */
export function isReduced({ image }: Asset): boolean {
  if (!image || Math.max(image.width, image.height) <= previewSide) return false
  return !image.plain || image.width * image.height > mostPixels
}

/** Where the pixels of a picture are read that the window shows. */
export const pixelsUrl = (asset: Asset): string => {
  const { image } = asset
  const isLarge = image && Math.max(image.width, image.height) > previewSide
  return isLarge && !isReduced(asset) ? `/media/${asset.id}` : `/media/${asset.id}/preview`
}

/** Decodes what `url` answers; waits while the engine is still drawing it. Throws when there is nothing, and once `signal` is aborted. */
export async function loadPixels(url: string, signal: AbortSignal): Promise<Pixels> {
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(url, { signal })
    if (response.ok) return readable(await createImageBitmap(await response.blob()))
    void response.body?.cancel()
    if (!response.headers.get('retry-after') || attempt > 600)
      throw new Error(`Expected the picture ${url}, got status ${response.status}.`)
    await new Promise((resolve) => setTimeout(resolve, Math.min(2000, 150 * 1.5 ** attempt)))
    signal.throwIfAborted()
  }
}

function readable(bitmap: ImageBitmap): Pixels {
  const one = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })!
  return {
    bitmap,
    at(x, y, { width, height }) {
      const column = Math.min(bitmap.width - 1, Math.floor(((x + 0.5) * bitmap.width) / width))
      const row = Math.min(bitmap.height - 1, Math.floor(((y + 0.5) * bitmap.height) / height))
      one.drawImage(bitmap, column, row, 1, 1, 0, 0, 1, 1)
      const [r, g, b] = one.getImageData(0, 0, 1, 1).data
      return [r!, g!, b!]
    },
    close: () => bitmap.close(),
  }
}
