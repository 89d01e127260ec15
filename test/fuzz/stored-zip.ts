import { crc32 } from 'node:zlib'

/** A zip of stored files, made at once: what mutated pickles are wrapped in, so that their checksums hold. */
export function storedZip(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const [name, bytes] of files) {
    const title = Buffer.from(name)
    const head = Buffer.alloc(26)
    head.writeUInt16LE(20, 0)
    head.writeUInt32LE(crc32(bytes), 10)
    head.writeUInt32LE(bytes.length, 14)
    head.writeUInt32LE(bytes.length, 18)
    head.writeUInt16LE(title.length, 22)
    const entry = Buffer.alloc(42)
    head.copy(entry, 2)
    entry.writeUInt16LE(20, 0)
    entry.writeUInt32LE(at, 38)
    parts.push(Buffer.from('PK\x03\x04'), head, title, Buffer.from(bytes))
    directory.push(Buffer.from('PK\x01\x02'), entry, title)
    at += 30 + title.length + bytes.length
  }
  const listing = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(files.size, 8)
  end.writeUInt16LE(files.size, 10)
  end.writeUInt32LE(listing.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, listing, end])
}
