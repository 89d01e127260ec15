import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openPicture, pictureInfo, readPicture } from '../../../src-main/image'
import { tempFolder } from '../../helpers/folder'

interface Parts {
  width: number
  height: number
  bits: number
  compression?: number
  palette?: number[][]
  masks?: number[]
  pixels: Uint8Array
  core?: boolean
}

function bmp({ width, height, bits, compression = 0, palette = [], masks = [], pixels, core = false }: Parts): Buffer {
  const size = core ? 12 : 40
  const table = Buffer.from(palette.flatMap(([r, g, b]) => (core ? [b!, g!, r!] : [b!, g!, r!, 0])))
  const fields = Buffer.alloc(4 * masks.length)
  masks.forEach((mask, i) => fields.writeUInt32LE(mask, 4 * i))
  const head = Buffer.alloc(14 + size)
  head.write('BM', 'latin1')
  head.writeUInt32LE(14 + size + fields.length + table.length, 10)
  head.writeUInt32LE(size, 14)
  if (core) {
    head.writeUInt16LE(width, 18)
    head.writeUInt16LE(height, 20)
    head.writeUInt16LE(1, 22)
    head.writeUInt16LE(bits, 24)
  } else {
    head.writeInt32LE(width, 18)
    head.writeInt32LE(height, 22)
    head.writeUInt16LE(1, 26)
    head.writeUInt16LE(bits, 28)
    head.writeUInt32LE(compression, 30)
    head.writeUInt32LE(palette.length, 46)
  }
  return Buffer.concat([head, fields, table, pixels])
}

const read = async (file: Uint8Array) => {
  const path = join(await tempFolder(), 'a.bmp')
  await writeFile(path, file)
  const { width, height, channels, data } = await readPicture(path)
  return { width, height, channels, bytes: Array.from(data, (v) => Math.round(v * 255)) }
}
const greys = Array.from({ length: 256 }, (_, i) => [i, i, i])

describe('BMP', () => {
  it('reads 24 bits, bottom-up and top-down', async () => {
    const pixels = Uint8Array.of(3, 2, 1, 6, 5, 4, 0, 0, 9, 8, 7, 12, 11, 10, 0, 0)
    const up = [7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6]
    expect(await read(bmp({ width: 2, height: 2, bits: 24, pixels }))).toEqual({
      width: 2,
      height: 2,
      channels: 3,
      bytes: up,
    })
    const down = await read(bmp({ width: 2, height: -2, bits: 24, pixels }))
    expect(down.bytes).toEqual([...up.slice(6), ...up.slice(0, 6)])
  })

  it('reads 8 bits: one channel where the palette is grey, three where it has colours', async () => {
    const pixels = Uint8Array.of(0, 1, 2, 0)
    expect(await read(bmp({ width: 3, height: 1, bits: 8, palette: greys, pixels }))).toMatchObject({
      channels: 1,
      bytes: [0, 1, 2],
    })
    const palette = [
      [255, 0, 0],
      [0, 255, 0],
      [1, 2, 3],
    ]
    expect(await read(bmp({ width: 3, height: 1, bits: 8, palette, pixels }))).toMatchObject({
      channels: 3,
      bytes: [255, 0, 0, 0, 255, 0, 1, 2, 3],
    })
    expect((await read(bmp({ width: 3, height: 1, bits: 8, palette: greys, pixels, core: true }))).bytes).toEqual([
      0, 1, 2,
    ])
  })

  it('reads 1 and 4 bits', async () => {
    const palette = [
      [0, 0, 0],
      [255, 255, 255],
    ]
    const bits = await read(
      bmp({ width: 10, height: 1, bits: 1, palette, pixels: Uint8Array.of(0b10110001, 0b01000000, 0, 0) }),
    )
    expect(bits.bytes).toEqual([1, 0, 1, 1, 0, 0, 0, 1, 0, 1].map((b) => 255 * b))
    const nibbles = greys.slice(0, 16)
    const four = await read(
      bmp({ width: 3, height: 1, bits: 4, palette: nibbles, pixels: Uint8Array.of(0x3c, 0xa0, 0, 0) }),
    )
    expect(four.bytes).toEqual([3, 12, 10])
  })

  it('reads 16 and 32 bits by their masks, and lays alpha on white', async () => {
    const five = await read(bmp({ width: 2, height: 1, bits: 16, pixels: Uint8Array.of(0x00, 0x7c, 0x1f, 0x00) }))
    expect(five.bytes).toEqual([255, 0, 0, 0, 0, 255])
    const plain = await read(bmp({ width: 1, height: 1, bits: 32, pixels: Uint8Array.of(30, 20, 10, 0) }))
    expect(plain.bytes).toEqual([10, 20, 30])
    const masks = [0xff, 0xff00, 0xff0000, 0xff000000]
    const file = bmp({
      width: 2,
      height: 1,
      bits: 32,
      compression: 6,
      masks,
      pixels: Uint8Array.of(10, 20, 30, 255, 10, 20, 30, 0),
    })
    expect((await read(file)).bytes).toEqual([10, 20, 30, 255, 255, 255])
  })

  it('reads run-length coded 8 bits: runs, plain pixels, jumps and early ends', async () => {
    const code = Uint8Array.of(3, 7, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 2, 1, 1, 2, 9, 0, 1)
    const found = await read(bmp({ width: 4, height: 4, bits: 8, compression: 1, palette: greys, pixels: code }))
    expect(found.bytes).toEqual([0, 9, 9, 0, 0, 0, 0, 0, 1, 2, 3, 0, 7, 7, 7, 0])
  })

  it('spools a large one', async () => {
    const path = join(await tempFolder(), 'a.bmp')
    await writeFile(
      path,
      bmp({
        width: 40,
        height: 30,
        bits: 8,
        palette: greys,
        pixels: Uint8Array.from({ length: 1200 }, (_, i) => i % 251),
      }),
    )
    const reader = await openPicture(path, { inMemoryBytes: 100 })
    const found = reader.read({ x: 5, y: 29, width: 3, height: 1 }).data
    reader.close()
    expect(Array.from(found, (v) => Math.round(v * 255))).toEqual([5, 6, 7])
  })

  it('refuses what is cut short, too large, or coded otherwise', async () => {
    const whole = bmp({ width: 20, height: 20, bits: 24, pixels: new Uint8Array(1200) })
    await expect(read(whole.subarray(0, 800))).rejects.toMatchObject({ code: 'corrupt', message: /cut short/ })
    await expect(read(whole.subarray(0, 30))).rejects.toMatchObject({ code: 'corrupt', message: /header is cut short/ })
    const large = bmp({ width: 30000, height: 30000, bits: 24, pixels: new Uint8Array(0) })
    await expect(read(large)).rejects.toMatchObject({ code: 'bad-input', message: /300 megapixels/ })
    const packed = bmp({
      width: 20000,
      height: 10000,
      bits: 8,
      compression: 1,
      palette: greys,
      pixels: Uint8Array.of(0, 1),
    })
    await expect(read(packed)).rejects.toMatchObject({ code: 'bad-input', message: /100 megapixels/ })
    const rle4 = bmp({
      width: 4,
      height: 4,
      bits: 4,
      compression: 2,
      palette: greys.slice(0, 16),
      pixels: new Uint8Array(8),
    })
    await expect(read(rle4)).rejects.toMatchObject({ code: 'unsupported' })
    const cutCode = bmp({
      width: 40,
      height: 40,
      bits: 8,
      compression: 1,
      palette: greys,
      pixels: Uint8Array.of(40, 1, 0, 0),
    })
    await expect(read(cutCode)).rejects.toMatchObject({ code: 'corrupt' })
  })

  it('says from the header alone what it is', async () => {
    const path = join(await tempFolder(), 'a.bmp')
    await writeFile(path, bmp({ width: 5, height: -4, bits: 8, palette: greys, pixels: new Uint8Array(32) }))
    expect(await pictureInfo(path)).toMatchObject({ width: 5, height: 4, channels: 1, depth: 8, format: 'bmp' })
  })
})
