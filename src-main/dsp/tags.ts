import { open, type FileHandle } from 'node:fs/promises'

/** Names of the fields that are kept, each with its chunk in a RIFF INFO list, its name in Vorbis comments, and its frame in ID3v2.3 and 2.4. */
const fields = {
  title: ['INAM', 'TITLE', 'TIT2'],
  artist: ['IART', 'ARTIST', 'TPE1'],
  album: ['IPRD', 'ALBUM', 'TALB'],
  date: ['ICRD', 'DATE', 'TYER'],
  genre: ['IGNR', 'GENRE', 'TCON'],
  track: ['ITRK', 'TRACKNUMBER', 'TRCK'],
  copyright: ['ICOP', 'COPYRIGHT', 'TCOP'],
  comment: ['ICMT', 'COMMENT', 'COMM'],
} as const
type Field = keyof typeof fields
const names = Object.keys(fields) as Field[]

/** What is written in a recording about it, and the body of its Broadcast Wave `bext` chunk. */
export type Tags = Partial<Record<Field, string>> & { bext?: Uint8Array }

/** Longest text and longest block of tags that are read: pictures and scripts are left alone. */
const longestText = 10_000
const longestBlock = 1 << 20
const mostChunks = 4096

const readAt = async (handle: FileHandle, position: number, length: number) => {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

/** UTF-8 where it is that, else Latin-1, as old programs wrote; ends at a zero. */
function plainText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  const body = end < 0 ? bytes : bytes.subarray(0, end)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    text = Buffer.from(body).toString('latin1')
  }
  return text.trim().slice(0, longestText)
}

function keep(tags: Tags, field: Field | undefined, text: string) {
  if (field && text && tags[field] === undefined) tags[field] = text
}

/** Tags of a RIFF, RF64 or BW64 file: `LIST INFO` and `bext`, wherever they stand (Microsoft RIFF; EBU Tech 3285). */
async function riffTags(handle: FileHandle, size: number): Promise<Tags> {
  const tags: Tags = {}
  let wide: number | undefined
  let at = 12
  for (let n = 0; n < mostChunks && at + 8 <= size; n++) {
    const head = await readAt(handle, at, 8)
    const id = head.toString('latin1', 0, 4)
    let length = head.readUInt32LE(4)
    if (id === 'ds64' && length >= 16) wide = Number((await readAt(handle, at + 16, 8)).readBigUInt64LE(0))
    if (id === 'data' && length === 0xffffffff) length = wide ?? size
    if (id === 'bext' && length <= longestBlock) tags.bext = new Uint8Array(await readAt(handle, at + 8, length))
    if (id === 'LIST' && length <= longestBlock) {
      const list = await readAt(handle, at + 8, length)
      if (list.toString('latin1', 0, 4) === 'INFO')
        for (let i = 4; i + 8 <= list.length;) {
          const name = list.toString('latin1', i, i + 4)
          const bytes = list.readUInt32LE(i + 4)
          const field = names.find((each) => fields[each][0] === name)
          keep(tags, field, plainText(list.subarray(i + 8, i + 8 + bytes)))
          i += 8 + bytes + (bytes & 1)
        }
    }
    at += 8 + length + (length & 1)
  }
  return tags
}

/** The fields of a Vorbis comment body (without framing bit). */
function vorbisTags(body: Buffer): Tags {
  const tags: Tags = {}
  let at = 0
  const next = () => {
    if (at + 4 > body.length) return undefined
    const length = body.readUInt32LE(at)
    const text = body.subarray(at + 4, at + 4 + length)
    at += 4 + length
    return text.length === length ? text : undefined
  }
  if (!next() || at + 4 > body.length) return tags
  const count = Math.min(mostChunks, body.readUInt32LE(at))
  at += 4
  for (let i = 0; i < count; i++) {
    const entry = next()?.toString('utf8')
    if (entry === undefined) break
    const name = entry.slice(0, entry.indexOf('=')).toUpperCase()
    const text = entry.slice(entry.indexOf('=') + 1)
    const field = names.find((each) => fields[each][1] === name) ?? (name === 'DESCRIPTION' ? 'comment' : undefined)
    keep(tags, field, text.trim().slice(0, longestText))
  }
  return tags
}

/** Tags of a FLAC file: its VORBIS_COMMENT block (RFC 9639 §8.6). */
async function flacTags(handle: FileHandle, size: number, start: number): Promise<Tags> {
  let at = start + 4
  for (let n = 0; n < mostChunks && at + 4 <= size; n++) {
    const head = await readAt(handle, at, 4)
    const length = head.readUIntBE(1, 3)
    if ((head[0]! & 0x7f) === 4 && length <= longestBlock) return vorbisTags(await readAt(handle, at + 4, length))
    if (head[0]! & 0x80) break
    at += 4 + length
  }
  return {}
}

const syncSafe = (bytes: Buffer, at: number) =>
  (bytes[at]! << 21) | (bytes[at + 1]! << 14) | (bytes[at + 2]! << 7) | bytes[at + 3]!

/** Text of an ID3 frame, which its first byte says how to read. */
function id3Text(body: Buffer): string {
  const [encoding, rest] = [body[0], body.subarray(1)]
  if (encoding === 1 || encoding === 2) {
    const isBig = encoding === 2 || (rest[0] === 0xfe && rest[1] === 0xff)
    const text = new TextDecoder(isBig ? 'utf-16be' : 'utf-16le').decode(rest)
    return text
      .replace(/^\ufeff/, '')
      .split('\0')[0]!
      .trim()
      .slice(0, longestText)
  }
  const end = rest.indexOf(0)
  const text = end < 0 ? rest : rest.subarray(0, end)
  return text
    .toString(encoding === 3 ? 'utf8' : 'latin1')
    .trim()
    .slice(0, longestText)
}

/** A comment frame: encoding, language, a description that ends with a zero, and the text. */
function id3Comment(body: Buffer): string {
  const isWide = body[0] === 1 || body[0] === 2
  const rest = body.subarray(4)
  let end = 0
  const step = isWide ? 2 : 1
  while (end + step <= rest.length && !(rest[end] === 0 && (!isWide || rest[end + 1] === 0))) end += step
  return id3Text(Buffer.concat([body.subarray(0, 1), rest.subarray(end + step)]))
}

/** Tags of an ID3v2.3 or 2.4 block at the start of a file. */
async function id3Tags(handle: FileHandle): Promise<Tags> {
  const head = await readAt(handle, 0, 10)
  const [version, length] = [head[3]!, syncSafe(head, 6)]
  const tags: Tags = {}
  if ((version !== 3 && version !== 4) || head[5]! & 0xc0) return tags
  const body = await readAt(handle, 10, Math.min(length, longestBlock))
  for (let at = 0; at + 10 <= body.length && body[at] !== 0;) {
    const name = body.toString('latin1', at, at + 4)
    const size = version === 4 ? syncSafe(body, at + 4) : body.readUInt32BE(at + 4)
    const frame = body.subarray(at + 10, at + 10 + size)
    const field = names.find((each) => fields[each][2] === name) ?? (name === 'TDRC' ? 'date' : undefined)
    if (field && frame.length === size && size > 1)
      keep(tags, field, name === 'COMM' ? id3Comment(frame) : id3Text(frame))
    at += 10 + size
  }
  return tags
}

/** What is written about the recording in a WAV, FLAC or MP3 file; nothing for other kinds and for what makes no sense. Throws only what opening throws. */
export async function readTags(path: string): Promise<Tags> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const head = await readAt(handle, 0, 12)
    const magic = head.toString('latin1', 0, 4)
    if (['RIFF', 'RF64', 'BW64'].includes(magic) && head.toString('latin1', 8, 12) === 'WAVE')
      return await riffTags(handle, size)
    if (magic === 'fLaC') return await flacTags(handle, size, 0)
    if (magic.startsWith('ID3')) return await id3Tags(handle)
    return {}
  } catch {
    return {}
  } finally {
    await handle.close()
  }
}

function chunk(id: string, body: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.write(id, 0, 'latin1')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body, Buffer.alloc(body.length & 1)])
}

/** RIFF chunks that say the same: `bext` as it was, and a list of INFO in UTF-8; empty for no tags. */
export function riffTagChunks(tags: Tags): Uint8Array {
  const info = names.flatMap((field) => {
    const text = tags[field]
    return text ? [chunk(fields[field][0], Buffer.from(`${text}\0`))] : []
  })
  return Buffer.concat([
    ...(tags.bext ? [chunk('bext', tags.bext)] : []),
    ...(info.length ? [chunk('LIST', Buffer.concat([Buffer.from('INFO'), ...info]))] : []),
  ])
}

/** The body of a VORBIS_COMMENT block that says the same (RFC 9639 §8.6). */
export function vorbisComment(tags: Tags): Uint8Array {
  const sized = (text: string) => {
    const bytes = Buffer.from(text)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(bytes.length)
    return Buffer.concat([length, bytes])
  }
  const entries = names.flatMap((field) => (tags[field] ? [sized(`${fields[field][1]}=${tags[field]}`)] : []))
  const count = Buffer.alloc(4)
  count.writeUInt32LE(entries.length)
  return Buffer.concat([sized('Nagare'), count, ...entries])
}
