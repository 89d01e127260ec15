import { decodeError, libvips } from './libvips'
import { openPicture } from './open-picture'
import { readResized } from './resize'

/** A picture made small, at most `side` pixels on its longer side, as a JPEG for a page. Throws what `openPicture` throws. */
export async function pictureJpeg(path: string, side: number): Promise<Uint8Array> {
  const reader = await openPicture(path)
  try {
    const { width, height, channels } = reader.info
    const scale = Math.min(1, side / Math.max(width, height))
    const size = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))] as const
    const { data } = readResized(reader, ...size)
    const bytes = Uint8Array.from(data, (value) => Math.round(255 * Math.min(Math.max(value, 0), 1)))
    const sharp = await libvips()
    return await sharp(bytes, { raw: { width: size[0], height: size[1], channels } })
      .jpeg({ quality: 78 })
      .toBuffer()
      .catch((thrown: unknown) => {
        throw decodeError(thrown, path)
      })
  } finally {
    reader.close()
  }
}
