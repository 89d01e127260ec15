import { crc32 } from './crc32'

/** A mask of 0 and 1, [height, width], as a grey 8-bit PNG (ISO/IEC 15948), white where it is on. */
export async function maskPng(data: Uint8Array, width: number, height: number): Promise<Blob> {
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  header[8] = 8
  let y = 0
  // Some rows at a time, each after the number of its filter: none.
  const rows = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(to) {
      const count = Math.min(height - y, Math.max(1, Math.floor(2 ** 20 / width)))
      const out = new Uint8Array(count * (width + 1))
      for (let row = 0; row < count; row++)
        for (let x = 0; x < width; x++) out[row * (width + 1) + 1 + x] = data[(y + row) * width + x] ? 255 : 0
      y += count
      to.enqueue(out)
      if (y >= height) to.close()
    },
  })
  const packed = new Uint8Array(await new Response(rows.pipeThrough(new CompressionStream('deflate'))).arrayBuffer())
  const mark = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10)
  const parts = [mark, chunk('IHDR', header), chunk('IDAT', packed), chunk('IEND', new Uint8Array(0))]
  return new Blob(parts, { type: 'image/png' })
}

function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(data.length + 12)
  const view = new DataView(out.buffer)
  view.setUint32(0, data.length)
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i)
  out.set(data, 8)
  view.setUint32(data.length + 8, crc32(out.subarray(4, data.length + 8)))
  return out
}
