import { open, stat } from 'node:fs/promises'
import { describeBytes } from '../lib/describe-bytes'
import { asNagareError, NagareError } from '../lib/errors'
import { readBmpHeader } from './bmp-header'
import { decodeError, libvips } from './libvips'
import { swapsSides } from './orientation'
import { sniffedBytes, sniffPicture } from './sniff-picture'

export type PictureFormat = 'png' | 'jpeg' | 'tiff' | 'webp' | 'gif' | 'bmp'

/** What a picture file's header says. */
export interface PictureInfo {
  /** Upright, as it is read. */
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly depth: 8 | 16
  readonly format: PictureFormat
  /** EXIF orientation, 1 to 8; 1 is upright. */
  readonly orientation: number
  readonly alpha: boolean
  /** What was changed or left out on reading, each a sentence for a person. */
  readonly notes: readonly string[]
}

/** Most pixels a picture may have. */
export const maxPixels = 300e6
/** Most pixels of a picture whose coding makes the decoder hold it whole (up to 8 bytes a pixel). */
export const maxPixelsWhole = 100e6

const million = (pixels: number) => `${(pixels / 1e6).toFixed(0)} megapixels`

/** Throws `bad-input` for a picture too large to read, going by its header. */
export function checkSize(path: string, width: number, height: number, whole: string | null): void {
  const pixels = width * height
  const tooLarge = (limit: number, kind: string, hint: string) =>
    new NagareError(
      'bad-input',
      `${path}: expected ${kind} of at most ${million(limit)}, its header says ${width} × ${height} (${million(pixels)}).`,
      { hint, file: path },
    )
  if (!(pixels > 0))
    throw new NagareError('corrupt', `${path}: expected a picture, its header says ${width} × ${height} pixels.`, {
      hint: 'Save it again.',
      file: path,
    })
  if (pixels > maxPixels) throw tooLarge(maxPixels, 'a picture', 'Cut it into parts.')
  if (whole && pixels > maxPixelsWhole)
    throw tooLarge(maxPixelsWhole, whole, 'Save it as a PNG without interlacing, a baseline JPEG or a TIFF.')
}

/** The kind of picture in the file, by content. Throws `not-found`, `no-permission`, `bad-input` (empty, a folder, no picture). */
async function kindOf(path: string): Promise<PictureFormat> {
  const bad = (message: string, hint: string) =>
    new NagareError('bad-input', `${path}: ${message}`, { hint, file: path })
  const found = await stat(path)
  if (found.isDirectory()) throw bad('expected a picture, found a folder.', 'Choose a file inside it.')
  if (!found.isFile()) throw bad('expected a picture, found a device or pipe.', 'Save it to a file first.')
  if (found.size === 0) throw bad('expected a picture, the file is empty.', 'Copy or save it again.')
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(sniffedBytes), 0, sniffedBytes, 0)
    const head = buffer.subarray(0, bytesRead)
    const format = sniffPicture(head)
    if (format) return format
    throw bad(
      `expected PNG, JPEG, TIFF, WebP or BMP, found ${describeBytes(head)}.`,
      'Save it in one of these formats first.',
    )
  } finally {
    await handle.close()
  }
}

/**
 * What the header of a picture says, without decoding it.
 * Throws `not-found`, `no-permission`, `bad-input` (no picture, a folder, empty, over 300 megapixels), `corrupt`, `unsupported`, each naming the file.
 */
export async function pictureInfo(path: string): Promise<PictureInfo> {
  try {
    const format = await kindOf(path)
    if (format !== 'bmp') return await vipsInfo(path, format)
    const { width, height, grey, compression, alpha } = await readBmpHeader(path)
    checkSize(path, width, height, compression === 'rle8' ? 'a run-length coded BMP' : null)
    const base = { width, height, channels: grey ? 1 : 3, depth: 8, format, orientation: 1, alpha } as const
    return { ...base, notes: alpha ? [onWhite] : [] }
  } catch (thrown) {
    throw asNagareError(thrown, path)
  }
}

const onWhite = 'Its transparent parts were laid on white.'

async function vipsInfo(path: string, format: PictureFormat): Promise<PictureInfo> {
  const sharp = await libvips()
  const found = await sharp(path, { failOn: 'none', limitInputPixels: false })
    .metadata()
    .catch((thrown: unknown) => {
      throw decodeError(thrown, path)
    })
  const { width, height, space = '', depth = '', pages = 1, orientation = 1, hasAlpha: alpha = false } = found
  const whole =
    format === 'webp' || format === 'gif'
      ? `a ${format === 'gif' ? 'GIF' : 'WebP'} picture`
      : found.isProgressive
        ? format === 'png'
          ? 'an interlaced PNG'
          : 'a progressive JPEG'
        : null
  checkSize(path, width, found.pageHeight ?? height, whole)
  if (depth !== 'uchar' && depth !== 'ushort')
    throw new NagareError('unsupported', `${path}: expected 8 or 16 bits per value, found ${depth} values.`, {
      hint: 'Save it with 8 or 16 bits per channel.',
      file: path,
    })
  const notes: string[] = []
  if (pages > 1) notes.push(`Only the first of its ${pages} ${format === 'tiff' ? 'pages' : 'frames'} was taken.`)
  if (space.startsWith('cmyk')) notes.push('It was converted from CMYK to sRGB.')
  if (alpha) notes.push(onWhite)
  const turned = orientation >= 1 && orientation <= 8 ? orientation : 1
  const upright = swapsSides(turned)
    ? { width: found.pageHeight ?? height, height: width }
    : { width, height: found.pageHeight ?? height }
  return {
    ...upright,
    channels: space === 'b-w' || space === 'grey16' ? 1 : 3,
    depth: depth === 'ushort' && !space.startsWith('cmyk') ? 16 : 8,
    format,
    orientation: turned,
    alpha,
    notes,
  }
}
