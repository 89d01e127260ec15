import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Pack } from '@contract'
import type { Capture, CaptureOptions } from '../../src-renderer/record/capture'
import { closeRecorder } from '../../src-renderer/record/recording'
import { closeTalk, hold, release, talk } from '../../src-renderer/record/talk.svelte'
import { notices } from '../../src-renderer/state/notices.svelte'
import { project } from '../../src-renderer/state/project.svelte'

const engine = vi.hoisted(() => ({ asked: [] as string[], open: async () => {} }))
vi.mock('../../src-renderer/transport/engine', () => ({
  call: async (name: string, { session = '' }: { session?: string }) => {
    engine.asked.push(`${name} ${session}`.trim())
    if (name !== 'live.open') return {}
    await engine.open()
    return { session: 'l-1', url: '/live/l-1', sampleRate: 1000, frame: 64, device: 'cpu', fallback: null }
  },
}))
const microphone = vi.hoisted(() => ({ options: undefined as CaptureOptions | undefined }))
vi.mock('../../src-renderer/record/capture', () => ({
  async openCapture(options: CaptureOptions): Promise<Capture> {
    microphone.options = options
    return {
      context: { sampleRate: 1000, currentTime: 0 } as AudioContext,
      microphone: { id: '', label: 'Mic', channels: 1 },
      ...{ inputLatency: 0, monitor() {}, flush: async () => {}, close() {} },
    }
  },
}))

let sent: { url: string; signal: AbortSignal }[] = []
const speak = () => microphone.options!.onHeard({ samples: new Float32Array(100), start: 0 })
const isClosed = () => engine.asked.includes('live.close l-1')

/** A busy machine takes its time. */
const soon = { timeout: 10_000 }

beforeEach(async () => {
  closeTalk()
  await closeRecorder()
  Object.assign(engine, { asked: [], open: async () => {} })
  sent = []
  notices.list = []
  const voices = ['Ada', 'Ben'].map((name) => ({ name, seconds: 1, sample: false }))
  project.packs = [{ id: 'tiny', kind: 'blow', name: 'Tiny', voices } as unknown as Pack]
  // It computes until it is called off, as a busy machine does.
  vi.stubGlobal('fetch', (url: string, { signal }: { signal: AbortSignal }) => {
    sent.push({ url, signal })
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
  })
})

describe('what is said', () => {
  test.each(['speaking', 'finishing'])('is broken off without a word when its row goes while %s', async (phase) => {
    await hold()
    speak()
    if (phase === 'finishing') release()
    expect(talk.phase).toBe(phase)
    closeTalk()
    expect(talk.phase).toBe('idle')
    await expect.poll(isClosed, soon).toBe(true)
    expect(sent.map(({ signal }) => signal.aborted)).toEqual([true])
    speak()
    await new Promise((resolve) => setTimeout(resolve))
    expect(sent).toHaveLength(1)
    expect(notices.list).toEqual([])
  })

  test('is not begun when its row went while the engine opened it, which is closed', async () => {
    let go = () => {}
    engine.open = () => new Promise((resolve) => (go = resolve))
    const holding = hold()
    await expect.poll(() => engine.asked, soon).toContain('live.open')
    closeTalk()
    expect(talk.phase).toBe('idle')
    go()
    await holding
    expect(isClosed()).toBe(true)
    expect([talk.phase, notices.list]).toEqual(['idle', []])
  })

  test('is begun when the key was let go and pressed again while it opened', async () => {
    let go = () => {}
    engine.open = () => new Promise((resolve) => (go = resolve))
    const holding = hold()
    await expect.poll(() => engine.asked, soon).toContain('live.open')
    release()
    await hold()
    go()
    await holding
    expect(talk.phase).toBe('speaking')
  })
})
