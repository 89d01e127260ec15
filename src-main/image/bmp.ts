import { open, type FileHandle } from 'node:fs/promises'
import { NagareError } from '../lib/errors'
import { readBmpHeader, type BmpHeader } from './bmp-header'
import { createRaster, type Raster, type RasterPlace } from './raster'

/** The pixels of a BMP from top to bottom: grey where its palette is, else red, green, blue; 8 bits. Throws `corrupt`, `unsupported`, `disk-full`. */
export async function decodeBmp(path: string, place?: RasterPlace): Promise<Raster> {
  const header = await readBmpHeader(path)
  const { width, height, grey } = header
  const writer = await createRaster({ width, height, bytesPerPixel: grey ? 1 : 3 }, place)
  const handle = await open(path, 'r')
  try {
    const rows = header.compression === 'rle8' ? runLengthRows(handle, header, path) : plainRows(handle, header, path)
    const toPixels = pixelReader(header)
    for await (const row of rows) writer.append(toPixels(row))
    return writer.finish()
  } catch (thrown) {
    writer.abort()
    throw thrown
  } finally {
    await handle.close()
  }
}

const cut = (path: string, found: number, needed: number) =>
  new NagareError('corrupt', `${path}: expected ${needed} bytes of pixels, found ${found}; it is cut short.`, {
    hint: 'Copy or save it again.',
    file: path,
  })

async function* plainRows(handle: FileHandle, header: BmpHeader, path: string): AsyncGenerator<Uint8Array> {
  const { width, height, bits, offset, topDown } = header
  const stride = Math.ceil((width * bits) / 32) * 4
  const { size } = await handle.stat()
  if (size < offset + stride * height) throw cut(path, Math.max(0, size - offset), stride * height)
  const most = Math.max(1, Math.floor(2 ** 22 / stride))
  for (let done = 0; done < height;) {
    const count = Math.min(most, height - done)
    const first = topDown ? done : height - done - count
    const block = new Uint8Array(count * stride)
    const { bytesRead } = await handle.read(block, 0, block.length, offset + first * stride)
    if (bytesRead < block.length) throw cut(path, bytesRead, block.length)
    for (let i = 0; i < count; i++) {
      const row = topDown ? i : count - 1 - i
      yield block.subarray(row * stride, (row + 1) * stride)
    }
    done += count
  }
}

/** Rows of an 8-bit run-length coded BMP: pairs (count, index), and after a 0: end of row, end of picture, a jump, or plain indices. Pixels left out have index 0. */
async function* runLengthRows(handle: FileHandle, header: BmpHeader, path: string): AsyncGenerator<Uint8Array> {
  const { width, height, offset } = header
  const { size } = await handle.stat()
  // A run of one pixel takes two bytes; more than this cannot be pixels of this picture.
  const code = new Uint8Array(Math.max(0, Math.min(size - offset, 2 * width * height + 4 * height + 4096)))
  await handle.read(code, 0, code.length, offset)
  const indices = new Uint8Array(width * height)
  let x = 0
  let y = 0
  let ended = false
  const put = (index: number) => {
    if (x < width && y < height) indices[y * width + x] = index
    x++
  }
  for (let at = 0; at + 1 < code.length && !ended;) {
    const count = code[at++]!
    const value = code[at++]!
    if (count > 0) for (let i = 0; i < count; i++) put(value)
    else if (value === 0) [x, y] = [0, y + 1]
    else if (value === 1) ended = true
    else if (value === 2) {
      x += code[at++] ?? 0
      y += code[at++] ?? 0
    } else {
      for (let i = 0; i < value; i++) put(code[at + i] ?? 0)
      at += value + (value & 1)
    }
    if (y >= height) ended = true
  }
  if (!ended && y < height - 1) throw cut(path, code.length, code.length + 2)
  for (let row = height - 1; row >= 0; row--) yield indices.subarray(row * width, (row + 1) * width)
}

/** How a stored row becomes grey or red, green, blue bytes. */
function pixelReader({ width, bits, palette, masks, grey }: BmpHeader): (row: Uint8Array) => Uint8Array {
  const channels = grey ? 1 : 3
  if (palette)
    return (row) => {
      const out = new Uint8Array(width * channels)
      for (let x = 0; x < width; x++) {
        const byte = row[(x * bits) >> 3]!
        const index = bits === 8 ? byte : (byte >> (8 - bits - ((x * bits) & 7))) & ((1 << bits) - 1)
        for (let c = 0; c < channels; c++) out[x * channels + c] = palette[3 * index + c]!
      }
      return out
    }
  if (!masks)
    return (row) => {
      const out = new Uint8Array(width * 3)
      for (let x = 0; x < width; x++) for (let c = 0; c < 3; c++) out[3 * x + c] = row[3 * x + 2 - c]!
      return out
    }
  const fields = masks.map(field)
  const hasAlpha = masks[3] !== 0
  return (row) => {
    const view = new DataView(row.buffer, row.byteOffset, row.byteLength)
    const out = new Uint8Array(width * 3)
    for (let x = 0; x < width; x++) {
      const word = bits === 16 ? view.getUint16(2 * x, true) : view.getUint32(4 * x, true)
      const alpha = hasAlpha ? fields[3]!(word) : 1
      for (let c = 0; c < 3; c++) out[3 * x + c] = Math.round(255 * (1 - alpha + alpha * fields[c]!(word)))
    }
    return out
  }
}

/** Reads the bits of `mask` as a number 0 to 1. */
function field(mask: number): (word: number) => number {
  if (mask === 0) return () => 0
  const shift = 31 - Math.clz32(mask & -mask)
  const most = (mask >>> shift) >>> 0
  return (word) => ((word & mask) >>> shift) / most
}
