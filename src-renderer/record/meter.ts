/** What a level meter shows of one channel. Levels are decibels of full scale. */
export interface Level {
  /** Loudest sample of late, falling slowly. */
  peak: number
  /** Loudest sample of the last seconds. */
  held: number
  /** Whether a sample reached full scale since the mark was last cleared. */
  clipped: boolean
}

export const lowest = -60
/** Decibels per second by which the bar falls, seconds for which the highest level is held, and its fall after them. */
const fall = 26
const holdSeconds = 1.5
const heldFall = 40
/** Samples from here on are taken for clipped: the largest value of 16-bit converters. */
const fullScale = 32_766 / 32_768

export const decibels = (x: number) => Math.max(lowest, 20 * Math.log10(Math.max(x, 1e-9)))

/** Follows the level of one channel; `take` gets the largest magnitude of the next `seconds` of sound. */
export function levelMeter(): { readonly level: Level; take(largest: number, seconds: number): Level; clear(): void } {
  const level: Level = { peak: lowest, held: lowest, clipped: false }
  let heldFor = 0
  return {
    level,
    take(largest, seconds) {
      const now = decibels(largest)
      level.peak = Math.max(now, level.peak - fall * seconds, lowest)
      if (now >= level.held) {
        level.held = now
        heldFor = 0
      } else {
        heldFor += seconds
        if (heldFor > holdSeconds) level.held = Math.max(level.peak, level.held - heldFall * seconds, lowest)
      }
      if (largest >= fullScale) level.clipped = true
      return level
    },
    clear() {
      level.clipped = false
    },
  }
}

/** Largest magnitude of each of `channels` interleaved channels. */
export function largestOf(samples: Float32Array, channels: number): number[] {
  const largest = Array.from({ length: channels }, () => 0)
  for (let i = 0; i < samples.length; i++) {
    const magnitude = Math.abs(samples[i]!)
    if (magnitude > largest[i % channels]!) largest[i % channels] = magnitude
  }
  return largest
}

/** Place on a meter, 0 to 1, of a level in decibels. */
export const share = (level: number) => Math.min(1, Math.max(0, 1 - level / lowest))
