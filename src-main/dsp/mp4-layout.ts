import type { FileHandle } from 'node:fs/promises'

interface Box {
  type: string
  start: number
  size: number
}

/** Top-level boxes of an MP4 file of `size` bytes (ISO/IEC 14496-12 §4.2); `complete` is false when the last one is cut short. */
async function topLevelBoxes(handle: FileHandle, size: number): Promise<{ boxes: Box[]; complete: boolean }> {
  const boxes: Box[] = []
  const head = Buffer.alloc(16)
  for (let start = 0; start + 8 <= size && boxes.length < 65536;) {
    await handle.read(head, 0, 16, start)
    const short = head.readUInt32BE(0)
    const length = short === 0 ? size - start : short === 1 ? Number(head.readBigUInt64BE(8)) : short
    if (length < 8) return { boxes, complete: false }
    boxes.push({ type: head.toString('latin1', 4, 8), start, size: Math.min(length, size - start) })
    if (start + length > size) return { boxes, complete: false }
    start += length
  }
  return { boxes, complete: true }
}

/** Adds `shift` to the chunk offsets (`stco`, `co64`) inside a `moov` box, in place. */
function shiftOffsets(b: Buffer, start: number, end: number, shift: number): void {
  const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl'])
  for (let at = start; at + 16 <= end;) {
    const size = b.readUInt32BE(at)
    const type = b.toString('latin1', at + 4, at + 8)
    const stop = Math.min(end, at + size)
    if (size < 8) return
    if (containers.has(type)) shiftOffsets(b, at + 8, stop, shift)
    else if (type === 'stco')
      for (let p = at + 16; p + 4 <= stop; p += 4) b.writeUInt32BE((b.readUInt32BE(p) + shift) >>> 0, p)
    else if (type === 'co64')
      for (let p = at + 16; p + 8 <= stop; p += 8) b.writeBigUInt64BE(b.readBigUInt64BE(p) + BigInt(shift), p)
    at += size
  }
}

/** Largest table of contents to load, bytes; ten hours of AAC need about 7 MB. */
const largestMoov = 64 << 20

/**
 * Byte ranges of an MP4 file in an order that can be decoded while it is read: its table of contents (`moov`), which
 * most recorders put last, comes right after `ftyp`, with its offsets adjusted. `complete` is false for a file cut short.
 */
export async function streamableMp4(
  handle: FileHandle,
  size: number,
): Promise<{ parts: (Buffer | { start: number; size: number })[]; complete: boolean }> {
  const { boxes, complete } = await topLevelBoxes(handle, size)
  const moov = boxes.findIndex((box) => box.type === 'moov')
  const mdat = boxes.findIndex((box) => box.type === 'mdat')
  const table = boxes[moov]
  if (!table || table.size > largestMoov || mdat < 0 || moov < mdat) return { parts: [{ start: 0, size }], complete }
  const bytes = Buffer.alloc(table.size)
  await handle.read(bytes, 0, table.size, table.start)
  shiftOffsets(bytes, 0, bytes.length, table.size)
  const before = boxes[mdat]!.start
  return {
    parts: [
      { start: 0, size: before },
      bytes,
      { start: before, size: table.start - before },
      { start: table.start + table.size, size: size - table.start - table.size },
    ],
    complete,
  }
}
