import { beforeEach, describe, expect, test, vi } from 'vitest'
import { CallError, type Asset } from '@contract'
import type { Capture, CaptureOptions } from '../../src-renderer/record/capture'
import { chooseMicrophone, isRecording, openRecorder, recorder } from '../../src-renderer/record/recorder.svelte'
import { closeRecorder, toggleRecording } from '../../src-renderer/record/recording'
import { live } from '../../src-renderer/state/live.svelte'
import { notices } from '../../src-renderer/state/notices.svelte'
import { project } from '../../src-renderer/state/project.svelte'

const rate = 1000

/** The engine: what it is asked, and what it answers. */
const engine = vi.hoisted(() => ({
  asked: [] as string[],
  answer: (_name: string, _args: { recording?: string }): unknown => ({}),
}))
vi.mock('../../src-renderer/transport/engine', () => ({
  call: async (name: string, args: { recording?: string }) => {
    engine.asked.push(`${name} ${args.recording ?? ''}`.trim())
    return engine.answer(name, args)
  },
}))

/** The microphones that were opened, the last one last. */
const opened = vi.hoisted(() => ({ list: [] as { options: CaptureOptions; closed: boolean }[], wait: async () => {} }))
vi.mock('../../src-renderer/record/capture', () => ({
  async openCapture(options: CaptureOptions): Promise<Capture> {
    const own = { options, closed: false }
    opened.list.push(own)
    await opened.wait()
    return {
      context: { sampleRate: rate } as AudioContext,
      microphone: { id: '', label: 'Mic', channels: options.channels },
      ...{ inputLatency: 0, monitor() {}, flush: async () => {}, close: () => void (own.closed = true) },
    }
  },
}))

vi.mock('../../src-renderer/record/microphones', async (original) => ({
  ...(await original<typeof import('../../src-renderer/record/microphones')>()),
  microphones: async () => [],
}))

const mic = () => opened.list.at(-1)!
const speak = (samples: number, value = 0.5) =>
  mic().options.onHeard({ samples: new Float32Array(samples).fill(value), start: 0 })
const stored = new Map<string, number>()
const refuse = (status: number, code: string) =>
  Response.json({ error: { code, message: `It is ${code}.` } }, { status })
let host: (id: string) => Response | undefined = () => undefined
const finished = () => engine.asked.filter((line) => line.startsWith('record.finish'))
const titles = () => notices.list.map(({ title }) => title)

/** A promise, and what settles it. */
function pending<T>() {
  let settle: { resolve(value: T): void; reject(error: Error): void }
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }))
  return { promise, ...settle! }
}

let made = 0
const begun = () => ({ recording: `r-${++made}`, url: `/recordings/r-${made}` })
const answers = (name: string, { recording }: { recording?: string }): unknown =>
  name === 'record.start'
    ? begun()
    : name === 'record.finish'
      ? { asset: { id: `a-${recording}`, name: `${recording}.wav`, kind: 'audio' } as Asset }
      : {}

/** A busy machine takes its time. */
const soon = { timeout: 10_000 }

beforeEach(async () => {
  await closeRecorder()
  engine.asked = []
  engine.answer = answers
  Object.assign(opened, { list: [], wait: async () => {} })
  made = 0
  stored.clear()
  notices.list = []
  project.assets = []
  host = () => undefined
  vi.stubGlobal('fetch', async (url: string, { body }: { body: Float32Array }) => {
    const id = /r-\d+/.exec(url)![0]
    const refused = host(id)
    if (refused) return refused
    stored.set(id, (stored.get(id) ?? 0) + body.length)
    return Response.json({ have: 4 * stored.get(id)! })
  })
})

describe('a recording that is stopped before the engine has begun it', () => {
  test('loses nothing', async () => {
    const start = pending<unknown>()
    engine.answer = (name, args) => (name === 'record.start' ? start.promise : answers(name, args))
    const recording = toggleRecording()
    await expect.poll(isRecording, soon).toBe(true)
    speak(300)
    const stopping = toggleRecording()
    await expect.poll(() => recorder.phase, soon).toBe('saving')
    expect(finished()).toEqual([])
    start.resolve(begun())
    await Promise.all([recording, stopping])
    expect(stored.get('r-1')).toBe(300)
    expect(finished()).toEqual(['record.finish r-1'])
    expect(project.assets.map(({ name }) => name)).toEqual(['r-1.wav'])
    expect([recorder.phase, recorder.shown, notices.list]).toEqual(['off', false, []])
  })

  test('says once that it could not begin, and leaves nothing to the next', async () => {
    const start = pending<unknown>()
    engine.answer = (name, args) => (name === 'record.start' ? start.promise : answers(name, args))
    const recording = toggleRecording()
    await expect.poll(isRecording, soon).toBe(true)
    speak(300)
    const stopping = toggleRecording()
    start.reject(new CallError({ code: 'disk-full', message: 'The disk is full.' }))
    await Promise.all([recording, stopping])
    expect(titles()).toEqual(['The recording did not start'])
    expect(finished()).toEqual([])
    expect([recorder.phase, mic().closed]).toEqual(['off', true])
    engine.answer = answers
    await toggleRecording()
    speak(20)
    await toggleRecording()
    expect(stored.get('r-1')).toBe(20)
  })
})

test('a recording that did not begin leaves the microphone ready', async () => {
  engine.answer = (name) =>
    name === 'record.start' ? Promise.reject(new CallError({ code: 'disk-full', message: 'full' })) : {}
  await toggleRecording()
  expect([recorder.phase, mic().closed]).toEqual(['ready', false])
  expect(titles()).toEqual(['The recording did not start'])
})

describe('while a recording is saved', () => {
  test('a full disk is told once, and what is stored is added', async () => {
    await toggleRecording()
    speak(100)
    host = () => refuse(507, 'disk-full')
    await toggleRecording()
    expect(finished()).toEqual(['record.finish r-1'])
    expect(notices.list).toMatchObject([{ title: 'The recording was stopped', text: 'It is disk-full.' }])
    expect(notices.list[0]!.hint).toContain('r-1.wav')
  })

  test('what the engine completed meanwhile goes on in a second, whole', async () => {
    await toggleRecording()
    speak(300)
    await expect.poll(() => stored.get('r-1'), soon).toBe(300)
    speak(150)
    host = (id) => (id === 'r-1' ? refuse(404, 'not-found') : undefined)
    await toggleRecording()
    expect(stored.get('r-2')).toBe(150)
    expect(finished()).toEqual(['record.finish r-2'])
    expect(titles()).toEqual(['The recording goes on in a second file'])
  })

  test('the microphone is closed already, and its end is no news', async () => {
    await toggleRecording()
    speak(300)
    const finish = pending<unknown>()
    engine.answer = (name, args) => (name === 'record.finish' ? finish.promise : answers(name, args))
    const stopping = toggleRecording()
    await expect.poll(() => finished().length, soon).toBe(1)
    expect([recorder.phase, mic().closed]).toEqual(['saving', true])
    mic().options.onGone()
    expect([recorder.phase, recorder.problem]).toEqual(['saving', null])
    finish.resolve(answers('record.finish', { recording: 'r-1' }))
    await stopping
    expect(recorder.phase).toBe('off')
  })

  test('a person need not wait for a host that does not answer', async () => {
    await toggleRecording()
    host = () => new Response(null, { status: 503 })
    speak(3 * rate)
    await expect.poll(() => recorder.delayed, soon).toBe(3)
    const stopping = toggleRecording()
    await expect.poll(() => recorder.phase, soon).toBe('saving')
    await closeRecorder()
    await stopping
    expect(titles()).toEqual(['The last 3 s of the recording were not saved'])
    expect(finished()).toEqual(['record.finish r-1'])
    expect(recorder.shown).toBe(false)
  })
})

test('a microphone that is pulled out ends the recording, and nothing ends the next', async () => {
  await toggleRecording()
  speak(300)
  mic().options.onGone()
  await expect.poll(() => recorder.phase, soon).toBe('off')
  expect(finished()).toEqual(['record.finish r-1'])
  expect(notices.list).toMatchObject([{ title: 'The recording was stopped', text: expect.stringMatching('unplugged') }])
  await toggleRecording()
  speak(300)
  await toggleRecording()
  expect(finished()).toEqual(['record.finish r-1', 'record.finish r-2'])
})

describe('while another microphone is opened', () => {
  test('no second is', async () => {
    await openRecorder()
    const slow = pending<void>()
    opened.wait = () => slow.promise
    const choosing = chooseMicrophone('b')
    const both = [openRecorder(), chooseMicrophone('c')]
    slow.resolve()
    await Promise.all([choosing, ...both])
    expect(opened.list.map(({ options: { id }, closed }) => [id, closed])).toEqual([
      [undefined, true],
      ['b', false],
    ])
    expect(recorder.phase).toBe('ready')
  })

  test('closing the bar closes it too', async () => {
    await openRecorder()
    const slow = pending<void>()
    opened.wait = () => slow.promise
    const choosing = chooseMicrophone('b')
    await closeRecorder()
    slow.resolve()
    await choosing
    expect(opened.list.map(({ closed }) => closed)).toEqual([true, true])
    expect([recorder.phase, recorder.shown]).toEqual(['off', false])
  })
})

test('the first clipped sample is spoken, and a problem only shown', async () => {
  await openRecorder()
  live.text = ''
  speak(20)
  expect(live.text).toBe('')
  speak(20, 1)
  expect(live.text).toMatch(/^The input is too loud/)
  live.text = ''
  speak(20, 1)
  expect(live.text).toBe('')
  await closeRecorder()
  opened.wait = () => Promise.reject(new CallError({ code: 'no-permission', message: 'Not allowed' }))
  await openRecorder()
  expect([recorder.problem?.message, live.text]).toEqual(['Not allowed', ''])
})

test('hearing oneself is over when the bar closes', async () => {
  await openRecorder()
  recorder.monitor = true
  await closeRecorder()
  expect(recorder.monitor).toBe(false)
})
