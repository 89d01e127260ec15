/** Time and timers, so that tests can hold them in hand. */
export interface Clock {
  /** Milliseconds on a steady scale. */
  now(): number
  /** Runs `work` once after `milliseconds`; answers a way to call it off. */
  after(milliseconds: number, work: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, work) {
    const timer = setTimeout(work, milliseconds)
    return () => clearTimeout(timer)
  },
}
