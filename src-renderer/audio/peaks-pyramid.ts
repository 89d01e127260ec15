import type { Peaks, PeaksLevel } from '@contract'

const baseSamples = 256
const factor = 4
const coarsest = 512
const toInt16 = (x: number) => Math.max(-32767, Math.min(32767, Math.round(x * 32767)))

/** Builds the peaks of a sound that has no file, one channel for all of its own, from blocks of samples in their order; as the engine does it for files. */
export function peaksPyramid({ sampleRate, frames }: { sampleRate: number; frames: number }) {
  const buckets = Math.max(1, Math.ceil(frames / baseSamples))
  const data = new Int16Array(2 * buckets)
  let at = 0
  return {
    push(block: readonly Float32Array[]) {
      const length = block[0]?.length ?? 0
      for (let i = 0; i < length;) {
        const bucket = Math.floor(at / baseSamples)
        const to = Math.min(length, i + baseSamples - (at % baseSamples))
        let low = at % baseSamples ? data[2 * bucket]! / 32767 : Infinity
        let high = at % baseSamples ? data[2 * bucket + 1]! / 32767 : -Infinity
        for (const samples of block)
          for (let n = i; n < to; n++) {
            const value = samples[n]!
            if (value < low) low = value
            if (value > high) high = value
          }
        data[2 * bucket] = toInt16(low)
        data[2 * bucket + 1] = toInt16(high)
        at += to - i
        i = to
      }
    },
    finish(): Peaks {
      const levels: PeaksLevel[] = [{ samplesPerBucket: baseSamples, buckets, data }]
      for (let last = levels[0]!; last.buckets > coarsest; last = levels.at(-1)!) levels.push(coarser(last))
      return { sampleRate, channels: 1, frames, levels }
    },
  }
}

function coarser(level: PeaksLevel): PeaksLevel {
  const buckets = Math.ceil(level.buckets / factor)
  const data = new Int16Array(2 * buckets)
  for (let i = 0; i < buckets; i++) {
    let low = 32767
    let high = -32767
    for (let j = i * factor; j < Math.min(level.buckets, (i + 1) * factor); j++) {
      low = Math.min(low, level.data[2 * j]!)
      high = Math.max(high, level.data[2 * j + 1]!)
    }
    data[2 * i] = low
    data[2 * i + 1] = high
  }
  return { samplesPerBucket: level.samplesPerBucket * factor, buckets, data }
}
