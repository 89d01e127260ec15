import { afterEach, describe, expect, test, vi } from 'vitest'
import { CallError } from '@contract'
import { chunkSink, type SinkOptions } from '../../src-renderer/record/chunk-sink'
import { liveLink, type LiveLinkOptions } from '../../src-renderer/record/live-link'
import { decibels, largestOf, levelMeter, lowest, share } from '../../src-renderer/record/meter'
import { findChosen, microphoneError, openMicrophone, plainName } from '../../src-renderer/record/microphones'
import { playout } from '../../src-renderer/record/playout'
import { recordingName } from '../../src-renderer/record/recording-name'
import { mono } from '../../src-renderer/record/talk.svelte'

afterEach(() => vi.unstubAllGlobals())

const json = (status: number, value: unknown) => Response.json(value, { status })

/** A host that keeps what it gets, and answers as `misbehave` says first. */
function host(misbehave: (() => Response | 'lost' | 'gone')[] = []) {
  const stored: number[] = []
  const sizes: number[] = []
  const send = vi.fn(async (url: string | URL | Request, init?: RequestInit) => {
    const next = misbehave.shift()
    const answer = next?.()
    if (answer === 'gone') throw new TypeError('Failed to fetch')
    if (answer instanceof Response) return answer
    const at = Number(new URL(String(url), 'http://x').searchParams.get('at')) / 4
    const samples = init?.body as Float32Array
    sizes.push(samples.length)
    if (at > stored.length) return json(409, { have: 4 * stored.length })
    stored.splice(at, samples.length, ...samples)
    // Stored, but the answer does not arrive.
    if (answer === 'lost') throw new TypeError('Failed to fetch')
    return json(200, { have: 4 * stored.length })
  })
  return { stored, sizes, send }
}

function sinkTo(send: SinkOptions['send'], more: Partial<SinkOptions> = {}) {
  const onDelay = vi.fn()
  const onFail = vi.fn()
  const sink = chunkSink({
    url: '/recordings/r',
    sampleRate: 1000,
    channels: 1,
    onDelay,
    onFail,
    refused: String,
    send: send!,
    ...more,
  })
  return { sink, onDelay, onFail }
}

const numbers = (count: number, from = 0) => Float32Array.from({ length: count }, (_, i) => from + i)

describe('the way to the disk', () => {
  test('sends what is spoken in chunks of a fifth of a second, in order and whole', async () => {
    const { stored, sizes, send } = host()
    const { sink } = sinkTo(send)
    for (let at = 0; at < 1000; at += 20) {
      sink.push(numbers(20, at))
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await sink.drain()
    expect(stored).toEqual([...numbers(1000)])
    expect(Math.max(...sizes)).toBeLessThanOrEqual(250)
    expect(send.mock.calls.length).toBeLessThanOrEqual(6)
  })

  test('keeps what could not be sent, says so, and sends it when the host is back', async () => {
    const { stored, send } = host([() => 'gone', () => json(503, {}), () => 'lost'])
    const { sink, onDelay } = sinkTo(send)
    sink.push(numbers(300))
    sink.push(numbers(300, 300))
    await sink.drain()
    expect(stored).toEqual([...numbers(600)])
    expect(onDelay).toHaveBeenCalledWith(0.6)
    expect(onDelay).toHaveBeenLastCalledWith(0)
  })

  test('goes on behind what a host lost', async () => {
    const { stored, send } = host()
    const { sink } = sinkTo(send)
    sink.push(numbers(300))
    await sink.drain()
    stored.length = 100
    sink.push(numbers(300, 300))
    await sink.drain()
    expect(stored).toEqual([...numbers(100), ...numbers(300, 300)])
  })

  test('ends with the reason when the disk is full, and hands back what is not stored', async () => {
    const full = { code: 'disk-full', message: 'The disk is full.' }
    const { stored, send } = host([() => json(200, { have: 1200 }), () => json(507, { error: full })])
    const { sink, onFail } = sinkTo(send)
    sink.push(numbers(300))
    await expect.poll(() => send.mock.calls.length).toBe(1)
    sink.push(numbers(300, 300))
    await expect(sink.drain()).rejects.toMatchObject({ record: full })
    expect(onFail).toHaveBeenCalledOnce()
    sink.push(numbers(300, 600))
    expect(send.mock.calls.length).toBe(2)
    expect(sink.takeRest().map((piece) => piece.length)).toEqual([300])
    expect(stored).toEqual([])
  })

  test('says that a paused recording goes on', async () => {
    const { sizes, send } = host()
    const { sink } = sinkTo(send)
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 2000)
    sink.push(new Float32Array(0))
    await expect.poll(() => sizes).toEqual([0])
    sink.push(new Float32Array(0))
    expect(sizes).toEqual([0])
    vi.restoreAllMocks()
  })

  test('has last words that outlive the page', async () => {
    const { stored, send } = host()
    const { sink } = sinkTo(send)
    sink.push(numbers(50))
    expect(send).not.toHaveBeenCalled()
    sink.lastWords()
    expect(send.mock.calls[0]![1]).toMatchObject({ keepalive: true })
    expect(stored).toEqual([...numbers(50)])
  })
})

describe('the meter', () => {
  test('rises at once, falls slowly, holds the peak and then lets it go', () => {
    const meter = levelMeter()
    expect(meter.take(0.5, 0.02).peak).toBeCloseTo(-6.02, 2)
    expect(meter.take(0, 0.5).peak).toBeCloseTo(-19.02, 2)
    expect(meter.level.held).toBeCloseTo(-6.02, 2)
    for (let i = 0; i < 60; i++) meter.take(0, 0.1)
    expect(meter.level).toEqual({ peak: lowest, held: lowest, clipped: false })
  })

  test('marks full scale until it is cleared', () => {
    const meter = levelMeter()
    meter.take(0.999, 0.02)
    expect(meter.level.clipped).toBe(false)
    meter.take(32_767 / 32_768, 0.02)
    meter.take(0, 5)
    expect(meter.level.clipped).toBe(true)
    meter.clear()
    expect(meter.level.clipped).toBe(false)
  })

  test('finds the largest of each channel, and its place', () => {
    expect(largestOf(Float32Array.of(0.25, -0.5, -0.75, 0.125), 2)).toEqual([0.75, 0.5])
    expect([share(0), share(-60), share(-90), share(-30)]).toEqual([1, 0, 0, 0.5])
    expect(decibels(0)).toBe(lowest)
    expect([...mono(Float32Array.of(1, 0, 0.5, 0.5), 2)]).toEqual([0.5, 0.5])
  })
})

describe('microphones', () => {
  const list = [
    { id: 'a', label: 'Built-in' },
    { id: 'b', label: 'USB' },
  ]
  test('are found again by their id, else by their name', () => {
    expect(findChosen(list, { id: 'b', label: 'Built-in' })?.id).toBe('b')
    expect(findChosen(list, { id: 'z', label: 'USB' })?.id).toBe('b')
    expect(findChosen(list, { id: 'z', label: 'gone' })).toBeUndefined()
    expect(findChosen([{ id: 'a', label: '' }], { id: '', label: '' })).toBeUndefined()
    expect(findChosen(list, undefined)).toBeUndefined()
    expect(plainName('Yeti (046d:0ab7)')).toBe('Yeti')
  })

  test.each([
    ['NotAllowedError', 'no-permission', /not allowed/],
    ['NotFoundError', 'not-found', /no microphone/],
    ['NotReadableError', 'unavailable', /does not answer/],
    ['OverconstrainedError', 'not-found', /not there/],
    ['WeirdError', 'unavailable', /odd/],
  ])('%s is said in words', (name, code, words) => {
    const { record } = microphoneError(new DOMException('odd', name))
    expect(record.code).toBe(code)
    expect(record.message).toMatch(words)
  })

  test('are opened without the filters of calls', async () => {
    const getUserMedia = vi
      .spyOn(navigator.mediaDevices, 'getUserMedia')
      .mockRejectedValue(new DOMException('', 'NotFoundError'))
    await expect(openMicrophone('mic', 2)).rejects.toBeInstanceOf(CallError)
    expect(getUserMedia.mock.calls[0]![0]!.audio).toEqual({
      ...{ deviceId: { exact: 'mic' }, channelCount: { ideal: 2 } },
      ...{ echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    })
    getUserMedia.mockRestore()
  })

  test('a recording is named by day and time', () =>
    expect(recordingName(new Date(2026, 0, 5, 9, 7))).toBe('Recording 2026-01-05 09.07.wav'))
})

describe('live sound', () => {
  function scene(start = 0) {
    const context = { currentTime: 0, sampleRate: 1000, outputLatency: 0.01 }
    const sounds: { when: number; length: number }[] = []
    const out = playout({
      ...{ context, start, inputLatency: 0.02 },
      sound: ({ length }, when) => sounds.push({ when, length }),
    })
    return { context, sounds, out }
  }

  test('is joined without a seam, and its lateness is measured from the microphone on', () => {
    const { context, sounds, out } = scene(2000)
    expect(out.latency).toBeNull()
    context.currentTime = 2.5
    out.push(new Float32Array(100))
    context.currentTime = 2.58
    out.push(new Float32Array(100))
    expect(sounds).toEqual([
      { when: 2.54, length: 100 },
      { when: 2.64, length: 100 },
    ])
    // Sample 100 was spoken at 2.1 and sounds at 2.64, with 30 ms of the devices' own.
    expect(out.latency).toBeCloseTo(0.57, 6)
    expect(out.gaps).toBe(0)
  })

  test('counts where it broke off, and then waits longer', () => {
    const { context, sounds, out } = scene()
    context.currentTime = 1
    out.push(new Float32Array(100))
    context.currentTime = 1.5
    out.push(new Float32Array(100))
    expect(out.gaps).toBe(1)
    expect(sounds[1]!.when).toBeCloseTo(1.58, 9)
    context.currentTime = 2
    out.push(new Float32Array(100))
    expect(sounds[2]!.when).toBeCloseTo(2.16, 9)
  })

  function link(
    answer: (url: string, samples: Float32Array) => Response | Promise<Response>,
    more: Partial<LiveLinkOptions> = {},
  ) {
    const heard: number[] = []
    const onSpeed = vi.fn()
    const onFail = vi.fn()
    const made = liveLink({
      ...{
        url: '/live/l',
        sampleRate: 1000,
        onSpeed,
        onFail,
        onSound: (samples) => samples.forEach((value) => heard.push(value)),
      },
      send: (async (url: string, init: RequestInit) => answer(url, init.body as Float32Array)) as typeof fetch,
      ...more,
    })
    return { heard, onSpeed, onFail, link: made }
  }
  const echo = (samples: Float32Array, seconds = 0) =>
    new Response(samples.slice(), { headers: { 'compute-seconds': String(seconds) } })

  test('goes one piece at a time, numbered, and comes back whole', async () => {
    const urls: string[] = []
    let busy = 0
    const {
      heard,
      onSpeed,
      link: live,
    } = link(async (url, samples) => {
      urls.push(url)
      expect(++busy).toBe(1)
      await new Promise((resolve) => setTimeout(resolve, 5))
      busy--
      return echo(samples, samples.length / 4000)
    })
    for (let at = 0; at < 500; at += 20) {
      live.push(numbers(20, at))
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await live.end()
    expect(heard).toEqual([...numbers(500)])
    expect(urls.map((url) => Number(/part=(\d+)/.exec(url)![1]))).toEqual(urls.map((_, i) => i))
    expect(urls.filter((url) => url.endsWith('&last'))).toEqual([urls.at(-1)])
    expect(onSpeed.mock.lastCall![0]).toBeCloseTo(0.25, 6)
  })

  test('goes in pieces that the host takes, and ends with the last, when the machine is slow', async () => {
    const sizes: number[] = []
    const urls: string[] = []
    const gate: { open(): void } = { open: () => {} }
    const { heard, link: live } = link(async (url, samples) => {
      urls.push(url)
      sizes.push(samples.length)
      if (sizes.length === 1) await new Promise<void>((resolve) => (gate.open = resolve))
      return echo(samples)
    })
    live.push(numbers(1000))
    await expect.poll(() => sizes).toEqual([1000])
    for (let at = 1000; at < 601_000; at += 100_000) live.push(numbers(100_000, at))
    const ending = live.end()
    gate.open()
    await ending
    expect(sizes).toEqual([1000, 250_000, 250_000, 100_000])
    expect(urls.filter((url) => url.endsWith('&last'))).toEqual([urls.at(-1)])
    expect(heard.length).toBe(601_000)
    expect(heard.every((value, i) => value === i)).toBe(true)
  })

  test('that is not wanted any more is called off, and nothing is told of it', async () => {
    let signal: AbortSignal | undefined
    const {
      heard,
      onFail,
      link: live,
    } = link(() => echo(numbers(9)), {
      send: ((_, init) => {
        signal = init!.signal!
        return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error)))
      }) as typeof fetch,
    })
    live.push(numbers(50))
    const ending = live.end()
    live.cancel()
    await ending
    live.push(numbers(50))
    expect(signal!.aborted).toBe(true)
    expect([heard, onFail.mock.calls]).toEqual([[], []])
  })

  test('ends with what the engine said', async () => {
    const { onFail, link: live } = link(() => json(404, { error: { code: 'not-found', message: 'closed' } }))
    live.push(numbers(50))
    await live.end()
    expect(onFail.mock.calls[0]![0].record).toEqual({ code: 'not-found', message: 'closed' })
    expect(onFail).toHaveBeenCalledOnce()
  })

  test('of a word too short for a piece is sent at its end', async () => {
    const { heard, link: live } = link((_, samples) => echo(samples))
    live.push(numbers(3))
    await live.end()
    expect(heard).toEqual([0, 1, 2])
  })
})
