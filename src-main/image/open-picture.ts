import { asNagareError, NagareError } from '../lib/errors'
import { decodePicture } from './decode-picture'
import { storedBox, uprightWalk } from './orientation'
import { crop, picture, type Box, type Picture, type Readable } from './picture'
import { pictureInfo, type PictureInfo } from './picture-info'
import type { RasterPlace } from './raster'

/** An open picture file of which rectangles are read; memory does not grow with the picture. */
export interface PictureReader extends Readable {
  readonly info: PictureInfo
  /** The part inside `box`, upright, as the integers of its depth, [height, width, channels]; the box lies inside the picture. */
  readLevels(box: Box): Uint8Array | Uint16Array
  close(): void
}

/** Most pixels `readPicture` takes whole: 0.6 GB in colour. */
export const maxPixelsInMemory = 50e6

/**
 * Opens a picture by what is in the file, not by its name: PNG, JPEG, TIFF, WebP, BMP, and the first frame of a GIF. EXIF orientation is applied, colours are converted
 * to sRGB by the embedded profile, CMYK too, transparency is laid on white, grey stays one channel, 16 bits stay 16 bits; `info.notes` says what was done.
 * Throws `not-found`, `no-permission`, `bad-input`, `corrupt`, `unsupported`, `disk-full`, each naming the file.
 */
export async function openPicture(path: string, place: RasterPlace = {}): Promise<PictureReader> {
  try {
    const info = await pictureInfo(path)
    const raster = await decodePicture(path, info, place)
    return {
      info,
      read(box) {
        const inside = clip(box, info)
        const stored = storedBox(info.orientation, inside, raster.width, raster.height)
        const part = upright(raster.read(stored), stored, inside, info)
        if (inside.width === box.width && inside.height === box.height) return part
        return crop(part, { ...box, x: box.x - inside.x, y: box.y - inside.y })
      },
      readLevels(box) {
        const stored = storedBox(info.orientation, box, raster.width, raster.height)
        return uprightLevels(raster.read(stored), stored, box, info)
      },
      close: () => raster.close(),
    }
  } catch (thrown) {
    throw asNagareError(thrown, path)
  }
}

/** A whole picture. Throws as `openPicture` does, and `bad-input` over 50 megapixels, which `openPicture` reads in parts. */
export async function readPicture(path: string, place: RasterPlace = {}): Promise<Picture> {
  const { width, height } = await pictureInfo(path)
  if (width * height > maxPixelsInMemory)
    throw new NagareError(
      'bad-input',
      `${path}: expected a picture of at most ${maxPixelsInMemory / 1e6} megapixels, found ${width} × ${height}.`,
      { hint: 'Cut it into parts.', file: path },
    )
  const reader = await openPicture(path, place)
  try {
    return reader.read({ x: 0, y: 0, width: reader.info.width, height: reader.info.height })
  } finally {
    reader.close()
  }
}

/** The part of `box` inside the picture; of one wholly outside, the nearest edge. */
function clip(box: Box, { width, height }: { width: number; height: number }): Box {
  const x = Math.min(Math.max(box.x, 0), width - 1)
  const y = Math.min(Math.max(box.y, 0), height - 1)
  const right = Math.max(Math.min(box.x + box.width, width), x + 1)
  const bottom = Math.max(Math.min(box.y + box.height, height), y + 1)
  return { x, y, width: right - x, height: bottom - y }
}

function upright(bytes: Uint8Array, stored: Box, box: Box, info: PictureInfo): Picture {
  const scale = info.depth === 16 ? 65535 : 255
  const levels = uprightLevels(bytes, stored, box, info)
  const out = new Float32Array(levels.length)
  for (let i = 0; i < out.length; i++) out[i] = levels[i]! / scale
  return picture(box.width, box.height, info.channels, out, info.depth)
}

function uprightLevels(bytes: Uint8Array, stored: Box, box: Box, { channels, depth, orientation }: PictureInfo) {
  const values = depth === 16 ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2) : bytes
  if (orientation === 1) return values
  const { start, right, down } = uprightWalk(orientation, stored.width, stored.height)
  const out = depth === 16 ? new Uint16Array(values.length) : new Uint8Array(values.length)
  for (let y = 0, at = 0; y < box.height; y++)
    for (let x = 0, from = (start + y * down) * channels; x < box.width; x++, from += right * channels)
      for (let c = 0; c < channels; c++) out[at++] = values[from + c]!
  return out
}
