import { asShown } from './decode-picture'
import { decodeError } from './libvips'
import type { Box } from './picture'
import { pictureInfo } from './picture-info'
import { halfOf, levelCount, levelSize, type Levels, type PyramidShape } from './pyramid'

/** Most pixels on the longer side of a draft's largest level. */
const draftSide = 2048

/** The smaller levels of a picture's pyramid as the decoder shrinks it while it reads: about as they will be, long before the pyramid is there. */
export interface Draft {
  readonly shape: Pick<PyramidShape, 'channels' | 'depth'>
  /** The integers of a box of a level, row by row; undefined where the draft has none there. */
  read(level: number, box: Box): { levels: Levels; width: number; height: number } | undefined
}

/**
 * Reads the picture file `path` once, without keeping its pixels: a JPEG at a fraction of its work, others in strips. It takes some megabytes, whatever the size.
 * Throws as `openPicture`; undefined for BMP, which the codecs do not read, and for what is no larger than a draft.
 */
export async function openDraft(path: string): Promise<Draft | undefined> {
  const info = await pictureInfo(path)
  const { channels, depth } = info
  let first = 0
  while (Math.max(info.width, info.height) / 2 ** first > draftSide) first++
  if (info.format === 'bmp' || first === 0) return undefined
  const size = levelSize(info, first)
  const pixels = await (
    await asShown(path, info)
  )
    .autoOrient()
    .resize(size.width, size.height, { fit: 'fill', kernel: 'linear' })
    .raw({ depth: depth === 16 ? 'ushort' : 'uchar' })
    .toBuffer()
    .catch((thrown: unknown) => {
      throw decodeError(thrown, path)
    })
  const kept: Levels[] = [
    depth === 16
      ? new Uint16Array(pixels.buffer, pixels.byteOffset, pixels.length / 2)
      : new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length),
  ]
  for (let level = first + 1; level < levelCount(info); level++)
    kept.push(halfOf(kept.at(-1)!, levelSize(info, level - 1).width, channels, 'mean'))
  return {
    shape: { channels, depth },
    read(level, box) {
      const levels = kept[level - first]
      if (!levels) return undefined
      const whole = levelSize(info, level)
      const width = Math.min(box.x + box.width, whole.width) - box.x
      const height = Math.min(box.y + box.height, whole.height) - box.y
      if (!(width > 0) || !(height > 0)) return undefined
      const out = depth === 16 ? new Uint16Array(width * height * channels) : new Uint8Array(width * height * channels)
      for (let y = 0; y < height; y++) {
        const from = ((box.y + y) * whole.width + box.x) * channels
        out.set(levels.subarray(from, from + width * channels), y * width * channels)
      }
      return { levels: out, width, height }
    },
  }
}
