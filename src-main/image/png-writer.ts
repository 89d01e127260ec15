import { crc32, createDeflate, type Deflate } from 'node:zlib'
import { NagareError } from '../lib/errors'
import { outputFile } from '../lib/output-file'
import type { Picture } from './picture'

export interface PngFormat {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly depth: 8 | 16
}

/** A PNG being written from top to bottom; nothing appears at its path before `finish`. */
export interface PngWriter {
  /** Appends whole rows: floats 0 to 1 are rounded and clamped, integers are taken as they are. Throws `disk-full`, `internal` (NaN, rows too many or not whole). */
  write(rows: Float32Array | Uint8Array | Uint16Array): Promise<void>
  /** Completes the file and puts it in place. */
  finish(): Promise<void>
  /** Gives up and leaves nothing behind; harmless after `finish`. */
  abort(): Promise<void>
}

/** Starts a grey or colour PNG (ISO/IEC 15948) that appears at `path` when finished; memory does not grow with its height. Throws `disk-full`, `no-permission`. */
export async function createPng(path: string, { width, height, channels, depth }: PngFormat): Promise<PngWriter> {
  const output = await outputFile(path)
  const deflate = createDeflate({ level: 6 })
  const packed: Buffer[] = []
  deflate.on('data', (piece: Buffer) => packed.push(piece))
  const pixelBytes = (channels * depth) / 8
  const stride = width * pixelBytes
  let above: Uint8Array = new Uint8Array(stride)
  let written = 0

  const drain = async () => {
    for (const piece of packed.splice(0)) await output.append(chunk('IDAT', piece))
  }
  const internal = (what: string) => new NagareError('internal', `${path}: ${what}.`, { file: path })
  const guarded = async (work: () => Promise<void>) => {
    try {
      await work()
    } catch (thrown) {
      deflate.destroy()
      await output.abort()
      throw thrown
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = depth
  header[9] = channels === 1 ? 0 : 2
  await output.append(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))
  await output.append(chunk('IHDR', header))

  return {
    write: (rows) =>
      guarded(async () => {
        const count = rows.length / (width * channels)
        if (!Number.isInteger(count) || written + count > height)
          throw internal(`${rows.length} values are no whole rows of ${width}, or more than ${height} of them`)
        const bytes = bigEndian(rows, depth, internal)
        const filtered = new Uint8Array(count * (stride + 1))
        for (let y = 0; y < count; y++) {
          const row = bytes.subarray(y * stride, (y + 1) * stride)
          filterRow(row, above, pixelBytes, filtered.subarray(y * (stride + 1), (y + 1) * (stride + 1)))
          above = row
        }
        written += count
        await push(deflate, filtered)
        await drain()
      }),
    finish: () =>
      guarded(async () => {
        if (written !== height) throw internal(`${written} of ${height} rows were written`)
        await new Promise<void>((done, failed) => deflate.on('error', failed).on('end', done).end())
        await drain()
        await output.append(chunk('IEND', new Uint8Array(0)))
        await output.finish()
      }),
    async abort() {
      deflate.destroy()
      await output.abort()
    },
  }
}

/** Writes a picture as PNG with the depth it has, or `depth`. Throws `disk-full`, `no-permission`. */
export async function writePng(path: string, source: Picture, depth: 8 | 16 = source.depth): Promise<void> {
  const writer = await createPng(path, { ...source, depth })
  await writer.write(source.data)
  await writer.finish()
}

function push(deflate: Deflate, bytes: Uint8Array): Promise<void> {
  return new Promise((done, failed) => deflate.write(bytes, (error) => (error ? failed(error) : done())))
}

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(data.length + 12)
  out.writeUInt32BE(data.length, 0)
  out.write(type, 4, 'latin1')
  out.set(data, 8)
  out.writeUInt32BE(crc32(out.subarray(4, data.length + 8)), data.length + 8)
  return out
}

function bigEndian(
  rows: Float32Array | Uint8Array | Uint16Array,
  depth: 8 | 16,
  internal: (what: string) => NagareError,
): Uint8Array {
  const bytes = depth / 8
  if (rows instanceof Uint8Array && depth === 8) return rows.slice()
  if (!(rows instanceof Float32Array) && rows.BYTES_PER_ELEMENT !== bytes)
    throw internal(`values of ${rows.BYTES_PER_ELEMENT} bytes were given for ${depth} bits`)
  const scale = rows instanceof Float32Array ? 2 ** depth - 1 : 1
  const out = new Uint8Array(rows.length * bytes)
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i]!
    if (value !== value) throw internal('a value is not a number')
    const level = scale === 1 ? value : Math.round(Math.min(Math.max(value, 0), 1) * scale)
    if (bytes === 1) out[i] = level
    else {
      out[2 * i] = level >> 8
      out[2 * i + 1] = level
    }
  }
  return out
}

/** Filters none, left or up (ISO/IEC 15948 §9), whichever leaves the smallest differences. */
function filterRow(row: Uint8Array, above: Uint8Array, pixelBytes: number, out: Uint8Array): void {
  const costs = [0, 0, 0]
  const size = (difference: number) => Math.abs((difference << 24) >> 24)
  for (let i = 0; i < row.length; i++) {
    const value = row[i]!
    costs[0]! += size(value)
    costs[1]! += size(value - (i < pixelBytes ? 0 : row[i - pixelBytes]!))
    costs[2]! += size(value - above[i]!)
  }
  const kind = costs.indexOf(Math.min(...costs))
  out[0] = kind
  for (let i = 0; i < row.length; i++) {
    const left = i < pixelBytes ? 0 : row[i - pixelBytes]!
    out[i + 1] = row[i]! - (kind === 0 ? 0 : kind === 1 ? left : above[i]!)
  }
}
