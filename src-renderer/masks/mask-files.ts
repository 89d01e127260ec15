import { text } from '../text/text.svelte'
import type { Asset, ErrorRecord, Marks } from '@contract'
import { CallError } from '@contract'
import { parseAnswer } from '../transport/adopt'
import { call } from '../transport/engine'

/** Most pixels that are drawn on. */
export const mostPixels = 64e6

/** The pixels of a mask picture, [height, width] of 0 and 1, on where they are brighter than half. Throws where it is no picture, or of another size. */
export async function readMask(
  source: Blob,
  { width, height }: { width: number; height: number },
  otherSize: (found: string) => string,
): Promise<Uint8Array> {
  const bitmap = await createImageBitmap(source)
  try {
    if (bitmap.width !== width || bitmap.height !== height)
      throw new Error(otherSize(`${bitmap.width} × ${bitmap.height}`))
    const out = new Uint8Array(width * height)
    const rows = Math.max(1, Math.min(height, Math.floor(4e6 / width)))
    const context = new OffscreenCanvas(width, rows).getContext('2d', { willReadFrequently: true })!
    for (let y = 0; y < height; y += rows) {
      context.clearRect(0, 0, width, rows)
      context.drawImage(bitmap, 0, -y)
      const { data } = context.getImageData(0, 0, width, rows)
      const end = Math.min(rows, height - y) * width
      for (let i = 0; i < end; i++) {
        const at = 4 * i
        if (data[at + 3]! > 127 && Math.max(data[at]!, data[at + 1]!, data[at + 2]!) > 127) out[y * width + i] = 1
      }
    }
    return out
  } finally {
    bitmap.close()
  }
}

/** The mask that the project holds. */
export async function loadMask(mask: Asset, signal: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(`/media/${mask.id}`, { signal })
  if (!response.ok) throw new Error(`Expected the mask ${mask.name}, got status ${response.status}.`)
  return readMask(await response.blob(), mask.image!, (found) => found)
}

/** Saves a mask's bits as a picture's; answers the asset that it became, null where nothing is on. */
export async function saveMask(
  picture: string,
  role: Marks['role'],
  bits: Uint8Array,
  everywhere: boolean,
): Promise<Asset | null> {
  const response = await fetch('/bits', { method: 'PUT', body: bits as Uint8Array<ArrayBuffer> })
  const answer = parseAnswer(await response.text())
  if (!response.ok || !answer.upload) throw new CallError(answer.error ?? refused(response.status))
  const { mask } = await call('mask.save', { picture, role, bits: answer.upload, everywhere })
  return mask
}

const refused = (status: number): ErrorRecord => ({
  code: 'internal',
  message: text.masks.refused(status),
})
