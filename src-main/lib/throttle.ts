import type { Clock } from './clock'
import { systemClock } from './clock'

export interface Throttle<T> {
  (value: T): void
  /** Drops what is waiting; later values are ignored. */
  stop(): void
}

/** Passes values on at most once per `milliseconds`: the first at once, then always the newest. */
export function throttle<T>(milliseconds: number, pass: (value: T) => void, clock: Clock = systemClock): Throttle<T> {
  let last = -Infinity
  let waiting: { value: T } | undefined
  let cancel: (() => void) | undefined
  let stopped = false

  const flush = () => {
    cancel = undefined
    if (!waiting) return
    const { value } = waiting
    waiting = undefined
    last = clock.now()
    pass(value)
  }
  const push = (value: T) => {
    if (stopped) return
    waiting = { value }
    if (cancel) return
    const wait = last + milliseconds - clock.now()
    if (wait <= 0) flush()
    else cancel = clock.after(wait, flush)
  }
  return Object.assign(push, {
    stop() {
      stopped = true
      waiting = undefined
      cancel?.()
    },
  })
}
