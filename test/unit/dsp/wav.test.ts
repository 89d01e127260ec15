import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWav, openAudio } from '../../../src-main/dsp'
import type { Planar } from '../../../src-main/dsp'
import {
  formatBody,
  int16Bytes,
  largestDifference,
  noise,
  riffChunk,
  tone,
  wav16,
  wavFile,
} from '../../helpers/signals'

let folder = ''
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'nagare-test-'))))
afterAll(() => rm(folder, { recursive: true, force: true }))

const at = (name: string) => join(folder, name)

async function save(name: string, bytes: Uint8Array | string): Promise<string> {
  await writeFile(at(name), bytes)
  return at(name)
}

async function readAll(path: string, block = 1000, options = {}): Promise<Planar> {
  const reader = await openAudio(path, options)
  try {
    const out = Array.from({ length: reader.info.channels }, () => [] as number[])
    for (let part = await reader.read(block); part; part = await reader.read(block))
      part.forEach((x, c) => x.forEach((value) => out[c]!.push(value)))
    expect(out[0]).toHaveLength(reader.info.frames)
    return out.map((x) => Float32Array.from(x))
  } finally {
    await reader.close()
  }
}

describe('createWav and openAudio', () => {
  it.each([
    ['s16', 1, 16000, 1 / 65536],
    ['s16', 2, 44100, 1 / 65536],
    ['s24', 1, 48000, 1 / 2 ** 24],
    ['s24', 3, 11025, 1 / 2 ** 24],
    ['f32', 1, 22050, 0],
    ['f32', 6, 96000, 0],
    ['s16', 8, 192000, 1 / 65536],
    ['s24', 32, 8000, 1 / 2 ** 24],
  ] as const)('bring %s with %i channels at %i Hz back', async (format, channels, sampleRate, tolerance) => {
    const path = at(`round-${format}-${channels}.wav`)
    const x = Array.from({ length: channels }, (_, c) => noise(3333, c + 1, 0.2))
    const writer = await createWav(path, { sampleRate, channels, format })
    await writer.write(x.map((channel) => channel.subarray(0, 100)))
    await writer.write(x.map((channel) => channel.subarray(100, 100)))
    expect(existsSync(path)).toBe(false)
    await writer.write(x.map((channel) => channel.subarray(100)))
    await writer.finish()
    await writer.abort()
    expect(writer.clipped).toBe(0)

    const reader = await openAudio(path)
    expect(reader.info).toEqual({ sampleRate, channels, frames: 3333, container: 'wav', encoding: format })
    await reader.close()
    const back = await readAll(path)
    back.forEach((channel, c) => expect(largestDifference(channel, x[c]!)).toBeLessThanOrEqual(tolerance))
  })

  it('keep every 16-bit value exactly', async () => {
    const x = Float32Array.from({ length: 65536 }, (_, i) => (i - 32768) / 32768)
    const writer = await createWav(at('exact.wav'), { sampleRate: 8000, channels: 1, format: 's16' })
    await writer.write([x])
    await writer.finish()
    expect(largestDifference((await readAll(at('exact.wav'), 70000))[0]!, x)).toBe(0)
  })

  it('count and clamp what is out of range', async () => {
    const writer = await createWav(at('clip.wav'), { sampleRate: 8000, channels: 1, format: 's16' })
    await writer.write([Float32Array.of(0, 1, -1, 1.5, -1.5, 0.5)])
    await writer.finish()
    expect(writer.clipped).toBe(2)
    expect([...(await readAll(at('clip.wav')))[0]!]).toEqual([0, 32767 / 32768, -1, 32767 / 32768, -1, 0.5])
  })

  it('dither by at most a step and a half, only on request, the same each time', async () => {
    const x = tone(100, 4000, 8000, 0.0001)
    const written = async (name: string, dither: boolean) => {
      const writer = await createWav(at(name), { sampleRate: 8000, channels: 1, format: 's16', dither })
      await writer.write([x])
      await writer.finish()
      return (await readAll(at(name)))[0]!
    }
    const once = await written('dither-1.wav', true)
    expect(largestDifference(once, x)).toBeLessThanOrEqual(1.5 / 32768)
    expect(largestDifference(once, x)).toBeGreaterThan(0.6 / 32768)
    expect(largestDifference(once, await written('dither-2.wav', true))).toBe(0)
    expect(largestDifference(await written('plain.wav', false), x)).toBeLessThanOrEqual(0.5 / 32768)
  })

  it('become RF64 above the size limit and read back', async () => {
    const x = noise(2000, 2)
    const writer = await createWav(at('big.wav'), { sampleRate: 16000, channels: 1, format: 's16', rf64From: 3000 })
    await writer.write([x])
    await writer.finish()
    const bytes = await readFile(at('big.wav'))
    expect(bytes.toString('latin1', 0, 4)).toBe('RF64')
    expect(bytes.readUInt32LE(4)).toBe(0xffffffff)
    expect(Number(bytes.readBigUInt64LE(20))).toBe(bytes.length - 8)
    expect(largestDifference((await readAll(at('big.wav')))[0]!, x)).toBeLessThanOrEqual(1 / 65536)
  })

  it('have a RIFF size that fits the file, padded to even', async () => {
    const writer = await createWav(at('odd.wav'), { sampleRate: 16000, channels: 1, format: 's24' })
    await writer.write([noise(3, 1)])
    await writer.finish()
    const bytes = await readFile(at('odd.wav'))
    expect(bytes.length % 2).toBe(0)
    expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8)
  })

  it('leave nothing behind when given up or fed NaN', async () => {
    const before = await readdir(folder)
    const given = await createWav(at('gone.wav'), { sampleRate: 16000, channels: 1, format: 's16' })
    await given.write([noise(10, 1)])
    await given.abort()
    const broken = await createWav(at('gone.wav'), { sampleRate: 16000, channels: 1, format: 'f32' })
    await expect(broken.write([Float32Array.of(0, NaN)])).rejects.toMatchObject({
      code: 'internal',
      file: at('gone.wav'),
    })
    const uneven = await createWav(at('gone.wav'), { sampleRate: 16000, channels: 2, format: 's16' })
    await expect(uneven.write([noise(10, 1)])).rejects.toThrow(/2 channels/)
    expect(await readdir(folder)).toEqual(before)
  })

  it.skipIf(!existsSync('/dev/full'))('say so when the place cannot be written', async () => {
    await expect(
      createWav('/dev/full/out.wav', { sampleRate: 8000, channels: 1, format: 's16' }),
    ).rejects.toMatchObject({
      name: 'NagareError',
      file: '/dev/full/out.wav',
    })
  })

  it('seek to any sample and read across block borders', async () => {
    const x = noise(300_000, 6)
    const path = await save(
      'seek.wav',
      wavFile([riffChunk('fmt ', formatBody({ tag: 3, bits: 32 })), riffChunk('data', Buffer.from(x.buffer))]),
    )
    const reader = await openAudio(path)
    await reader.seek(299_990)
    expect(largestDifference((await reader.read(100))![0]!, x.subarray(299_990))).toBe(0)
    expect(await reader.read(100)).toBeNull()
    await reader.seek(5)
    expect(largestDifference((await reader.read(280_000))![0]!, x.subarray(5, 280_005))).toBe(0)
    await expect(reader.seek(300_001)).rejects.toThrow(/0 to 300000/)
    await reader.close()
  })
})

describe('openAudio reads', () => {
  const x = Float32Array.of(0, 0.5, -0.5, -1, 0.25)
  const body = (bytesEach: number, put: (b: Buffer, value: number, at: number) => void) => {
    const b = Buffer.alloc(x.length * bytesEach)
    x.forEach((value, i) => put(b, value, i * bytesEach))
    return b
  }
  const data = {
    u8: body(1, (b, v, i) => b.writeUInt8(v * 128 + 128, i)),
    s16: int16Bytes(x),
    s24: body(3, (b, v, i) => b.writeIntLE(v * 2 ** 23, i, 3)),
    s32: body(4, (b, v, i) => b.writeInt32LE(v * 2 ** 31, i)),
    f32: body(4, (b, v, i) => b.writeFloatLE(v, i)),
    f64: body(8, (b, v, i) => b.writeDoubleLE(v, i)),
  }
  const bits = { u8: 8, s16: 16, s24: 24, s32: 32, f32: 32, f64: 64 }

  it.each(Object.keys(data) as (keyof typeof data)[])('%s, plain and extensible', async (encoding) => {
    const tag = encoding.startsWith('f') ? 3 : 1
    for (const format of [
      { tag, bits: bits[encoding] },
      { subFormat: tag, bits: bits[encoding] },
    ]) {
      const path = await save(
        'format.wav',
        wavFile([riffChunk('fmt ', formatBody(format)), riffChunk('data', data[encoding])]),
      )
      const reader = await openAudio(path)
      expect(reader.info).toMatchObject({ encoding, frames: 5, channels: 1 })
      expect([...(await reader.read(10))![0]!]).toEqual([...x])
      await reader.close()
    }
  })

  it('past odd and unknown chunks, before and after the samples', async () => {
    const chunks = [
      riffChunk('JUNK', Buffer.alloc(27)),
      riffChunk('bext', Buffer.alloc(603)),
      riffChunk('fmt ', formatBody()),
      riffChunk('fact', Buffer.alloc(4)),
      riffChunk('LIST', Buffer.from('INFOISFT\x03\0\0\0abc')),
      riffChunk('data', data.s16),
      riffChunk('id3 ', Buffer.alloc(5)),
    ]
    expect([...(await readAll(await save('chunks.wav', wavFile(chunks))))[0]!]).toEqual([...x])
  })

  it.each(['RF64', 'BW64'])('%s with 64-bit sizes', async (riff) => {
    const sizes = Buffer.alloc(28)
    sizes.writeBigUInt64LE(1000n, 0)
    sizes.writeBigUInt64LE(10n, 8)
    const file = wavFile(
      [
        riffChunk('ds64', sizes),
        riffChunk('fmt ', formatBody()),
        riffChunk('data', data.s16, 0xffffffff),
        riffChunk('LIST', Buffer.alloc(8)),
      ],
      { riff, size: 0xffffffff },
    )
    expect([...(await readAll(await save('wide.wav', file)))[0]!]).toEqual([...x])
  })

  it.each([
    ['0', 0, 0],
    ['2³²−1', 0xffffffff, 0xffffffff],
  ])('a stream whose writer left the sizes at %s', async (_, size, claim) => {
    const file = wavFile([riffChunk('fmt ', formatBody()), riffChunk('data', data.s16, claim)], { size })
    expect([...(await readAll(await save('stream.wav', file)))[0]!]).toEqual([...x])
  })

  it('a file cut short when that is allowed', async () => {
    const path = await save('short.wav', wav16(noise(1000, 1)).subarray(0, 44 + 501))
    const reader = await openAudio(path, { allowTruncated: true })
    expect(reader.info).toMatchObject({ frames: 250, truncated: true })
    expect((await reader.read(9999))![0]).toHaveLength(250)
    await reader.close()
  })

  it('silence, a 5 ms clip, one sample and a name without ending', async () => {
    expect(
      largestDifference(
        (await readAll(await save('silence.wav', wav16(new Float32Array(16000)))))[0]!,
        new Float32Array(16000),
      ),
    ).toBe(0)
    expect((await readAll(await save('clip5.wav', wav16(tone(440, 80, 16000)))))[0]).toHaveLength(80)
    expect((await readAll(await save('one', wav16(Float32Array.of(0.5)))))[0]).toHaveLength(1)
  })
})

describe('openAudio refuses', () => {
  const good = riffChunk('fmt ', formatBody())
  const samples = riffChunk('data', int16Bytes(noise(100, 1)))
  const withFormat = (fields: Parameters<typeof formatBody>[0]) =>
    wavFile([riffChunk('fmt ', formatBody(fields)), samples])

  it.each<[string, Uint8Array | string, string, RegExp]>([
    ['an empty file', '', 'bad-input', /empty/],
    ['text named .wav', 'hello, this is not audio\n', 'bad-input', /found text \(“hello, this/],
    ['a picture', Buffer.from('89504e470d0a1a0a0000', 'hex'), 'bad-input', /PNG/],
    ['binary noise', Buffer.from('00010203deadbeef', 'hex'), 'bad-input', /unknown data/],
    ['a RIFF file that is not WAV', Buffer.from('RIFF\x20\0\0\0AVI LIST....', 'latin1'), 'bad-input', /not WAV/],
    ['a bare RIFF header', Buffer.from('RIFF\x24\0\0\0WAVE', 'latin1'), 'corrupt', /ends before/],
    ['a file cut in its header', wav16(noise(10, 1)).subarray(0, 30), 'corrupt', /format chunk|ends before/],
    ['samples before the format', wavFile([samples, good]), 'corrupt', /before the samples/],
    ['a format without samples', wavFile([good]), 'corrupt', /chunk of samples/],
    [
      'a short format chunk',
      wavFile([riffChunk('fmt ', Buffer.alloc(10)), samples]),
      'corrupt',
      /at least 16 bytes, found 10/,
    ],
    ['samples cut short', wav16(noise(1000, 1)).subarray(0, 1000), 'corrupt', /expected 2000 bytes.*found 956/],
    [
      'a tiny file claiming 4 GB',
      wavFile([good, riffChunk('data', Buffer.alloc(16), 0xfffffff0)]),
      'corrupt',
      /expected 4294967280 bytes.*found 16/,
    ],
    [
      'a tiny file claiming 2³²−1 bytes',
      wavFile([good, riffChunk('data', Buffer.alloc(16), 0xffffffff)]),
      'corrupt',
      /found 16/,
    ],
    [
      'a tiny RF64 claiming exabytes',
      wavFile([riffChunk('ds64', Buffer.alloc(28, 0x0f)), good, riffChunk('data', Buffer.alloc(16), 0xffffffff)], {
        riff: 'RF64',
      }),
      'corrupt',
      /cut short/,
    ],
    [
      'a chunk claiming more than the file',
      wavFile([riffChunk('LIST', Buffer.alloc(8), 0xffffff00), good, samples]),
      'corrupt',
      /ends before/,
    ],
    ['no samples at all', wavFile([good, riffChunk('data', Buffer.alloc(0))]), 'bad-input', /no samples/],
    ['0 channels', withFormat({ channels: 0, blockAlign: 2 }), 'bad-input', /says 0/],
    ['33 channels', withFormat({ channels: 33 }), 'unsupported', /at most 32 channels, found 33/],
    ['0 Hz', withFormat({ sampleRate: 0 }), 'bad-input', /says 0 Hz/],
    ['4 GHz', withFormat({ sampleRate: 4_000_000_000 }), 'bad-input', /4000000000 Hz/],
    [
      'a block size that does not fit',
      withFormat({ channels: 2, blockAlign: 3 }),
      'corrupt',
      /expected 4 bytes per frame.*says 3/,
    ],
    ['0 bits', withFormat({ bits: 0 }), 'unsupported', /0-bit/],
    ['12-byte integers', withFormat({ bits: 96 }), 'unsupported', /96-bit/],
    ['ADPCM', withFormat({ tag: 2, bits: 4, blockAlign: 256 }), 'unsupported', /Microsoft ADPCM \(format tag 0x0002\)/],
    ['an unknown codec', withFormat({ subFormat: 0x1234 }), 'unsupported', /0x1234/],
  ])('%s', async (_, bytes, code, message) => {
    const path = await save('bad.wav', bytes)
    const refused = expect(openAudio(path)).rejects
    await refused.toMatchObject({
      name: 'NagareError',
      code,
      file: path,
      message: expect.stringMatching(message) as string,
      hint: expect.any(String) as string,
    })
  })

  it('a folder and a name that does not exist', async () => {
    await expect(openAudio(folder)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/folder/) as string,
    })
    await expect(openAudio(at('none.wav'))).rejects.toMatchObject({ code: 'not-found', file: at('none.wav') })
  })

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'a file that may not be read (skipped for root)',
    async () => {
      const path = await save('locked.wav', wav16(noise(10, 1)))
      const { chmod } = await import('node:fs/promises')
      await chmod(path, 0)
      await expect(openAudio(path)).rejects.toMatchObject({ code: 'no-permission', file: path })
    },
  )

  it.each([
    ['NaN', NaN, 0],
    ['infinity', -Infinity, 70_000],
  ])('%s when it is reached, naming the place', async (_, value, index) => {
    const left = noise(100_000, 1)
    const floats = new Float32Array(200_000)
    left.forEach((v, i) => floats.set([v, v], 2 * i))
    floats[2 * index + 1] = value
    const path = await save(
      'nan.wav',
      wavFile([
        riffChunk('fmt ', formatBody({ tag: 3, bits: 32, channels: 2 })),
        riffChunk('data', Buffer.from(floats.buffer)),
      ]),
    )
    const reader = await openAudio(path)
    const reading = async () => {
      while (await reader.read(4096));
    }
    await expect(reading()).rejects.toMatchObject({
      code: 'bad-input',
      file: path,
      message: expect.stringContaining(`sample ${index} (${(index / 16000).toFixed(3)} s) of channel 2`) as string,
    })
    await reader.close()
  })
})
