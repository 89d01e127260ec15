import type { Clock } from '../../src-main/lib/clock'

export interface HandClock extends Clock {
  /** Moves time on and runs what falls due, in order. */
  advance(milliseconds: number): void
}

/** A clock that only moves by hand. */
export function handClock(): HandClock {
  let now = 0
  let timers: { at: number; work: () => void }[] = []
  return {
    now: () => now,
    after(milliseconds, work) {
      const timer = { at: now + milliseconds, work }
      timers.push(timer)
      return () => (timers = timers.filter((other) => other !== timer))
    },
    advance(milliseconds) {
      const end = now + milliseconds
      for (;;) {
        const due = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (!due) break
        timers = timers.filter((other) => other !== due)
        now = due.at
        due.work()
      }
      now = end
    },
  }
}
