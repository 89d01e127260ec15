import { openSync, closeSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Sharp } from 'sharp'
import { NagareError } from '../lib/errors'
import { decodeBmp } from './bmp'
import { decodeError, libvips } from './libvips'
import { swapsSides } from './orientation'
import { maxPixels, type PictureInfo } from './picture-info'
import { fileRaster, inMemoryBytes, memoryRaster, rasterFolder, type Raster, type RasterPlace } from './raster'

/** Bytes before the pixels in libvips' own file format. */
export const vipsHeader = 64

/** Whether `decodePicture` can leave the pixels of such a picture in a file of the caller's, upright. */
export const canKeep = ({ format, orientation }: PictureInfo): boolean => format !== 'bmp' && orientation === 1

/**
 * The pixels of a picture as they are stored (not yet upright): sRGB or grey, 8 or 16 bits in the machine's order. Up to 64 MiB in memory, else in a temporary file
 * that libvips fills from top to bottom, or in the caller's (`keepIn`). Throws `corrupt`, `unsupported`, `disk-full`.
 */
export async function decodePicture(path: string, info: PictureInfo, place: RasterPlace = {}): Promise<Raster> {
  if (info.format === 'bmp') return decodeBmp(path, place)
  const { channels, depth } = info
  const pipeline = await asShown(path, info)
  const keep = place.keepIn !== undefined && canKeep(info) ? place.keepIn : undefined
  const [width, height] = swapsSides(info.orientation) ? [info.height, info.width] : [info.width, info.height]
  const shape = { width, height, bytesPerPixel: (channels * depth) / 8 }
  const agree = (found: { width: number; height: number; channels: number }) => {
    if (found.width !== width || found.height !== height || found.channels !== channels)
      throw new NagareError(
        'corrupt',
        `${path}: its header says ${width} × ${height} × ${channels}, decoded it is ${found.width} × ${found.height} × ${found.channels}.`,
        { hint: 'Save it again.', file: path },
      )
  }
  try {
    if (!keep && width * height * shape.bytesPerPixel <= (place.inMemoryBytes ?? inMemoryBytes)) {
      const { data, info: found } = await pipeline
        .raw({ depth: depth === 16 ? 'ushort' : 'uchar' })
        .toBuffer({ resolveWithObject: true })
      agree(found)
      return memoryRaster(shape, data)
    }
  } catch (thrown) {
    throw decodeError(thrown, path)
  }
  const folder = keep ? null : await rasterFolder(place.spoolFolder)
  const spool = keep ?? join(folder!, 'decoded.v')
  try {
    agree(await pipeline.toFile(spool))
    checkVips(spool, shape.width, shape.height, depth)
    return fileRaster(shape, spool, vipsHeader, folder)
  } catch (thrown) {
    rmSync(folder ?? spool, { recursive: true, force: true })
    throw decodeError(thrown, path)
  }
}

/** A decoder of the picture as `info` says that it is read: in sRGB or grey, on white, of its depth; not yet upright. Fails at the first damage. */
export async function asShown(path: string, { channels, depth, alpha }: PictureInfo): Promise<Sharp> {
  const sharp = await libvips()
  const whole = sharp(path, { failOn: 'error', limitInputPixels: maxPixels, sequentialRead: true, page: 0, pages: 1 })
  const grey = depth === 16 ? 'grey16' : 'b-w'
  return (alpha ? whole.flatten({ background: '#ffffff' }) : whole).toColourspace(
    channels === 1 ? grey : depth === 16 ? 'rgb16' : 'srgb',
  )
}

function checkVips(path: string, width: number, height: number, depth: number): void {
  const head = Buffer.alloc(vipsHeader)
  const file = openSync(path, 'r')
  readSync(file, head, 0, vipsHeader, 0)
  closeSync(file)
  const format = depth === 16 ? 2 : 0
  if (head.readInt32LE(4) !== width || head.readInt32LE(8) !== height || head.readInt32LE(20) !== format)
    throw new NagareError('internal', `${path}: the decoder left another layout than expected.`)
}
