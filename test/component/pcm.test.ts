import { afterEach, describe, expect, test, vi } from 'vitest'
import { byteRange, decodePcm, differenceOf, mixDown, readPcm, type PcmSource } from '../../src-renderer/audio/pcm'

const bytes = (...values: number[]) => Uint8Array.from(values)

describe('decodePcm', () => {
  test.each([
    ['u8', bytes(0, 128, 192), [-1, 0, 0.5]],
    ['s16', bytes(0x00, 0x80, 0x00, 0x00, 0x00, 0x40), [-1, 0, 0.5]],
    ['s24', bytes(0x00, 0x00, 0x80, 0, 0, 0, 0x00, 0x00, 0x40), [-1, 0, 0.5]],
    ['s32', bytes(0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x40), [-1, 0, 0.5]],
    ['f32', new Uint8Array(Float32Array.of(-1, 0, 0.5).buffer), [-1, 0, 0.5]],
    ['f64', new Uint8Array(Float64Array.of(-1, 0, 0.5).buffer), [-1, 0, 0.5]],
  ] as const)('%s at full scale, silence and half', (encoding, data, expected) => {
    expect([...decodePcm(data, encoding, 1)[0]!]).toEqual(expected)
  })

  test('takes interleaved channels apart and leaves half a frame out', () => {
    const data = new Uint8Array(Float32Array.of(0.1, -0.1, 0.2, -0.2, 0.3).buffer)
    const [left, right] = decodePcm(data, 'f32', 2)
    expect(left).toEqual(Float32Array.of(0.1, 0.2))
    expect(right).toEqual(Float32Array.of(-0.1, -0.2))
  })

  test('reads from inside a larger buffer', () => {
    const data = bytes(9, 9, 0x00, 0x40).subarray(2)
    expect([...decodePcm(data, 's16', 1)[0]!]).toEqual([0.5])
  })

  test('makes silence of what is not finite', () => {
    const data = new Uint8Array(Float32Array.of(NaN, Infinity, 0.25).buffer)
    expect([...decodePcm(data, 'f32', 1)[0]!]).toEqual([0, 0, 0.25])
  })
})

test('mixDown averages the channels', () => {
  const mixed = mixDown([Float32Array.of(1, 0), Float32Array.of(0, 0.5), Float32Array.of(0.5, 0.25)])
  expect(mixed[0]).toBeCloseTo(0.5, 6)
  expect(mixed[1]).toBeCloseTo(0.25, 6)
})

const source: PcmSource = {
  url: '/media/a-1',
  sampleRate: 16000,
  channels: 2,
  frames: 100,
  offset: 44,
  encoding: 's16',
}

test('byteRange counts whole frames from the data offset and ends with the sound', () => {
  expect(byteRange(source, 0, 10)).toEqual([44, 83])
  expect(byteRange(source, 95, 10)).toEqual([44 + 380, 44 + 399])
  expect(byteRange(source, 100, 10)).toBeUndefined()
})

describe('readPcm', () => {
  afterEach(() => vi.unstubAllGlobals())

  test('asks for the range and refuses a whole file', async () => {
    const asked: string[] = []
    vi.stubGlobal('fetch', async (_url: string, { headers }: { headers: Record<string, string> }) => {
      asked.push(headers.range!)
      return new Response(new Uint8Array(40), { status: asked.length === 1 ? 206 : 200 })
    })
    expect((await readPcm(source, 0, 10))[0]!.length).toBe(10)
    await expect(readPcm(source, 0, 10)).rejects.toThrow('206')
    expect(asked).toEqual(['bytes=44-83', 'bytes=44-83'])
  })
})

describe('differenceOf', () => {
  const file = (url: string, channels: number, frames: number): PcmSource => ({
    ...{ url, sampleRate: 8000, channels, frames, offset: 0, encoding: 'f32' },
  })

  test('is the first minus the second, each at its gain, to the end of the longer; stereo and mono meet in one channel', async () => {
    const files: Record<string, Float32Array> = {
      '/media/a': Float32Array.of(0.5, 0.25, -0.5, 0.125),
      '/media/b': Float32Array.of(0.5, 0.5, 0.25),
      '/media/s': Float32Array.of(0.5, 0.25, 1, 0),
    }
    vi.stubGlobal('fetch', async (url: string, { headers }: { headers: Record<string, string> }) => {
      const [, first, last] = /bytes=(\d+)-(\d+)/.exec(headers.range!)!
      return new Response(new Uint8Array(files[url]!.buffer).slice(Number(first), Number(last) + 1), { status: 206 })
    })
    const [a, b, s] = [file('/media/a', 1, 4), file('/media/b', 1, 3), file('/media/s', 2, 2)]
    expect(await readPcm(differenceOf(a, b, [1, 0.5]), 0, 9)).toEqual([Float32Array.of(0.25, 0, -0.625, 0.125)])
    expect(await readPcm(differenceOf(a, b, [1, 0.5]), 2, 1)).toEqual([Float32Array.of(-0.625)])
    expect(await readPcm(differenceOf(s, b, [1, 1]), 0, 2)).toEqual([Float32Array.of(-0.125, 0)])
    expect(differenceOf(a, b, [1, 0.5]).url).not.toBe(differenceOf(a, b, [1, 1]).url)
  })
})
