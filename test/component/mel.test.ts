import { afterEach, describe, expect, test, vi } from 'vitest'
import { bandsFor, melColumnMaker, melShareAt, melWindow, readMel } from '../../src-renderer/audio/mel'
import type { TileAnswer, TileRequest, TileSource } from '../../src-renderer/audio/spectrogram-worker'
import { melSpectrogram } from '../../src-main/dsp/mel'
import { random } from '../../src-main/lib/random'

const rate = 22_050
const bands = bandsFor(rate)
const sound = random(3).fillNormal(new Float32Array(8192), 0.1)
for (let i = 0; i < sound.length; i++) sound[i]! += 0.4 * Math.sin((2 * Math.PI * 1000 * i) / rate)

describe('the mel picture of a sound', () => {
  test('shows what vocoders are given', () => {
    const due = melSpectrogram(sound, { ...bands, sampleRate: rate, fft: 1024, hop: 256, floor: 1e-5 })
    expect(melWindow(rate)).toBe(1024)
    const fill = melColumnMaker(bands, rate)
    const column = new Float32Array(80)
    for (const frame of [4, 11, 20]) {
      fill(sound, frame * 256, column)
      for (let m = 0; m < 80; m++) expect(column[m]!).toBeCloseTo(due[frame * 80 + m]!, 3)
    }
  })

  test('is nearly the same at another rate, and silence is its floor', () => {
    const at = (sampleRate: number) => {
      const column = new Float32Array(80)
      const tone = Float32Array.from({ length: 8192 }, (_, i) => 0.4 * Math.sin((2 * Math.PI * 1000 * i) / sampleRate))
      melColumnMaker(bandsFor(sampleRate), sampleRate)(tone, 4096, column)
      return column
    }
    const [low, high] = [at(22_050), at(48_000)]
    const loudest = low.indexOf(Math.max(...low))
    expect(high.indexOf(Math.max(...high))).toBe(loudest)
    expect(Math.abs(high[loudest]! - low[loudest]!)).toBeLessThan(0.3)
    const silence = new Float32Array(80)
    melColumnMaker(bands, rate)(new Float32Array(4096), 2048, silence)
    for (const value of silence) expect(value).toBeCloseTo(Math.log(1e-5), 5)
  })

  test('has its loudest band where the axis says', () => {
    const column = new Float32Array(80)
    const fill = melColumnMaker(bands, rate)
    for (const hertz of [300, 1000, 2500, 6000]) {
      const tone = Float32Array.from({ length: 4096 }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / rate))
      fill(tone, 2048, column)
      const loudest = column.indexOf(Math.max(...column))
      expect(Math.abs((loudest + 0.5) / 80 - melShareAt(hertz, bands))).toBeLessThan(1.2 / 80)
    }
    expect(bandsFor(8000)).toEqual({ mels: 80, fmin: 0, fmax: 4000 })
  })
})

describe('a stored mel spectrogram', () => {
  /** [frames, mels]: every number is −10 but band `frame % 80` of each frame, which is 1. */
  const frames = 512
  const numbers = new Float32Array(frames * 80).fill(-10)
  for (let t = 0; t < frames; t++) numbers[t * 80 + (t % 80)] = 1
  const url = URL.createObjectURL(new Blob([numbers]))
  const mel = { url, mels: 80, frames, sampleRate: rate / 256, fmin: 0, fmax: 8000 }
  afterEach(() => vi.unstubAllGlobals())

  test('is read by range, cut at its end', async () => {
    const asked: string[] = []
    vi.stubGlobal('fetch', (_: string, { headers }: { headers: { range: string } }) => {
      asked.push(headers.range)
      const [first, last] = headers.range.match(/\d+/g)!.map(Number) as [number, number]
      return Promise.resolve(new Response(new Uint8Array(numbers.buffer).slice(first, last + 1), { status: 206 }))
    })
    const part = await readMel(mel, frames - 2, 10)
    expect([...part]).toEqual([...numbers.subarray((frames - 2) * 80)])
    expect(asked).toEqual([`bytes=${(frames - 2) * 320}-${frames * 320 - 1}`])
    expect(await readMel(mel, frames, 10)).toHaveLength(0)
    expect(asked).toHaveLength(1)
  })

  /** Row (0 at the top) of the lightest pixel of each column. */
  async function drawn(source: TileSource, more: Omit<TileRequest, 'key' | 'source'>) {
    const worker = new Worker(new URL('../../src-renderer/audio/spectrogram-worker.ts', import.meta.url), {
      type: 'module',
    })
    const answer = await new Promise<TileAnswer>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<TileAnswer>) => resolve(data)
      worker.onerror = reject
      worker.postMessage({ key: 'k', source, ...more } satisfies TileRequest)
    })
    worker.terminate()
    if (!answer.image) throw new Error(answer.error)
    const { width, height } = answer.image
    const context = new OffscreenCanvas(width, height).getContext('2d')!
    context.drawImage(answer.image, 0, 0)
    const { data } = context.getImageData(0, 0, width, height)
    const lightest = Array.from({ length: width }, (_, x) => {
      const column = Array.from(
        { length: height },
        (_, y) => data[(y * width + x) * 4 + 1]! * (data[(y * width + x) * 4 + 3]! / 255),
      )
      const most = Math.max(...column)
      return most > 120 ? column.indexOf(most) : -1
    })
    return { height, lightest }
  }

  test('is drawn a frame to a column, lowest band at the bottom, nothing behind its end', async () => {
    const { height, lightest } = await drawn(
      { picture: 'mel', mel, look: { axis: null, colours: 'teal' } },
      { from: 400, hop: 1, columns: 256 },
    )
    expect(height).toBe(80)
    for (let x = 0; x < 112; x++) expect(lightest[x]).toBe(79 - ((400 + x) % 80))
    expect(lightest.slice(112).every((row) => row === -1)).toBe(true)
  })

  test('is drawn a frame to several columns where they are close', async () => {
    const { lightest } = await drawn(
      { picture: 'mel', mel, look: { axis: null, colours: 'teal' } },
      { from: 32, hop: 0.125, columns: 256 },
    )
    for (let x = 0; x < 256; x++) expect(lightest[x]).toBe(79 - ((32 + Math.floor(x / 8)) % 80))
  })
})
