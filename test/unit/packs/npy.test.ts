import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { melSpectrogram } from '../../../src-main/dsp'
import { float32, type NDArray } from '../../../src-main/lib/ndarray'
import { asMel, readNpy } from '../../../src-main/packs/npy'
import { tempFolder } from '../../helpers/folder'
import { babble } from '../../helpers/signals'

/** A .npy file, version 1.0, as NumPy writes it. */
function npy(header: string, body: Buffer): Buffer {
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + '\n'
  const head = Buffer.alloc(10)
  head.write('\x93NUMPY\x01\x00', 0, 'latin1')
  head.writeUInt16LE(padded.length, 8)
  return Buffer.concat([head, Buffer.from(padded, 'latin1'), body])
}

const header = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }`
const bytes = (values: number[]) => Buffer.from(Float32Array.from(values).buffer)
const six = bytes([0, 1, 2, 3, 4, 5])

describe('readNpy', () => {
  const read = async (content: Buffer) => {
    const path = join(await tempFolder(), 'mel.npy')
    await writeFile(path, content)
    return readNpy(path)
  }

  it('reads a matrix in either order', async () => {
    expect(await read(npy(header("'<f4'", '(2, 3)'), six))).toEqual(float32([2, 3], Float32Array.of(0, 1, 2, 3, 4, 5)))
    expect(await read(npy(header("'<f4'", '(2, 3)', 'True'), six))).toEqual(
      float32([2, 3], Float32Array.of(0, 2, 4, 1, 3, 5)),
    )
  })

  it('reads float64 as float32', async () => {
    const body = Buffer.from(Float64Array.of(1.5, -2).buffer)
    expect(await read(npy(header("'<f8'", '(2,)'), body))).toEqual(float32([2], Float32Array.of(1.5, -2)))
  })

  it.each([
    ["'>f4'", '>f4'],
    ["'|O'", '|O'],
    ["'<f2'", '<f2'],
    ["[('mel', '<f4')]", 'no number type'],
  ])('refuses %s by name', async (descr, name) => {
    await expect(read(npy(header(descr, '(2, 3)'), six))).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(`mel.npy holds ${name}`),
    })
  })

  it.each([
    ['no .npy at all', Buffer.from('RIFF????WAVEfmt '), /no whole \.npy array/],
    ['an empty file', Buffer.alloc(0), /no whole \.npy array/],
    ['a cut header', npy(header("'<f4'", '(2, 3)'), six).subarray(0, 40), /header is cut/],
    ['a cut body', npy(header("'<f4'", '(2, 3)'), six.subarray(0, 20)), /20 bytes, its shape needs 24/],
    ['a giant shape', npy(header("'<f4'", '(9007199254740991, 9007199254740991)'), six), /its shape needs/],
    ['a negative shape', npy(header("'<f4'", '(-2, 3)'), six), /shape makes no sense/],
  ])('refuses %s', async (_name, content, message) => {
    await expect(read(content)).rejects.toMatchObject({ code: 'corrupt', message: expect.stringMatching(message) })
  })

  it('refuses what is no file, is not there, or is too large to be one array of mel', async () => {
    const folder = await tempFolder()
    await mkdir(join(folder, 'dir.npy'))
    await expect(readNpy(join(folder, 'dir.npy'))).rejects.toMatchObject({ code: 'bad-input' })
    await expect(readNpy(join(folder, 'none.npy'))).rejects.toMatchObject({ code: 'not-found' })
    const large = join(folder, 'large.npy')
    await writeFile(large, npy(header("'<f4'", '(2, 3)'), six))
    await truncate(large, 2 ** 29 + 1)
    await expect(readNpy(large)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('536870913 bytes'),
    })
  })
})

describe('asMel', () => {
  const options = { sampleRate: 22050, fft: 1024, hop: 256, mels: 80, fmin: 0, fmax: 8000, floor: 1e-5 }
  const mel = melSpectrogram(babble(22050, 22050), options)
  const frames = mel.length / 80
  const turned = (x: Float32Array, sides = [80, x.length / 80]): NDArray & { data: Float32Array } => {
    const count = x.length / 80
    return float32(
      sides,
      x.map((_, i) => x[(i % count) * 80 + Math.floor(i / count)]!),
    )
  }

  it('takes either order and a batch of one, and gives [frames, mels]', () => {
    expect(asMel(float32([frames, 80], mel), 80, 'a.npy')).toEqual(mel)
    expect(asMel(turned(mel), 80, 'a.npy')).toEqual(mel)
    expect(asMel(turned(mel, [1, 80, frames]), 80, 'a.npy')).toEqual(mel)
    expect(asMel(float32([1, frames, 80], mel), 80, 'a.npy')).toEqual(mel)
  })

  it('takes a square for [mels, frames]', () => {
    const square = mel.slice(0, 6400)
    expect(asMel(turned(square), 80, 'a.npy')).toEqual(square)
    expect(asMel(float32([80, 80], square), 80, 'a.npy')).not.toEqual(square)
  })

  const refusal = (array: NDArray) => {
    try {
      asMel(array, 80, 'a.npy')
    } catch (thrown) {
      return thrown
    }
    return undefined
  }

  it.each([[[10, 40]], [[2, 80, 10]], [[80]], [[1, 1, 80, 10]], [[]]])('refuses the shape %j', (shape) => {
    expect(refusal(float32(shape))).toMatchObject({
      code: 'bad-input',
      file: 'a.npy',
      message: expect.stringContaining(`[frames, 80] or [80, frames], found an array of shape [${shape.join(', ')}]`),
    })
  })

  it('refuses no frames and whole numbers', () => {
    expect(refusal(float32([80, 0]))).toMatchObject({ message: expect.stringContaining('without frames') })
    expect(refusal({ shape: [1, 80], dtype: 'int32', data: new Int32Array(80) })).toMatchObject({
      message: expect.stringContaining('found int32'),
    })
  })

  it.each([
    ['not a number', (x: number, i: number) => (i === 77 ? NaN : x), /finite numbers, found NaN/],
    ['infinite', (x: number, i: number) => (i === 77 ? -Infinity : x), /finite numbers, found -Infinity/],
    ['decibels', (x: number) => (x * 20) / Math.LN10, /decibels or another scale/],
    ['magnitudes', (x: number) => Math.exp(x), /none negative/],
    ['a base-10 logarithm', (x: number) => Math.max(-5, (x - 8) / Math.LN10), /base 10 with a floor of 1e-5/],
    ['normalised to ±4', (x: number) => Math.max(-4, x), /normalised to ±4/],
    ['normalised to 0…1', (x: number) => (x + 11.6) / 15, /none negative/],
  ])('refuses values that are %s', (_name, change, message) => {
    expect(refusal(float32([frames, 80], mel.map(change)))).toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('natural logarithm'),
    })
  })

  it('takes a mel whose lowest value happens to be −5', () => {
    const loud = mel.map((value) => Math.max(value, -4.9))
    loud[5] = -5
    expect(asMel(float32([frames, 80], loud), 80, 'a.npy')).toEqual(loud)
  })
})
