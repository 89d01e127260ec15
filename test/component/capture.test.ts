import { afterEach, describe, expect, test, vi } from 'vitest'
import { userEvent } from 'vitest/browser'
import { openCapture, type CaptureOptions } from '../../src-renderer/record/capture'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

const options = (more: Partial<CaptureOptions> = {}): CaptureOptions => ({
  ...{ id: undefined, channels: 1, onHeard() {}, onGone() {}, onMuted() {}, onStalled() {} },
  ...more,
})

/** A microphone that hears a tone. */
function tone() {
  const context = new AudioContext()
  const out = new MediaStreamAudioDestinationNode(context)
  const source = new OscillatorNode(context)
  source.connect(out)
  source.start()
  return out.stream
}

describe('a microphone', () => {
  test('is let go of where the system gives no context', async () => {
    const stream = tone()
    vi.spyOn(navigator.mediaDevices, 'getUserMedia').mockResolvedValue(stream)
    class Refused {
      constructor() {
        throw new Error('no device')
      }
    }
    vi.stubGlobal('AudioContext', Refused)
    await expect(openCapture(options())).rejects.toThrow('no device')
    expect(stream.getTracks().map(({ readyState }) => readyState)).toEqual(['ended'])
  })

  test('that the system stops is started again, and that is told meanwhile', { timeout: 30_000 }, async () => {
    // Sound starts in a page only once somebody has touched it.
    const button = document.createElement('button')
    document.body.append(button)
    await userEvent.click(button)
    button.remove()
    vi.spyOn(navigator.mediaDevices, 'getUserMedia').mockResolvedValue(tone())
    const told: boolean[] = []
    const onHeard = vi.fn()
    const capture = await openCapture(options({ onHeard, onStalled: (stalled) => told.push(stalled) }))
    await expect.poll(() => onHeard.mock.calls.length, { timeout: 10_000 }).toBeGreaterThan(0)
    await capture.context.suspend()
    await expect.poll(() => told.slice(-2), { timeout: 15_000 }).toEqual([true, false])
    capture.close()
  })
})
