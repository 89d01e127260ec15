import * as tf from '@tensorflow/tfjs-core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Terminal } from '../../../src-main/cli/command'
import { stopSoon } from '../../../src-main/cli/stop-soon'
import { openDevice } from '../../../src-main/compute'
import { blocking, onBlocking } from '../../../src-main/lib/blocking'
import { NagareError } from '../../../src-main/lib/errors'
import { float32 } from '../../../src-main/lib/ndarray'

function terminal() {
  const controller = new AbortController()
  const { signal } = controller
  const checkCancelled = () => {
    if (signal.aborted) throw new NagareError('cancelled', 'Stopped.')
  }
  const asked: Terminal = { signal, checkCancelled, progress: () => {}, note: () => {} }
  return { asked, abort: () => controller.abort() }
}
const never = () => new Promise<string>(() => {})

describe('stopping soon', () => {
  afterEach(() => vi.useRealTimers())

  it('gives what the work gives, and throws what it throws', async () => {
    const { asked } = terminal()
    expect(await stopSoon(async () => 3, asked)).toBe(3)
    await expect(stopSoon(() => Promise.reject(new Error('no')), asked)).rejects.toThrow('no')
  })

  it('lets work end by itself for two seconds, and then waits no longer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const { asked, abort } = terminal()
    const outcome = vi.fn()
    const stopped = stopSoon(never, asked).then(outcome, outcome)
    abort()
    await vi.advanceTimersByTimeAsync(1900)
    expect(outcome).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(200)
    await stopped
    expect(outcome).toHaveBeenCalledWith(expect.objectContaining({ code: 'cancelled' }))
  })

  it('leaves signals their usual effect while the thread is busy, and only then', async () => {
    const { asked } = terminal()
    const mine = () => {}
    process.on('SIGHUP', mine)
    const before = process.listeners('SIGHUP')
    const seen: number[] = []
    try {
      await stopSoon(async () => {
        seen.push(process.listenerCount('SIGHUP'))
        await blocking(() => {
          seen.push(process.listenerCount('SIGHUP'))
          return blocking(() => void seen.push(process.listenerCount('SIGHUP')))
        })
        await expect(
          blocking(() => {
            throw new Error('broken graph')
          }),
        ).rejects.toThrow('broken graph')
        seen.push(process.listenerCount('SIGHUP'))
      }, asked)
      expect(seen).toEqual([before.length, 0, 0, before.length])
      expect(process.listeners('SIGHUP')).toEqual(before)
      await blocking(() => void seen.push(process.listenerCount('SIGHUP')))
      expect(seen.at(-1)).toBe(before.length)
    } finally {
      process.off('SIGHUP', mine)
    }
  })

  it('does not begin such work once a signal came', async () => {
    const { asked, abort } = terminal()
    const work = vi.fn()
    await expect(
      stopSoon(async () => {
        abort()
        await blocking(work)
      }, asked),
    ).rejects.toMatchObject({ code: 'cancelled' })
    expect(work).not.toHaveBeenCalled()
  })
})

it('is told while a program is compiled and for its first run, and not for runs that are short', async () => {
  const device = await openDevice('cpu')
  let told = 0
  const release = onBlocking({ before: () => void told++, after: () => {} })
  try {
    const runner = await device.load(
      {
        name: 'twice',
        inputs: { x: [2] },
        run: ({ inputs: { x } }) => ({ outputs: { y: tf.mul(x!, 2) } }),
      },
      {},
    )
    expect(told).toBe(2)
    const x = float32([2], new Float32Array([1, 2]))
    expect((await runner.run({ x }))['y']!.data).toEqual(new Float32Array([2, 4]))
    expect(told).toBe(3)
    await runner.run({ x })
    expect(told).toBe(3)
    await runner.dispose()
  } finally {
    release()
  }
})

it('without a listener work is done as it is', async () => {
  onBlocking({ before: () => expect.unreachable(), after: () => {} })()
  expect(await blocking(() => 4)).toBe(4)
})
