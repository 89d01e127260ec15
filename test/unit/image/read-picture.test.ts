import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32, createDeflate, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { crop, openPicture, pictureInfo, readPicture } from '../../../src-main/image'
import { tempFolder } from '../../helpers/folder'

const chunk = (type: string, data: Uint8Array) => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const out = Buffer.alloc(body.length + 8)
  out.writeUInt32BE(data.length, 0)
  body.copy(out, 4)
  out.writeUInt32BE(crc32(body), body.length + 4)
  return out
}
const pngHead = (width: number, height: number, depth = 8, colour = 0) => {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = depth
  header[9] = colour
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header)])
}
const pngEnd = chunk('IEND', new Uint8Array(0))

const ramp = (width: number, height: number, channels: 1 | 3) =>
  Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37 + (i >> 5) * 11) % 256)
const raw = (data: Uint8Array | Uint16Array, width: number, height: number, channels: 1 | 3) =>
  sharp(data, { raw: { width, height, channels } })
const bytes = (values: Float32Array) => Array.from(values, (value) => Math.round(value * 255))

describe('readPicture', () => {
  it('keeps grey as one channel and 8 bits as they are, in PNG, TIFF and BMP', async () => {
    const folder = await tempFolder()
    const data = ramp(17, 9, 1)
    await raw(data, 17, 9, 1).toColourspace('b-w').png().toFile(join(folder, 'a.png'))
    await raw(data, 17, 9, 1).toColourspace('b-w').tiff({ compression: 'lzw' }).toFile(join(folder, 'a.tif'))
    for (const name of ['a.png', 'a.tif']) {
      const found = await readPicture(join(folder, name))
      expect(found).toMatchObject({ width: 17, height: 9, channels: 1, depth: 8 })
      expect(bytes(found.data)).toEqual([...data])
    }
  })

  it('keeps 16 bits, grey and colour', async () => {
    const folder = await tempFolder()
    const grey = Uint16Array.from({ length: 64 * 48 }, (_, i) => (i * 17) % 65536)
    await raw(grey, 64, 48, 1).toColourspace('grey16').png().toFile(join(folder, 'g.png'))
    await raw(grey, 64, 16, 3).toColourspace('rgb16').tiff({ compression: 'lzw' }).toFile(join(folder, 'c.tif'))
    const found = await readPicture(join(folder, 'g.png'))
    expect(found).toMatchObject({ width: 64, height: 48, channels: 1, depth: 16 })
    expect(found.data).toBeAllclose(
      Float32Array.from(grey, (v) => v / 65535),
      { relative: 0, absolute: 1e-7 },
    )
    const colour = await readPicture(join(folder, 'c.tif'))
    expect(colour).toMatchObject({ width: 64, height: 16, channels: 3, depth: 16 })
    expect(colour.data).toBeAllclose(
      Float32Array.from(grey, (v) => v / 65535),
      { relative: 0, absolute: 1e-7 },
    )
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('applies EXIF orientation %i, whole and in parts', async (orientation) => {
    const folder = await tempFolder()
    const path = join(folder, 'a.png')
    await raw(ramp(7, 4, 3), 7, 4, 3)
      .withMetadata({ orientation })
      .png()
      .toFile(path)
    const { data, info } = await sharp(path).autoOrient().raw().toBuffer({ resolveWithObject: true })
    const found = await readPicture(path)
    expect([found.width, found.height]).toEqual([info.width, info.height])
    expect(bytes(found.data)).toEqual([...data])
    const reader = await openPicture(path)
    const part = reader.read({ x: 1, y: 2, width: 3, height: 2 })
    reader.close()
    const expected = await sharp(path).autoOrient().extract({ left: 1, top: 2, width: 3, height: 2 }).raw().toBuffer()
    expect(bytes(part.data)).toEqual([...expected])
  })

  it('repeats the edge beyond the picture', async () => {
    const path = join(await tempFolder(), 'a.png')
    await raw(Uint8Array.of(10, 20, 30, 40, 50, 60), 3, 2, 1)
      .toColourspace('b-w')
      .png()
      .toFile(path)
    const reader = await openPicture(path)
    expect(bytes(reader.read({ x: -1, y: -1, width: 5, height: 4 }).data)).toEqual([
      ...[10, 10, 20, 30, 30],
      ...[10, 10, 20, 30, 30],
      ...[40, 40, 50, 60, 60],
      ...[40, 40, 50, 60, 60],
    ])
    expect(bytes(reader.read({ x: 5, y: 5, width: 2, height: 1 }).data)).toEqual([60, 60])
    reader.close()
  })

  it('brings another colour profile to sRGB', async () => {
    const folder = await tempFolder()
    const path = join(folder, 'p3.png')
    const green = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => [60, 200, 60][i % 3]!)
    await raw(green, 8, 8, 3).withIccProfile('p3').png().toFile(path)
    const stored = await sharp(path, { ignoreIcc: true }).raw().toBuffer()
    expect(stored[0]).not.toBe(60)
    const [r, g, b] = bytes((await readPicture(path)).data)
    expect(Math.abs(r! - 60)).toBeLessThan(4)
    expect(Math.abs(g! - 200)).toBeLessThan(4)
    expect(Math.abs(b! - 60)).toBeLessThan(4)
  })

  it('converts a CMYK JPEG and says so', async () => {
    const path = join(await tempFolder(), 'ink.jpg')
    await raw(new Uint8Array(32 * 32 * 3).fill(200), 32, 32, 3)
      .toColourspace('cmyk')
      .jpeg({ quality: 95 })
      .toFile(path)
    expect((await sharp(path).metadata()).space).toBe('cmyk')
    const { notes, channels } = await pictureInfo(path)
    expect(channels).toBe(3)
    expect(notes).toEqual(['It was converted from CMYK to sRGB.'])
    const { data } = await readPicture(path)
    expect(data.length).toBe(32 * 32 * 3)
    expect(Math.abs(data[0]! * 255 - 200)).toBeLessThan(12)
  })

  it('lays transparency on white and says so, in grey too', async () => {
    const folder = await tempFolder()
    await sharp(Uint8Array.of(255, 0, 0, 255, 255, 0, 0, 0), { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toFile(join(folder, 'a.png'))
    expect(bytes((await readPicture(join(folder, 'a.png'))).data)).toEqual([255, 0, 0, 255, 255, 255])
    await sharp(Uint8Array.of(90, 255, 90, 0), { raw: { width: 2, height: 1, channels: 2 } })
      .toColourspace('b-w')
      .png()
      .toFile(join(folder, 'g.png'))
    const grey = await readPicture(join(folder, 'g.png'))
    expect(grey.channels).toBe(1)
    expect(bytes(grey.data)).toEqual([90, 255])
    expect((await pictureInfo(join(folder, 'g.png'))).notes).toEqual(['Its transparent parts were laid on white.'])
  })

  it.each(['gif', 'webp'] as const)('takes the first frame of an animated %s and says so', async (format) => {
    const path = join(await tempFolder(), `a.${format}`)
    const frame = (value: number) =>
      sharp({ create: { width: 12, height: 10, channels: 3, background: { r: value, g: value, b: value } } })
        .png()
        .toBuffer()
    await sharp([await frame(40), await frame(200)], { join: { animated: true } }).toFile(path)
    const { notes, height } = await pictureInfo(path)
    expect(height).toBe(10)
    expect(notes[0]).toBe('Only the first of its 2 frames was taken.')
    const found = await readPicture(path)
    expect([found.width, found.height, found.channels]).toEqual([12, 10, 3])
    expect(Math.abs(found.data[0]! * 255 - 40)).toBeLessThan(4)
  })

  it('goes by content, not by name', async () => {
    const path = join(await tempFolder(), 'really-a-jpeg.png')
    await raw(ramp(16, 16, 3), 16, 16, 3)
      .jpeg()
      .toFile(path)
    expect(await pictureInfo(path)).toMatchObject({ format: 'jpeg', width: 16 })
  })

  it('reads a picture of one pixel', async () => {
    const path = join(await tempFolder(), 'a.png')
    await raw(Uint8Array.of(1, 2, 3), 1, 1, 3)
      .png()
      .toFile(path)
    expect(await readPicture(path)).toMatchObject({ width: 1, height: 1, channels: 3 })
  })

  it('reads a large picture through a temporary file that it leaves no trace of', async () => {
    const folder = await tempFolder()
    const spool = join(folder, 'spool')
    await mkdir(spool)
    for (const [name, channels, bits] of [
      ['a.png', 3, 8],
      ['a.tif', 1, 16],
    ] as const) {
      const path = join(folder, name)
      const data = ramp(150, 90, channels)
      const values = bits === 16 ? Uint16Array.from(data, (v) => v * 257) : data
      const space = bits === 16 ? 'grey16' : 'srgb'
      const image = raw(values, 150, 90, channels).withMetadata({ orientation: 6 }).toColourspace(space)
      await (bits === 16 ? image.tiff({ compression: 'lzw' }) : image.png()).toFile(path)
      const whole = await readPicture(path)
      const reader = await openPicture(path, { spoolFolder: spool, inMemoryBytes: 1000 })
      if (process.platform !== 'win32') expect(await readdir(spool)).toEqual([])
      for (const box of [
        { x: 0, y: 0, width: 90, height: 150 },
        { x: 3, y: 100, width: 5, height: 40 },
        { x: -4, y: 140, width: 100, height: 20 },
      ]) {
        const [found, expected] = [reader.read(box), crop(whole, box)]
        expect({ ...found, data: null }).toEqual({ ...expected, data: null })
        expect(Buffer.compare(Buffer.from(found.data.buffer), Buffer.from(expected.data.buffer))).toBe(0)
      }
      reader.close()
      expect(await readdir(spool)).toEqual([])
    }
  })

  it('refuses to take a picture of over 50 megapixels whole, before decoding it', async () => {
    const path = join(await tempFolder(), 'a.png')
    await writeFile(path, Buffer.concat([pngHead(9000, 7600), chunk('IDAT', deflateSync(new Uint8Array(9))), pngEnd]))
    await expect(readPicture(path)).rejects.toMatchObject({ code: 'bad-input', message: /at most 50 megapixels/ })
  })
})

describe('files that are no pictures', () => {
  const refused = async (name: string, data: string | Uint8Array) => {
    const path = join(await tempFolder(), name)
    await writeFile(path, data)
    const thrown: unknown = await readPicture(path).catch((error: unknown) => error)
    expect(thrown).toMatchObject({ name: 'NagareError', file: path, message: expect.stringContaining(path) as string })
    return thrown
  }

  it.each([
    ['nothing.png', '', 'bad-input', /the file is empty/],
    ['words.png', 'These are words, not a picture.', 'bad-input', /found text/],
    ['drawing.png', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'bad-input', /an SVG drawing/],
    ['phone.jpg', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0', 'latin1'), 'bad-input', /a HEIC image/],
    ['sound.png', Buffer.from('RIFF\x20\0\0\0WAVEfmt ', 'latin1'), 'bad-input', /a WAV recording/],
    ['noise.bin', Buffer.from('0001020304deadbeef', 'hex'), 'bad-input', /unknown data/],
    ['mark.png', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), 'corrupt', /expected a whole picture/],
    ['mark.jpg', Buffer.from('\xff\xd8\xff\xe0', 'latin1'), 'corrupt', /expected a whole picture/],
    ['mark.tif', Buffer.from('II*\0\xff\xff\xff\xff', 'latin1'), 'corrupt', /expected a whole picture/],
    ['mark.webp', Buffer.from('RIFF\xff\0\0\0WEBPVP8 ', 'latin1'), 'corrupt', /expected a whole picture/],
    ['mark.gif', Buffer.from('GIF89a', 'latin1'), 'corrupt', /expected a whole picture/],
  ] as const)('%s', async (name, data, code, message) => {
    expect(await refused(name, data)).toMatchObject({ code, message })
  })

  it('a folder, and a name that is not there', async () => {
    const folder = await tempFolder()
    await expect(readPicture(folder)).rejects.toMatchObject({ code: 'bad-input', message: /found a folder/ })
    await expect(readPicture(join(folder, 'no.png'))).rejects.toMatchObject({ code: 'not-found' })
  })

  it('files cut short or with wrong bytes', async () => {
    const noise = Uint8Array.from({ length: 120 * 100 * 3 }, (_, i) => (Math.imul(i + 7, 2654435761) >>> 13) & 255)
    const image = () => raw(noise, 120, 100, 3)
    for (const data of [
      await image().png().toBuffer(),
      await image().jpeg().toBuffer(),
      await image().tiff({ compression: 'none' }).toBuffer(),
      await image().tiff({ compression: 'deflate' }).toBuffer(),
      await image().webp().toBuffer(),
    ])
      expect(await refused('cut', data.subarray(0, Math.floor(data.length * 0.6)))).toMatchObject({ code: 'corrupt' })
    const png = await image().png().toBuffer()
    png.fill(0x55, 1500, 1600)
    expect(await refused('wrong.png', png)).toMatchObject({ code: 'corrupt' })
  })

  it('a header of over 300 megapixels, without decoding', async () => {
    const data = Buffer.concat([pngHead(60000, 60000, 1), chunk('IDAT', deflateSync(new Uint8Array(10))), pngEnd])
    const thrown = await refused('bomb.png', data)
    expect(thrown).toMatchObject({ code: 'bad-input', message: /at most 300 megapixels.*60000 × 60000/ })
  })

  it('an interlaced PNG that a decoder would hold whole', async () => {
    const header = pngHead(20000, 10000)
    header[28] = 1
    header.writeUInt32BE(crc32(header.subarray(12, 29)), 29)
    const data = Buffer.concat([header, chunk('IDAT', deflateSync(new Uint8Array(10))), pngEnd])
    expect(await refused('bomb.png', data)).toMatchObject({
      code: 'bad-input',
      message: /an interlaced PNG of at most 100 megapixels/,
    })
  })

  it('a PNG whose pixels inflate to far more than its header says is read as its header says', async () => {
    const path = join(await tempFolder(), 'bomb.png')
    // Deflate of zeros packs about 1030 to 1; a stored run of the same packed megabyte stands for gigabytes.
    const head = pngHead(64, 64)
    const deflate = createDeflate({ level: 9 })
    const parts: Buffer[] = []
    const zeros = Buffer.alloc(1 << 20)
    await pipeline(
      Readable.from(
        (function* () {
          for (let i = 0; i < 24; i++) yield zeros
        })(),
      ),
      deflate,
      async (source) => {
        for await (const piece of source) parts.push(piece as Buffer)
      },
    )
    await writeFile(path, Buffer.concat([head, chunk('IDAT', Buffer.concat(parts)), pngEnd]))
    const before = process.memoryUsage().rss
    await readPicture(path).then(
      (found) => expect(found.data.length).toBe(64 * 64),
      (thrown: unknown) => expect(thrown).toMatchObject({ code: 'corrupt' }),
    )
    expect(process.memoryUsage().rss - before).toBeLessThan(60e6)
  })

  it('a TIFF of floating-point values', async () => {
    const fields: [number, number, number, number][] = [
      [256, 4, 1, 8],
      [257, 4, 1, 8],
      [258, 3, 1, 32],
      [259, 3, 1, 1],
      [262, 3, 1, 1],
      [273, 4, 1, 8],
      [277, 3, 1, 1],
      [278, 4, 1, 8],
      [279, 4, 1, 256],
      [339, 3, 1, 3],
    ]
    const file = Buffer.alloc(8 + 256 + 2 + 12 * fields.length + 4)
    file.write('II*\0', 'latin1')
    file.writeUInt32LE(264, 4)
    file.writeUInt16LE(fields.length, 264)
    fields.forEach(([tag, type, count, value], i) => {
      const at = 266 + 12 * i
      file.writeUInt16LE(tag, at)
      file.writeUInt16LE(type, at + 2)
      file.writeUInt32LE(count, at + 4)
      file.writeUInt32LE(value, at + 8)
    })
    expect(await refused('a.tif', file)).toMatchObject({ code: 'unsupported', message: /found float values/ })
  })
})
