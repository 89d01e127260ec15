import type { AudioReader, Planar } from '../audio'
import { resampler } from '../resample'

/** A sound that is read anywhere, at one rate. */
export interface RatedSource {
  readonly channels: number
  /** Samples that it has at that rate. */
  readonly frames: number
  /** Samples `from` to `from + count`, all within the sound. */
  read(from: number, count: number): Promise<Planar>
}

/** Zero crossings that the resampler looks ahead and back, with some to spare. */
const reach = 72

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/**
 * A sound as a recording of `rate` Hz that is read anywhere: the same numbers as if all of it had been resampled, whatever part is read. Where the rate is the
 * sound's own, its samples as they are.
 */
export function ratedSource(reader: AudioReader, rate: number): RatedSource {
  const { sampleRate, channels, frames } = reader.info
  const plain = async (from: number, count: number): Promise<Planar> => {
    await reader.seek(from)
    return (await reader.read(count)) ?? emptyOf(channels, 0)
  }
  if (rate === sampleRate) return { channels, frames, read: plain }

  const divisor = gcd(sampleRate, rate)
  const [up, down] = [rate / divisor, sampleRate / divisor]
  const margin = Math.ceil(reach / Math.min(1, rate / sampleRate)) + 2
  const total = Math.round((frames * rate) / sampleRate)
  return {
    channels,
    frames: total,
    async read(from, count) {
      // The resampler is started where one of its samples falls on one of the sound's, far enough before the first that is wanted.
      const period = Math.max(0, Math.floor(((from * sampleRate) / rate - margin) / down))
      const [first, skipped] = [period * down, period * up]
      const last = Math.min(frames, Math.ceil(((from + count) * sampleRate) / rate) + margin)
      const block = await plain(first, last - first)
      return block.map((x) => {
        const converter = resampler(sampleRate, rate)
        const out = new Float32Array(count)
        const start = from - skipped
        const body = converter.push(x)
        out.set(body.subarray(start, start + count))
        const missing = Math.max(0, body.length - start)
        // Only at the sound's own end does what follows count as silence.
        if (missing < count)
          out.set(
            converter
              .flush()
              .subarray(Math.max(0, start - body.length))
              .subarray(0, count - missing),
            missing,
          )
        return out
      })
    },
  }
}

export const emptyOf = (channels: number, frames: number): Planar =>
  Array.from({ length: channels }, () => new Float32Array(frames))
