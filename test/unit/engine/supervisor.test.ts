import type { EngineExit } from '@contract'
import { describe, expect, it } from 'vitest'
import { exitReason, supervise, type EngineChild } from '../../../src-main/engine/supervisor'
import { handClock } from '../../helpers/clock'

class FakeEngine implements EngineChild {
  readonly pid = 1
  readonly sent: unknown[] = []
  killed = false
  receive: (message: unknown) => void = () => {}
  exit: (code: number | null, signal: string | null) => void = () => {}
  readonly lastExit: EngineExit | null
  constructor(lastExit: EngineExit | null) {
    this.lastExit = lastExit
  }
  send(message: unknown) {
    this.sent.push(message)
  }
  onMessage(receive: (message: unknown) => void) {
    this.receive = receive
  }
  onExit(exited: (code: number | null, signal: string | null) => void) {
    this.exit = exited
  }
  kill() {
    this.killed = true
    this.exit(null, 'SIGKILL')
  }
}

function setup() {
  const clock = handClock()
  const engines: FakeEngine[] = []
  const waits: number[] = []
  const given: EngineExit[] = []
  const supervisor = supervise({
    clock,
    fork: (lastExit) => engines[engines.push(new FakeEngine(lastExit)) - 1]!,
    onDown: (_, wait) => waits.push(wait),
    onGiveUp: (exit) => given.push(exit),
  })
  supervisor.start()
  return { clock, engines, waits, given, supervisor, last: () => engines.at(-1)! }
}

describe('supervise', () => {
  it('restarts an engine when asked, without a reason and without counting it as a death', () => {
    const { clock, engines, waits, given, supervisor, last } = setup()
    last().receive({ type: 'ready' })
    for (let i = 0; i < 8; i++) {
      const asked = last()
      supervisor.restart()
      supervisor.restart()
      expect(asked.sent).toEqual([{ type: 'quit' }])
      asked.exit(0, null)
      expect(last()).not.toBe(asked)
      expect(last().lastExit).toBeNull()
      last().receive({ type: 'ready' })
    }
    expect([engines.length, waits, given]).toEqual([9, [], []])
    clock.advance(60_000)
    expect(last().killed).toBe(false)
  })

  it('kills an engine that does not make room for the next', () => {
    const { clock, engines, supervisor, last } = setup()
    last().receive({ type: 'ready' })
    supervisor.restart()
    clock.advance(8000)
    expect(engines[0]!.killed).toBe(true)
    expect(engines).toHaveLength(2)
  })

  it('names an engine only while it is ready', () => {
    const { supervisor, last } = setup()
    expect(supervisor.ready).toBeUndefined()
    last().receive({ type: 'ready' })
    expect(supervisor.ready).toBe(last())
    last().exit(1, null)
    expect(supervisor.ready).toBeUndefined()
  })

  it('restarts at once, then ever more slowly, and tells the new engine why', () => {
    const { clock, engines, waits, last } = setup()
    for (const wait of [0, 200, 1000, 5000, 5000]) {
      const before = engines.length
      last().receive({ type: 'ready' })
      last().exit(null, 'SIGKILL')
      clock.advance(wait - 1)
      expect(engines.length).toBe(before)
      clock.advance(1)
      expect(engines.length).toBe(before + 1)
    }
    expect(waits).toEqual([0, 200, 1000, 5000, 5000])
    expect(engines[0]!.lastExit).toBeNull()
    expect(last().lastExit).toMatchObject({ signal: 'SIGKILL', code: null, reason: expect.stringMatching(/killed/) })
  })

  it('starts over with no delay after a sound life', () => {
    const { clock, waits, last } = setup()
    for (let i = 0; i < 3; i++) {
      last().receive({ type: 'ready' })
      last().exit(1, null)
      clock.advance(5000)
    }
    last().receive({ type: 'ready' })
    clock.advance(30_000)
    last().exit(1, null)
    expect(waits).toEqual([0, 200, 1000, 0])
  })

  it('gives up after five deaths without a ready, and starts anew when asked', () => {
    const { clock, engines, given, supervisor, last } = setup()
    for (let i = 0; i < 5; i++) {
      last().exit(72, null)
      clock.advance(5000)
    }
    expect(engines.length).toBe(5)
    expect(given).toMatchObject([{ code: 72, reason: 'The project could not be opened.' }])
    clock.advance(60_000)
    expect(engines.length).toBe(5)
    supervisor.start()
    expect(engines.length).toBe(6)
  })

  it('does not give up on an engine that was ready between its deaths', () => {
    const { clock, engines, given, last } = setup()
    for (let i = 0; i < 8; i++) {
      last().receive({ type: 'ready' })
      last().exit(1, null)
      clock.advance(5000)
    }
    expect(given).toEqual([])
    expect(engines.length).toBe(9)
  })

  it("prefers the engine's own word on why it ends", () => {
    const { clock, last } = setup()
    last().receive({ type: 'fatal', reason: 'The enhancement did not stop.' })
    last().exit(70, null)
    clock.advance(0)
    expect(last().lastExit?.reason).toBe('The enhancement did not stop.')
  })

  it('quits: asks, waits, starts no other', async () => {
    const { clock, engines, supervisor, last } = setup()
    const done = supervisor.quit()
    expect(last().sent).toEqual([{ type: 'quit' }])
    last().exit(0, null)
    await done
    clock.advance(60_000)
    expect(engines.length).toBe(1)
    expect(last().killed).toBe(false)
  })

  it('kills an engine that does not quit', async () => {
    const { clock, supervisor, last } = setup()
    const done = supervisor.quit()
    clock.advance(7000)
    await done
    expect(last().killed).toBe(true)
  })

  it('calls off a restart that is due when it quits', async () => {
    const { clock, engines, supervisor, last } = setup()
    last().exit(1, null)
    await supervisor.quit()
    clock.advance(60_000)
    expect(engines.length).toBe(1)
  })
})

describe('exitReason', () => {
  it('is a sentence for every end', () => {
    expect(exitReason(70, null)).toMatch(/did not stop/)
    expect(exitReason(null, 'SIGSEGV')).toMatch(/SIGSEGV/)
    expect(exitReason(134, null)).toMatch(/134/)
    expect(exitReason(0, null)).toMatch(/unasked/)
  })
})
