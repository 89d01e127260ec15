import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Player, type Track } from '../../src-renderer/audio/player'

const rate = 16_000
const seconds = 3
const tone = (amplitude: number) =>
  Float32Array.from({ length: rate * seconds }, (_, i) => amplitude * Math.sin((2 * Math.PI * 220 * i) / rate))

const files = new Map<string, Uint8Array<ArrayBuffer>>()
let asked: string[] = []

beforeEach(() => {
  asked = []
  files.set('/media/loud', new Uint8Array(tone(0.5).buffer))
  files.set('/media/soft', new Uint8Array(tone(0.25).buffer))
  vi.stubGlobal('fetch', async (url: string, { headers }: { headers: Record<string, string> }) => {
    const [, first, last] = /bytes=(\d+)-(\d+)/.exec(headers.range!)!
    asked.push(`${url} ${first}`)
    return new Response(files.get(url)!.slice(Number(first), Number(last) + 1), { status: 206 })
  })
})
afterEach(() => vi.unstubAllGlobals())

const track = (role: string, url: string, gain = 1): Track => ({
  role,
  gain,
  source: { url, sampleRate: rate, channels: 1, frames: rate * seconds, offset: 0, encoding: 'f32' },
})

/** A context whose sound can be looked at; it says that it runs, as the player expects of a live one. */
function offline(length: number) {
  const context = new OfflineAudioContext(1, length * rate, rate)
  Object.defineProperty(context, 'state', { value: 'running' })
  Object.defineProperty(context, 'close', { value: async () => undefined })
  return context
}

async function started(player: Player) {
  await player.play()
  await vi.waitFor(() =>
    expect(asked.filter((each) => each.startsWith('/media/loud')).length).toBeGreaterThanOrEqual(3),
  )
  await new Promise((resolve) => setTimeout(resolve, 60))
}

/** The sample at which sound sets in, and the samples from there on. */
function soundOf(buffer: AudioBuffer) {
  const samples = buffer.getChannelData(0)
  const first = samples.findIndex((value) => Math.abs(value) > 1e-4)
  return { first, samples }
}

test('plays block after block without a seam', async () => {
  const context = offline(2.5)
  const player = new Player({
    onChange: vi.fn(),
    onError: vi.fn(),
    makeContext: () => context as unknown as AudioContext,
  })
  player.setTracks([track('a', '/media/loud'), track('b', '/media/soft')], false)
  player.hear('a')
  await started(player)
  const { samples } = soundOf(await context.startRendering())
  const start = Math.ceil(0.03 * rate)
  let worst = 0
  for (let i = start + 200; i < 2.4 * rate; i++)
    worst = Math.max(worst, Math.abs(samples[i]! - 0.5 * Math.sin((2 * Math.PI * 220 * (i - start)) / rate)))
  expect(worst).toBeLessThan(1e-4)
  player.close()
})

test('the heard track sounds at its gain, the other not at all', async () => {
  const context = offline(1)
  const player = new Player({
    onChange: vi.fn(),
    onError: vi.fn(),
    makeContext: () => context as unknown as AudioContext,
  })
  player.setTracks([track('a', '/media/loud'), track('b', '/media/soft', 0.5)], false)
  player.hear('b')
  await started(player)
  const { samples } = soundOf(await context.startRendering())
  const peak = samples.slice(rate / 4).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  expect(peak).toBeCloseTo(0.125, 3)
  player.close()
})

test('switching moves gains without a jump in the sound', async () => {
  const context = offline(1)
  const player = new Player({
    onChange: vi.fn(),
    onError: vi.fn(),
    makeContext: () => context as unknown as AudioContext,
  })
  player.setTracks([track('a', '/media/loud'), track('b', '/media/soft')], false)
  player.hear('a')
  await started(player)
  void context.suspend(0.5).then(() => {
    player.hear('b')
    return context.resume()
  })
  const { samples } = soundOf(await context.startRendering())
  let steepest = 0
  for (let i = rate / 4; i < samples.length; i++) steepest = Math.max(steepest, Math.abs(samples[i]! - samples[i - 1]!))
  // The loud tone alone rises by at most 2π·220/16000·0.5 per sample; the short rise of the switch adds a little.
  expect(steepest).toBeLessThan(((2 * Math.PI * 220) / rate) * 0.5 * 1.3)
  const after = samples.slice(0.6 * rate).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  expect(after).toBeCloseTo(0.25, 3)
  player.close()
})

test('50 ms after a switch only the other track sounds, also when the two are opposed', async () => {
  files.set('/media/soft', new Uint8Array(tone(-0.25).buffer))
  const context = offline(1)
  const player = new Player({
    onChange: vi.fn(),
    onError: vi.fn(),
    makeContext: () => context as unknown as AudioContext,
  })
  player.setTracks([track('a', '/media/loud'), track('b', '/media/soft')], false)
  player.hear('a')
  await started(player)
  void context.suspend(0.5).then(() => {
    player.hear('b')
    return context.resume()
  })
  const { samples } = soundOf(await context.startRendering())
  const start = Math.ceil(0.03 * rate)
  const phase = (i: number) => Math.sin((2 * Math.PI * 220 * (i - start)) / rate)
  let before = 0
  let after = 0
  for (let i = 0.1 * rate; i < 0.49 * rate; i++) before = Math.max(before, Math.abs(samples[i]! - 0.5 * phase(i)))
  for (let i = 0.55 * rate; i < 0.9 * rate; i++) after = Math.max(after, Math.abs(samples[i]! + 0.25 * phase(i)))
  expect(before).toBeLessThan(1e-4)
  expect(after).toBeLessThan(1e-4)
  let steepest = 0
  for (let i = rate / 4; i < samples.length; i++) steepest = Math.max(steepest, Math.abs(samples[i]! - samples[i - 1]!))
  expect(steepest).toBeLessThan(((2 * Math.PI * 220) / rate) * 0.5 * 1.3)
  player.close()
})

test('a stretch repeats to the sample', async () => {
  const context = offline(2)
  const player = new Player({
    onChange: vi.fn(),
    onError: vi.fn(),
    makeContext: () => context as unknown as AudioContext,
  })
  player.setTracks([track('a', '/media/loud')], false)
  player.hear('a')
  player.setLoop({ from: 0.25, to: 0.75 })
  player.seek(0.25)
  await player.play()
  await new Promise((resolve) => setTimeout(resolve, 60))
  const { samples } = soundOf(await context.startRendering())
  const start = Math.ceil(0.03 * rate)
  const source = tone(0.5)
  let worst = 0
  for (let i = start + 200; i < 1.9 * rate; i++)
    worst = Math.max(worst, Math.abs(samples[i]! - source[0.25 * rate + ((i - start) % (0.5 * rate))]!))
  expect(worst).toBeLessThan(1e-4)
  player.close()
})

test('says why it stopped when samples cannot be read', async () => {
  const onError = vi.fn()
  const onChange = vi.fn()
  vi.stubGlobal('fetch', async () => new Response('', { status: 404 }))
  const player = new Player({ onChange, onError, makeContext: () => offline(1) as unknown as AudioContext })
  player.setTracks([track('a', '/media/gone')], false)
  await player.play()
  expect(onError).toHaveBeenCalledOnce()
  expect(onError.mock.calls[0]![0].message).toContain('404')
  expect(onChange).toHaveBeenLastCalledWith({ playing: false, buffering: false })
})

test('seeks within the sound and knows its place while resting', () => {
  const player = new Player({ onChange: vi.fn(), onError: vi.fn() })
  player.setTracks([track('a', '/media/loud')], false)
  expect(player.duration).toBe(seconds)
  player.seek(1.5)
  expect(player.time).toBe(1.5)
  player.seek(99)
  expect(player.time).toBe(seconds)
  player.setTracks([track('a', '/media/loud'), track('b', '/media/soft')], true)
  expect(player.time).toBe(seconds)
  player.setTracks([track('a', '/media/soft')], false)
  expect(player.time).toBe(0)
})

test('the difference of two tracks is heard sample by sample, and enters and leaves without a jump', async () => {
  const context = offline(1.5)
  const player = new Player({
    onChange: vi.fn(),
    onError: vi.fn(),
    makeContext: () => context as unknown as AudioContext,
  })
  player.setTracks([track('a', '/media/loud'), track('b', '/media/soft', 0.5)], false)
  player.hear('a')
  await started(player)
  for (const [at, hear] of [
    [0.4, () => player.hear('b', 'a')],
    [0.8, () => player.hear('b')],
  ] as const)
    void context.suspend(at).then(() => {
      hear()
      return context.resume()
    })
  const { samples } = soundOf(await context.startRendering())
  const start = Math.ceil(0.03 * rate)
  const phase = (i: number) => Math.sin((2 * Math.PI * 220 * (i - start)) / rate)
  const worst = (from: number, to: number, amplitude: number) => {
    let most = 0
    for (let i = from * rate; i < to * rate; i++) most = Math.max(most, Math.abs(samples[i]! - amplitude * phase(i)))
    return most
  }
  expect(worst(0.1, 0.39, 0.5)).toBeLessThan(1e-4)
  // 0.5 − 0.5 · 0.25
  expect(worst(0.45, 0.79, 0.375)).toBeLessThan(1e-4)
  expect(worst(0.85, 1.2, 0.125)).toBeLessThan(1e-4)
  let steepest = 0
  for (let i = 0.1 * rate; i < 1.2 * rate; i++) steepest = Math.max(steepest, Math.abs(samples[i]! - samples[i - 1]!))
  expect(steepest).toBeLessThan(((2 * Math.PI * 220) / rate) * 0.5 * 1.3)
  player.close()
})

test.each([0.5, 0.75, 1.25, 1.5, 2])(
  'at %d times the speed a sound takes as much less time and its pitch goes with it, without a seam',
  async (pace) => {
    const length = seconds / pace - 0.2
    const context = offline(length)
    const player = new Player({
      onChange: vi.fn(),
      onError: vi.fn(),
      makeContext: () => context as unknown as AudioContext,
    })
    player.setTracks([track('a', '/media/loud'), track('b', '/media/soft')], false)
    player.hear('a')
    player.setPace(pace, false)
    await started(player).catch(() => undefined)
    const { samples } = soundOf(await context.startRendering())
    const start = Math.ceil(0.03 * rate)
    let worst = { off: 0, at: 0 }
    for (let i = start + 200; i < Math.min(length, 2.4) * rate; i++) {
      const off = Math.abs(samples[i]! - 0.5 * Math.sin((2 * Math.PI * 220 * pace * (i - start)) / rate))
      if (off > worst.off) worst = { off, at: (i - start) / rate }
    }
    expect(worst.off, `at ${worst.at} s`).toBeLessThan(0.002)
    player.close()
  },
)
