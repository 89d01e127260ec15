import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asNagareError, NagareError } from '../lib/errors'
import type { Box } from './picture'

export interface RasterShape {
  readonly width: number
  readonly height: number
  readonly bytesPerPixel: number
}

/** Bare pixels, row by row, in memory or in a temporary file, of which any rectangle can be read. */
export interface Raster extends RasterShape {
  /** The bytes of `box`, which must lie inside, row by row. */
  read(box: Box): Uint8Array
  /** Frees the memory or removes the file. */
  close(): void
}

/** Largest raster that is kept in memory unless told otherwise, bytes; larger ones go to a temporary file. */
export const inMemoryBytes = 64 * 2 ** 20

export interface RasterPlace {
  /** Folder for temporary files; the system's own if left out. */
  spoolFolder?: string
  /** Most bytes kept in memory. */
  inMemoryBytes?: number
  /** A file to be made, ending in `.v`, that takes the pixels where the picture is stored upright and libvips reads it; it stays when the reader is closed. */
  keepIn?: string
}

/** A raster over bytes in memory. */
export function memoryRaster(shape: RasterShape, bytes: Uint8Array): Raster {
  const stride = shape.width * shape.bytesPerPixel
  return {
    ...shape,
    read: (box) =>
      rows(shape, box, (row, out, at) => {
        const from = row * stride + box.x * shape.bytesPerPixel
        out.set(bytes.subarray(from, from + box.width * shape.bytesPerPixel), at)
      }),
    close: () => {},
  }
}

function rows(shape: RasterShape, box: Box, copy: (row: number, out: Uint8Array, at: number) => void): Uint8Array {
  if (box.x < 0 || box.y < 0 || box.x + box.width > shape.width || box.y + box.height > shape.height)
    throw new RangeError(`The box ${JSON.stringify(box)} does not lie in ${shape.width} × ${shape.height} pixels.`)
  const bytes = box.width * shape.bytesPerPixel
  const out = new Uint8Array(bytes * box.height)
  for (let y = 0; y < box.height; y++) copy(box.y + y, out, y * bytes)
  return out
}

/** A raster over the file `path` from byte `offset` on; the `folder` it belongs to goes when the raster is closed, or at once where the system allows it. Without one, the file stays. */
export function fileRaster(shape: RasterShape, path: string, offset: number, folder: string | null): Raster {
  const file = openSync(path, 'r')
  // Where an open file may be removed, it goes now, so that a crash leaves nothing behind.
  const removed = folder === null || process.platform !== 'win32'
  if (folder !== null && removed) rmSync(folder, { recursive: true, force: true })
  const stride = shape.width * shape.bytesPerPixel
  const fill = (out: Uint8Array, position: number) => {
    for (let done = 0; done < out.length;) {
      const count = readSync(file, out, done, out.length - done, position + done)
      if (count === 0) throw new NagareError('internal', `The temporary file ${path} is shorter than it was.`)
      done += count
    }
  }
  let open = true
  return {
    ...shape,
    read(box) {
      const bytes = box.width * shape.bytesPerPixel
      if (bytes * 4 < stride)
        return rows(shape, box, (row, out, at) =>
          fill(out.subarray(at, at + bytes), offset + row * stride + box.x * shape.bytesPerPixel),
        )
      const block = 1 + Math.floor(2 ** 22 / stride)
      let kept = new Uint8Array(0)
      let first = -1
      return rows(shape, box, (row, out, at) => {
        if (first < 0 || row >= first + kept.length / stride) {
          first = row
          kept = new Uint8Array(Math.min(block, box.y + box.height - row) * stride)
          fill(kept, offset + first * stride)
        }
        const from = (row - first) * stride + box.x * shape.bytesPerPixel
        out.set(kept.subarray(from, from + bytes), at)
      })
    },
    close() {
      if (!open) return
      open = false
      closeSync(file)
      if (!removed) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A fresh temporary folder for one raster, in `parent` or the system's own. Throws `disk-full`, `no-permission`. */
export async function rasterFolder(parent: string = tmpdir()): Promise<string> {
  return mkdtemp(join(parent, 'nagare-')).catch((thrown: unknown) => {
    throw asNagareError(thrown, parent)
  })
}

/** A raster being written from top to bottom. */
export interface RasterWriter {
  /** Appends whole rows. Throws `disk-full`. */
  append(bytes: Uint8Array): void
  /** The raster, once all rows are there. */
  finish(): Raster
  /** Gives up and leaves nothing behind; harmless after `finish`. */
  abort(): void
}

/** Starts a raster of `shape`: in memory, or in a temporary file. */
export async function createRaster(shape: RasterShape, place: RasterPlace = {}): Promise<RasterWriter> {
  const total = shape.width * shape.height * shape.bytesPerPixel
  let length = 0
  const whole = () => {
    if (length !== total) throw new RangeError(`A raster of ${total} bytes got ${length}.`)
  }
  if (total <= (place.inMemoryBytes ?? inMemoryBytes)) {
    const kept = new Uint8Array(total)
    return {
      append(bytes) {
        kept.set(bytes, length)
        length += bytes.length
      },
      finish() {
        whole()
        return memoryRaster(shape, kept)
      },
      abort: () => {},
    }
  }
  const folder = await rasterFolder(place.spoolFolder)
  const path = join(folder, 'rows.raw')
  const file = openSync(path, 'wx')
  let ended = false
  return {
    append(bytes) {
      try {
        for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done)
        length += bytes.length
      } catch (thrown) {
        throw asNagareError(thrown, path)
      }
    },
    finish() {
      whole()
      ended = true
      closeSync(file)
      return fileRaster(shape, path, 0, folder)
    },
    abort() {
      if (ended) return
      ended = true
      closeSync(file)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
