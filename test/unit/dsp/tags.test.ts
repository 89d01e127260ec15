import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  createFlac,
  createWav,
  openAudio,
  readTags,
  riffTagChunks,
  vorbisComment,
  type Tags,
} from '../../../src-main/dsp'
import { random } from '../../../src-main/lib/random'
import { tempFolder } from '../../helpers/folder'
import { formatBody, int16Bytes, riffChunk, tone, wavFile } from '../../helpers/signals'

const tags: Tags = {
  title: 'Im Walde',
  artist: 'Käthe Ünal',
  album: '録音集',
  date: '2026',
  genre: 'Speech',
  track: '3',
  copyright: '© nobody',
  comment: 'odd',
}
const x = tone(440, 8000, 16_000)

/** A file in a folder of its own. */
async function file(bytes: Uint8Array, name = 'x.wav') {
  const path = join(await tempFolder(), name)
  await writeFile(path, bytes)
  return path
}

describe('readTags', () => {
  it('reads an INFO list before or after the samples, in UTF-8 or Latin-1', async () => {
    const info = (...fields: [string, string | Buffer][]) =>
      riffChunk(
        'LIST',
        Buffer.concat([Buffer.from('INFO'), ...fields.map(([id, text]) => riffChunk(id, Buffer.from(text)))]),
      )
    const [format, data] = [riffChunk('fmt ', formatBody()), riffChunk('data', int16Bytes(x))]
    const before = await file(wavFile([info(['INAM', 'Title\0'], ['IART', 'Käthe\0']), format, data]))
    expect(await readTags(before)).toEqual({ title: 'Title', artist: 'Käthe' })
    const after = await file(wavFile([format, data, info(['IART', Buffer.from('Käthe\0', 'latin1')], ['IXYZ', 'no'])]))
    expect(await readTags(after)).toEqual({ artist: 'Käthe' })
    expect(await readTags(await file(wavFile([format, data])))).toEqual({})
  })

  it('reads ID3v2.3 and 2.4 in each of their encodings', async () => {
    const frame = (version: 3 | 4, id: string, body: Buffer) => {
      const head = Buffer.alloc(10)
      head.write(id, 0, 'latin1')
      if (version === 4) head.writeUInt32BE(((body.length >> 7) << 8) | (body.length & 127), 4)
      else head.writeUInt32BE(body.length, 4)
      return Buffer.concat([head, body])
    }
    const id3 = (version: 3 | 4, ...frames: Buffer[]) => {
      const body = Buffer.concat([...frames, Buffer.alloc(64)])
      return Buffer.concat([
        Buffer.from([0x49, 0x44, 0x33, version, 0, 0, 0, 0, body.length >> 7, body.length & 127]),
        body,
      ])
    }
    const utf16 = Buffer.concat([Buffer.from([1, 0xff, 0xfe]), Buffer.from('録音', 'utf16le')])
    const comment = Buffer.concat([Buffer.from([0]), Buffer.from('eng'), Buffer.from('\0well said', 'latin1')])
    const old = id3(
      3,
      frame(3, 'TIT2', utf16),
      frame(3, 'TPE1', Buffer.from('\0K\xe4the', 'latin1')),
      frame(3, 'COMM', comment),
    )
    expect(await readTags(await file(old, 'x.mp3'))).toEqual({ title: '録音', artist: 'Käthe', comment: 'well said' })
    const long = Buffer.concat([Buffer.from([3]), Buffer.from('ä'.repeat(100))])
    const fresh = id3(4, frame(4, 'TALB', long), frame(4, 'TDRC', Buffer.from('\x032026')))
    expect(await readTags(await file(fresh, 'x.mp3'))).toEqual({ album: 'ä'.repeat(100), date: '2026' })
  })

  it('finds nothing, and ends, in what was made up', async () => {
    const draw = random(1)
    for (const magic of ['RIFF....WAVE', 'fLaC', 'ID3\x03\0\0\0\0\x7f\x7f'])
      for (let n = 0; n < 40; n++) {
        const noise = Uint8Array.from({ length: 400 }, () => draw.integer(256))
        await expect(readTags(await file(Buffer.concat([Buffer.from(magic, 'latin1'), noise])))).resolves.toBeTypeOf(
          'object',
        )
      }
    expect(await readTags(await file(Buffer.from('hello')))).toEqual({})
  })
})

describe('what is written', () => {
  it.each(['s16', 's24', 'f32'] as const)(
    'comes back from a WAV of %s, whose samples are as before',
    async (format) => {
      const path = join(await tempFolder(), 'out.wav')
      const bext = Uint8Array.from({ length: 602 }, (_, i) => i % 251)
      const trailer = riffTagChunks({ ...tags, bext })
      const writer = await createWav(path, { sampleRate: 16_000, channels: 1, format, trailer })
      await writer.write([x])
      await writer.finish()
      expect(await readTags(path)).toEqual({ ...tags, bext })
      const bytes = await readFile(path)
      expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8)
      const reader = await openAudio(path)
      expect(reader.info.frames).toBe(8000)
      await reader.close()
    },
  )

  it('comes back from FLAC, whose samples are as before', async () => {
    const path = join(await tempFolder(), 'out.flac')
    const writer = await createFlac(path, { sampleRate: 16_000, channels: 1, bits: 16, comment: vorbisComment(tags) })
    await writer.write([x])
    await writer.finish()
    expect(await readTags(path)).toEqual(tags)
    const reader = await openAudio(path)
    expect(reader.info).toMatchObject({ frames: 8000, sampleRate: 16_000 })
    const [found] = (await reader.read(8000))!
    expect(Math.max(...found!.map((value, i) => Math.abs(value - Math.round(x[i]! * 32768) / 32768)))).toBeLessThan(
      1e-6,
    )
    await reader.close()
  })

  it('is nothing for no tags', () => {
    expect(riffTagChunks({})).toHaveLength(0)
  })
})
