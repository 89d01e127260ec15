/** The part of an AudioContext's clock and output that sound is scheduled on. */
export interface Clocked {
  readonly currentTime: number
  readonly sampleRate: number
  readonly outputLatency?: number
}

export interface PlayoutOptions {
  context: Clocked
  /** Sounds `samples` from context time `when` on. */
  sound(samples: Float32Array, when: number): void
  /** Frame of the context's clock at which the first sample was captured, and seconds that it took to get there. */
  start: number
  inputLatency: number
}

export interface Playout {
  /** Schedules the next samples right after the last. */
  push(samples: Float32Array): void
  /** Seconds from the moment a sample was spoken to the moment it is heard, for the last one scheduled; null before the first. */
  readonly latency: number | null
  /** How often the sound broke off because the next samples came too late. */
  readonly gaps: number
}

/** Seconds between the arrival of samples and their sound, at first (a piece of `liveLink`) and at most: late samples make it longer. */
const shortestLead = 0.04
const longestLead = 0.25

/** Plays sound that arrives in pieces without a seam, on the clock it was captured by, and measures how late it is. */
export function playout({ context, sound, start, inputLatency }: PlayoutOptions): Playout {
  const rate = context.sampleRate
  let lead = shortestLead
  let until = -Infinity
  let played = 0
  let gaps = 0
  let latency: number | null = null
  return {
    push(samples) {
      if (samples.length === 0) return
      const now = context.currentTime
      if (until < now) {
        if (played > 0) {
          gaps++
          lead = Math.min(longestLead, lead * 2)
        }
        until = now + lead
      }
      // On whole frames of the clock, so that pieces meet without a step.
      const when = Math.round(until * rate) / rate
      sound(samples, when)
      latency = when - (start + played) / rate + inputLatency + (context.outputLatency ?? 0)
      played += samples.length
      until = when + samples.length / rate
    },
    get latency() {
      return latency
    },
    get gaps() {
      return gaps
    },
  }
}
