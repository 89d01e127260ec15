import type { ImageFacts } from '@contract'
import { constants } from 'node:fs'
import { copyFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { sniffAudio } from '../dsp/sniff'
import {
  createPng,
  levelCount,
  levelSize,
  openPicture,
  pictureInfo,
  resize,
  type Picture,
  type Pyramid,
  type Readable,
} from '../image'
import { picture } from '../image/picture'
import { resizer } from '../image/resize'
import { sniffedBytes, sniffPicture } from '../image/sniff-picture'
import { refuseAborted } from './measure'
import type { IncomingFile } from './sources'

/** Most pixels on the longer side of a preview, and of a thumbnail. */
const previewSide = 2048
const thumbSide = 96

const pictureEndings = /\.(png|jpe?g|jfif|tiff?|webp|bmp|gif|avif|heic)$/i

/** Whether a file is a picture, or by its name claims to be one and is no sound either. */
export async function isPicture({ file, name }: IncomingFile): Promise<boolean> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(sniffedBytes), 0, sniffedBytes, 0)
    const head = buffer.subarray(0, bytesRead)
    return sniffPicture(head) !== null || (pictureEndings.test(name) && sniffAudio(head, false) === null)
  } finally {
    await handle.close()
  }
}

/** What the header of the picture at `path` says. Throws what `pictureInfo` throws. */
export async function readPictureFacts(path: string): Promise<ImageFacts> {
  const { width, height, channels, depth, format, notes, orientation } = await pictureInfo(path)
  const isShown = format === 'png' || format === 'jpeg' || format === 'webp'
  const plain = isShown && depth === 8 && notes.length === 0 && orientation === 1
  return { width, height, channels, depth, format, notes: [...notes], plain }
}

/** Whether a picture's file serves as its preview: a small PNG that browsers show as it is read. */
export const isOwnPreview = ({ format, plain, width, height }: ImageFacts): boolean =>
  plain && format === 'png' && Math.max(width, height) <= previewSide

/** Ending of a picture file's name by what is in it. */
export const pictureEnding = (format: string): string => ({ jpeg: 'jpg', tiff: 'tif' })[format] ?? format

/**
 * Reads the picture at `path` through and draws it into `folder` as 8-bit PNGs, `preview.png` and `thumb.png`, smaller where it is larger than they may be.
 * One that is shown `asIs` is its own preview. Throws what `openPicture` throws, and `cancelled`.
 */
export async function drawPreviews(
  path: string,
  folder: string,
  { spoolFolder, signal, asIs = false }: { spoolFolder: string; signal?: AbortSignal; asIs?: boolean },
): Promise<void> {
  const reader = await openPicture(path, { spoolFolder })
  try {
    if (asIs) {
      const { width, height } = within(reader.info, thumbSide)
      await write(join(folder, 'thumb.png'), await shrunk(reader, { width, height }, signal))
      await copyFile(path, join(folder, 'preview.png'), constants.COPYFILE_FICLONE)
      return
    }
    const preview = await shrunk(reader, within(reader.info, previewSide), signal)
    const { width, height } = within(preview, thumbSide)
    await write(join(folder, 'thumb.png'), resize(preview, width, height))
    await write(join(folder, 'preview.png'), preview)
  } finally {
    reader.close()
  }
}

/** As `drawPreviews`, from the smallest level of a picture's pyramid that has as many pixels as a preview. */
export async function drawPreviewsFrom(pyramid: Pyramid, folder: string, signal?: AbortSignal): Promise<void> {
  const { shape } = pyramid
  let level = 0
  while (level + 1 < levelCount(shape) && longer(levelSize(shape, level + 1)) >= previewSide) level++
  const size = levelSize(shape, level)
  const scale = shape.depth === 16 ? 65535 : 255
  const source: Readable = {
    info: { ...size, channels: shape.channels, depth: shape.depth },
    read: (box) => {
      const { levels, width, height } = pyramid.read(level, box)
      return picture(
        width,
        height,
        shape.channels,
        Float32Array.from(levels, (value) => value / scale),
        shape.depth,
      )
    },
  }
  const preview = await shrunk(source, within(shape, previewSide), signal)
  const { width, height } = within(preview, thumbSide)
  await write(join(folder, 'thumb.png'), resize(preview, width, height))
  await write(join(folder, 'preview.png'), preview)
}

const longer = ({ width, height }: Size) => Math.max(width, height)

interface Size {
  readonly width: number
  readonly height: number
}

/** The size with its longer side brought down to `side`. */
function within({ width, height }: Size, side: number): Size {
  const scale = Math.min(1, side / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

/** Resizes by bands, and lets others work between them. */
async function shrunk(reader: Readable, { width, height }: Size, signal?: AbortSignal): Promise<Picture> {
  const { info } = reader
  const work = resizer(info, { width, height })
  const rows = Math.max(1, Math.floor(2 ** 18 / info.width))
  for (let y = 0; y < info.height; y += rows) {
    refuseAborted(signal)
    work.push(reader.read({ x: 0, y, width: info.width, height: Math.min(rows, info.height - y) }).data)
    await setImmediate()
  }
  return picture(width, height, info.channels, work.finish())
}

async function write(path: string, { width, height, channels, data }: Picture): Promise<void> {
  const writer = await createPng(path, { width, height, channels, depth: 8 })
  const band = Math.max(1, Math.floor(2 ** 16 / width)) * width * channels
  for (let at = 0; at < data.length; at += band) await writer.write(data.subarray(at, at + band))
  await writer.finish()
}
