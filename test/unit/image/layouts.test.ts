import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { holdOut, openDataSet } from '../../../src-main/image'
import { tempFolder } from '../../helpers/folder'

/** A grey 8-bit BMP, which needs no codec. */
function bmp(value: number, width = 10, height = 8): Buffer {
  const stride = Math.ceil(width / 4) * 4
  const file = Buffer.alloc(54 + 1024 + stride * height, value)
  file.fill(0, 0, 54)
  file.write('BM', 'latin1')
  file.writeUInt32LE(54 + 1024, 10)
  file.writeUInt32LE(40, 14)
  file.writeInt32LE(width, 18)
  file.writeInt32LE(height, 22)
  file.writeUInt16LE(1, 26)
  file.writeUInt16LE(8, 28)
  for (let i = 0; i < 256; i++) file.writeUInt32LE(i * 0x10101, 54 + 4 * i)
  return file
}

async function put(folder: string, files: Record<string, Uint8Array | string>): Promise<void> {
  for (const [name, data] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), data)
  }
}
const many = (prefix: string, count: number, first = 0) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`${prefix}${String(i).padStart(3, '0')}.png`, bmp(first + i)]),
  )

function idx(shape: number[], data: Uint8Array): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length)
  head[2] = 8
  head[3] = shape.length
  shape.forEach((side, i) => head.writeUInt32BE(side, 4 + 4 * i))
  return Buffer.concat([head, data])
}

describe('MVTec', () => {
  const whole = { ...many('train/good/', 20), ...many('test/good/', 2), ...many('test/hole/', 2, 90) }
  const mask = Buffer.from(bmp(0))
  mask[54 + 1024] = 1

  it('reads normals, defects and masks', async () => {
    const folder = await tempFolder()
    await put(folder, {
      ...whole,
      'ground_truth/hole/000_mask.png': mask,
      'test/good/Thumbs.db': 'x',
      'train/good/.hidden': 'x',
    })
    const found = await openDataSet(folder)
    expect(found).toMatchObject({ layout: 'mvtec' })
    expect(found.train.length).toBe(20)
    expect(found.test.map(({ name, defect, mask }) => [name, defect, mask !== null])).toEqual([
      ['test/good/000.png', null, false],
      ['test/good/001.png', null, false],
      ['test/hole/000.png', 'hole', true],
      ['test/hole/001.png', 'hole', false],
    ])
    expect(found.notes).toEqual([
      '1 file in test/good is no picture and left out: Thumbs.db.',
      '1 defective pictures have no mask; measures per pixel leave them out.',
    ])
    const item = found.test[2]!
    const picture = await found.read(item)
    expect(picture).toMatchObject({ width: 10, height: 8, channels: 1 })
    const marked = (await found.readMask(item, picture))!
    expect(marked.data.reduce((sum, value) => sum + value)).toBe(1)
    expect(marked.data[70]).toBe(1)
    expect(await found.readMask(found.test[0]!, picture)).toBeNull()
    await expect(found.readMask(item, { width: 9, height: 8 })).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('holds out what lies in validation, in order, and nothing that is learned from', async () => {
    const folder = await tempFolder()
    await put(folder, { ...whole, ...many('validation/good/', 5, 200), 'validation/hole/000.png': bmp(9) })
    const before = await openDataSet(folder)
    expect(before.held.map(({ name, defect }) => [name, defect])).toEqual(
      [0, 1, 2, 3, 4].map((i) => [`validation/good/00${i}.png`, null]),
    )
    expect(before.notes).toContain('What is held out are the 5 pictures in validation/good; none of train is.')
    await rm(join(folder, 'validation'), { recursive: true })
    const without = await openDataSet(folder)
    expect(without.held).toEqual([])
    expect(without.train).toEqual(before.train)
    expect(without.test).toEqual(before.test)
  })

  it('refuses a mask of another size, and one without its picture', async () => {
    const folder = await tempFolder()
    await put(folder, { ...whole, 'ground_truth/hole/001_mask.png': bmp(255, 9, 8) })
    await expect(openDataSet(folder)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('a mask of 10 × 8 pixels as its picture has, found 9 × 8') as string,
    })
    await rm(join(folder, 'ground_truth'), { recursive: true })
    await put(folder, { 'ground_truth/hole/007_mask.png': mask })
    await expect(openDataSet(folder)).rejects.toMatchObject({
      message: /test\/hole\/007.* this mask belongs to, found none/,
    })
  })

  it('says how many normal pictures are needed', async () => {
    const folder = await tempFolder()
    await put(folder, many('train/good/', 7))
    await expect(openDataSet(folder)).rejects.toMatchObject({
      code: 'bad-input',
      message: `${folder}: expected at least 20 normal pictures in train/good, found only 7 normal pictures.`,
      hint: /20 or more pictures without defects/,
    })
    await rm(join(folder, 'train/good'), { recursive: true })
    await mkdir(join(folder, 'train/good'))
    await expect(openDataSet(folder)).rejects.toMatchObject({ message: /found no normal pictures/ })
  })

  it('names the data sets where the folder above was chosen', async () => {
    const folder = await tempFolder()
    await put(folder, { ...many('bottle/train/good/', 1), ...many('cable/train/good/', 1) })
    await expect(openDataSet(folder)).rejects.toMatchObject({ message: /one data set, found 2: bottle, cable/ })
  })
})

describe('class folders', () => {
  it('holds some normals out for testing, the same for the same seed', async () => {
    const folder = await tempFolder()
    await put(folder, { ...many('3/', 30), ...many('5/', 4, 100), ...many('8/', 3, 150) })
    const found = await openDataSet(folder, { normal: '3', seed: 1 })
    expect(found.layout).toBe('classes')
    expect(found.train.length).toBe(24)
    expect(found.test.filter(({ defect }) => defect === null).length).toBe(6)
    expect(found.test.filter(({ defect }) => defect === '5').length).toBe(4)
    const names = new Set([...found.train, ...found.test].map(({ name }) => name))
    expect(names.size).toBe(37)
    expect((await openDataSet(folder, { normal: '3', seed: 1 })).train).toEqual(found.train)
    expect((await openDataSet(folder, { normal: '3', seed: 2 })).train).not.toEqual(found.train)
  })

  it('takes train and test as they are, and finds the normal class by its name', async () => {
    const folder = await tempFolder()
    await put(folder, {
      ...many('train/0.normal/', 20),
      ...many('test/0.normal/', 2),
      ...many('test/1.abnormal/', 2, 99),
    })
    const found = await openDataSet(folder)
    expect(found.train.length).toBe(20)
    expect(found.test.map(({ defect }) => defect)).toEqual([null, null, '1.abnormal', '1.abnormal'])
  })

  it('asks which class is normal', async () => {
    const folder = await tempFolder()
    await put(folder, { ...many('a/', 1), ...many('b/', 1) })
    await expect(openDataSet(folder)).rejects.toMatchObject({ message: /the folders a, b/, hint: /normal=a/ })
    await expect(openDataSet(folder, { normal: 'c' })).rejects.toMatchObject({ message: /a folder “c”/ })
  })
})

describe('a flat folder', () => {
  it('needs no test pictures, and takes those in test', async () => {
    const folder = await tempFolder()
    await put(folder, many('', 21))
    const found = await openDataSet(folder)
    expect(found).toMatchObject({ layout: 'flat', test: [] })
    expect(found.notes[0]).toMatch(/no pictures to test with/)
    await put(folder, { ...many('test/good/', 1), ...many('test/dent/', 1), 'test/x.png': bmp(3) })
    expect((await openDataSet(folder)).test.map(({ defect }) => defect)).toEqual(['dent', null, 'defect'])
  })

  it('refuses pictures that are all the same, whatever their names', async () => {
    const folder = await tempFolder()
    await put(folder, Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`${i}.png`, bmp(7)])))
    await expect(openDataSet(folder)).rejects.toMatchObject({ code: 'bad-input', message: /all 25 are the same/ })
  })

  it('refuses a folder without pictures, a file, and what is not there', async () => {
    const folder = await tempFolder()
    await put(folder, { 'notes.txt': 'no pictures here' })
    await expect(openDataSet(folder)).rejects.toMatchObject({ message: /found none/ })
    await expect(openDataSet(join(folder, 'notes.txt'))).rejects.toMatchObject({ message: /found a file/ })
    await expect(openDataSet(join(folder, 'gone'))).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('IDX', () => {
  const images = (count: number) =>
    idx(
      [count, 4, 5],
      Uint8Array.from({ length: count * 20 }, (_, i) => i % 256),
    )
  const labels = (count: number) =>
    idx(
      [count],
      Uint8Array.from({ length: count }, (_, i) => (i % 4 === 3 ? 7 : 3)),
    )

  it('reads plain and gzipped files, one label being normal', async () => {
    const folder = await tempFolder()
    await put(folder, {
      'train-images-idx3-ubyte.gz': gzipSync(images(40)),
      'train-labels-idx1-ubyte.gz': gzipSync(labels(40)),
      't10k-images-idx3-ubyte': images(8),
      't10k-labels-idx1-ubyte': labels(8),
    })
    const found = await openDataSet(folder, { normal: '3' })
    expect(found.layout).toBe('idx')
    expect(found.train.length).toBe(30)
    expect(found.test.map(({ defect }) => defect)).toEqual([null, null, null, '7', null, null, null, '7'])
    const picture = await found.read(found.test[1]!)
    expect(picture).toMatchObject({ width: 5, height: 4, channels: 1 })
    expect(picture.data[0]).toBe(Math.fround(20 / 255))
    expect(found.test[1]!.name).toBe('t10k-images-idx3-ubyte#1')
  })

  it('holds normals out where there is no test part', async () => {
    const folder = await tempFolder()
    await put(folder, { 'images-idx3-ubyte': images(40), 'labels-idx1-ubyte': labels(40) })
    const found = await openDataSet(folder, { normal: '3' })
    expect([found.train.length, found.test.length]).toEqual([24, 16])
  })

  it('refuses labels without pictures, counts that differ, unknown labels, and cut files', async () => {
    const folder = await tempFolder()
    await put(folder, { 'train-labels-idx1-ubyte': labels(40) })
    await expect(openDataSet(folder, { normal: '3' })).rejects.toMatchObject({ message: /expected pictures beside it/ })
    await put(folder, { 'train-images-idx3-ubyte': images(39) })
    await expect(openDataSet(folder, { normal: '3' })).rejects.toMatchObject({
      message: /expected 39 labels.*found 40/,
    })
    await put(folder, { 'train-images-idx3-ubyte': images(40) })
    await expect(openDataSet(folder)).rejects.toMatchObject({ message: /the labels 3, 7/ })
    await expect(openDataSet(folder, { normal: '4' })).rejects.toMatchObject({ message: /the label 4/ })
    await expect(openDataSet(folder, { normal: '7' })).rejects.toMatchObject({ message: /only 10 normal pictures/ })
    await put(folder, { 'train-images-idx3-ubyte': images(40).subarray(0, 300) })
    await expect(openDataSet(folder, { normal: '3' })).rejects.toMatchObject({
      code: 'corrupt',
      message: /expected 800 values/,
    })
    await put(folder, { 'train-images-idx3-ubyte': gzipSync(images(40)).subarray(0, 90) })
    await expect(openDataSet(folder, { normal: '3' })).rejects.toMatchObject({ code: 'corrupt', message: /whole gzip/ })
  })
})

describe('holdOut', () => {
  it('keeps order, loses nothing, and leaves something on both sides', () => {
    const items = Array.from({ length: 50 }, (_, i) => i)
    const { fit, held } = holdOut(items, 0.2, 3)
    expect(held.length).toBe(10)
    expect([...fit, ...held].sort((a, b) => a - b)).toEqual(items)
    expect(held).toEqual([...held].sort((a, b) => a - b))
    expect(holdOut([1, 2], 0.01, 0).held.length).toBe(1)
    expect(holdOut([1, 2], 0.99, 0).fit.length).toBe(1)
  })
})
