import { closeSync, openSync, readSync } from 'node:fs'
import { mkdir, open, readFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { writeFileAtomic } from '../lib/atomic-file'
import { asNagareError, NagareError } from '../lib/errors'
import { canKeep, vipsHeader } from './decode-picture'
import { openPicture, type PictureReader } from './open-picture'
import type { Box } from './picture'

/** Side of a tile, pixels. */
export const tileSide = 512

/** How four pixels become one: their mean, or the highest, so that nothing odd is lost where a map is shown smaller. */
export type Reduction = 'mean' | 'max'

const Shape = z.object({
  version: z.literal(1),
  width: z.int().positive(),
  height: z.int().positive(),
  channels: z.union([z.literal(1), z.literal(3)]),
  depth: z.union([z.literal(8), z.literal(16)]),
  /** Whether level 0 is the file that the decoder left, its pixels behind a header. */
  decoded: z.boolean().default(false),
})
export type PyramidShape = z.infer<typeof Shape>

export type Levels = Uint8Array | Uint16Array

interface Size {
  readonly width: number
  readonly height: number
}

/** Size of a level: each is half as large as the one before, rounded up; level 0 is the picture itself. */
export const levelSize = ({ width, height }: Size, level: number): Size => ({
  width: Math.ceil(width / 2 ** level),
  height: Math.ceil(height / 2 ** level),
})

/** How many levels there are: the last is the first that fits in one tile. */
export function levelCount({ width, height }: Size): number {
  let count = 1
  for (let side = Math.max(width, height); side > tileSide; side = Math.ceil(side / 2)) count++
  return count
}

/** Bytes of all levels together. */
export function pyramidBytes(shape: Omit<PyramidShape, 'version' | 'decoded'>): number {
  let bytes = 0
  for (let level = 0; level < levelCount(shape); level++) {
    const { width, height } = levelSize(shape, level)
    bytes += (width * height * shape.channels * shape.depth) / 8
  }
  return bytes
}

const levelFile = (folder: string, level: number) => join(folder, `${level}.raw`)
const decodedFile = (folder: string) => join(folder, '0.v')
const shapeFile = (folder: string) => join(folder, 'pyramid.json')

interface PyramidOptions {
  reduction: Reduction
  signal?: AbortSignal
  /** For temporary files of the decoder. */
  spoolFolder?: string
}

/**
 * Reads the picture file `path` and writes it and its halves as bare integers, row by row, one file a level, into the new folder `folder`; one walk from top to bottom, in
 * memory that grows with the width alone. Level 0 is the decoder's own file where that is upright. Others may work between its bands. Throws `disk-full`, `cancelled` by
 * `signal`, and what `openPicture` throws.
 */
export async function writePyramid(
  path: string,
  folder: string,
  { reduction, signal, spoolFolder }: PyramidOptions,
): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((thrown: unknown) => {
    throw asNagareError(thrown, folder)
  })
  const keepIn = decodedFile(folder)
  const reader = await openPicture(path, { keepIn, ...(spoolFolder === undefined ? {} : { spoolFolder }) })
  try {
    await writeLevels(reader, folder, canKeep(reader.info), { reduction, ...(signal ? { signal } : {}) })
  } finally {
    reader.close()
  }
}

async function writeLevels(
  reader: PictureReader,
  folder: string,
  decoded: boolean,
  { reduction, signal }: Pick<PyramidOptions, 'reduction' | 'signal'>,
): Promise<void> {
  const { width, height, channels, depth } = reader.info
  const files: (FileHandle | undefined)[] = []
  /** The row of each level that waits for the one below it. */
  const waiting: (Levels | undefined)[] = []
  const count = levelCount(reader.info)
  const push = async (level: number, rows: Levels): Promise<void> => {
    const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength)
    const file = files[level]
    if (file) for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done)).bytesWritten
    if (level + 1 === count) return
    const stride = levelSize(reader.info, level).width * channels
    const held = waiting[level]
    const all = held ? joined(held, rows) : rows
    const whole = all.length - (all.length % (2 * stride))
    waiting[level] = whole < all.length ? all.slice(whole) : undefined
    if (whole > 0) await push(level + 1, halved(all.subarray(0, whole), stride, channels, reduction))
  }
  try {
    for (let level = 0; level < count; level++)
      files.push(level === 0 && decoded ? undefined : await open(levelFile(folder, level), 'w'))
    const band = 2 * Math.max(1, Math.floor(2 ** 19 / width))
    for (let y = 0; y < height; y += band) {
      if (signal?.aborted) throw new NagareError('cancelled', 'Stopped as asked.')
      await push(0, reader.readLevels({ x: 0, y, width, height: Math.min(band, height - y) }))
      await setImmediate()
    }
    for (let level = 0; level + 1 < count; level++) {
      const last = waiting[level]
      waiting[level] = undefined
      if (last) await push(level + 1, halved(joined(last, last), last.length, channels, reduction))
    }
    const shape: PyramidShape = { version: 1, width, height, channels, depth, decoded }
    for (const file of files) await file?.close()
    await writeFileAtomic(shapeFile(folder), JSON.stringify(shape))
  } catch (thrown) {
    for (const file of files) await file?.close().catch(() => undefined)
    throw asNagareError(thrown, folder)
  }
}

function joined(a: Levels, b: Levels): Levels {
  const out = a instanceof Uint16Array ? new Uint16Array(a.length + b.length) : new Uint8Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}

/** A level of `width` values a row, halved; a last row without a neighbour stands for itself. */
export function halfOf(levels: Levels, width: number, channels: number, reduction: Reduction): Levels {
  const stride = width * channels
  const odd = (levels.length / stride) % 2 === 1
  return halved(odd ? joined(levels, levels.subarray(levels.length - stride)) : levels, stride, channels, reduction)
}

/** Pairs of rows of `stride` values, each pair as one row of half the pixels; a last column without a neighbour stands for itself. */
function halved(rows: Levels, stride: number, channels: number, reduction: Reduction): Levels {
  const pixels = stride / channels
  const half = Math.ceil(pixels / 2)
  const pairs = rows.length / (2 * stride)
  const out =
    rows instanceof Uint16Array ? new Uint16Array(pairs * half * channels) : new Uint8Array(pairs * half * channels)
  const isMax = reduction === 'max'
  const whole = (pixels >> 1) * channels
  for (let pair = 0, at = 0; pair < pairs; pair++) {
    const above = 2 * pair * stride
    const below = above + stride
    // Pixels that have a neighbour, value by value: `left` runs over the first pixel of each two.
    for (let i = 0, left = 0, c = 0; i < whole; i++, left++) {
      const right = left + channels
      const [p, q] = [rows[above + left]!, rows[above + right]!]
      const [r, s] = [rows[below + left]!, rows[below + right]!]
      out[at++] = isMax ? Math.max(p, q, r, s) : (p + q + r + s + 2) >> 2
      if (++c === channels) {
        c = 0
        left += channels
      }
    }
    for (let left = 2 * whole; left < stride; left++) {
      const [p, r] = [rows[above + left]!, rows[below + left]!]
      out[at++] = isMax ? Math.max(p, r) : (2 * p + 2 * r + 2) >> 2
    }
  }
  return out
}

/** A pyramid on disk, open for reading. */
export interface Pyramid {
  readonly shape: PyramidShape
  /** The integers of a box of a level, row by row, machine order; only what lies inside. Throws `bad-input` for a box wholly outside. */
  read(level: number, box: Box): { levels: Levels; width: number; height: number }
  close(): void
}

/** Opens what `writePyramid` wrote. Throws `corrupt` where it is not whole. */
export async function openPyramid(folder: string): Promise<Pyramid> {
  const shape = Shape.parse(JSON.parse(await readFile(shapeFile(folder), 'utf8')))
  const files = Array.from({ length: levelCount(shape) }, (_, level) =>
    openSync(level === 0 && shape.decoded ? decodedFile(folder) : levelFile(folder, level), 'r'),
  )
  const bytes = (shape.channels * shape.depth) / 8
  let isOpen = true
  return {
    shape,
    read(level, box) {
      const size = files[level] === undefined ? undefined : levelSize(shape, level)
      const left = Math.max(0, box.x)
      const top = Math.max(0, box.y)
      const width = Math.min(box.x + box.width, size?.width ?? 0) - left
      const height = Math.min(box.y + box.height, size?.height ?? 0) - top
      if (!size || !(width > 0) || !(height > 0) || !isOpen)
        throw new NagareError('bad-input', `There is nothing at ${box.x}, ${box.y} of level ${level}.`)
      const out = new Uint8Array(width * height * bytes)
      const head = level === 0 && shape.decoded ? vipsHeader : 0
      const fill = (to: number, count: number, position: number) => {
        for (let done = 0; done < count;) {
          const got = readSync(files[level]!, out, to + done, count - done, head + position + done)
          if (got === 0) throw new NagareError('corrupt', `${folder}: level ${level} is shorter than it was.`)
          done += got
        }
      }
      if (width === size.width) fill(0, out.length, top * width * bytes)
      else
        for (let y = 0; y < height; y++) fill(y * width * bytes, width * bytes, ((top + y) * size.width + left) * bytes)
      return { levels: shape.depth === 16 ? new Uint16Array(out.buffer) : out, width, height }
    },
    close() {
      if (isOpen) for (const file of files) closeSync(file)
      isOpen = false
    },
  }
}

/** Integers of 16 bits as 8, rounded. */
export const inEightBits = (levels: Levels): Uint8Array =>
  levels instanceof Uint16Array ? Uint8Array.from(levels, (value) => Math.round(value / 257)) : levels
