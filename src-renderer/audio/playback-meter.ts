import { loudnessMeter, truePeakMeter } from '@contract'

/** What a meter shows: per channel the peak and the root mean square of the last piece (dB below full scale), loudness in LUFS, and the true peak; −∞ for silence. */
export interface Levels {
  peaks: number[]
  rms: number[]
  momentary: number
  shortTerm: number
  integrated: number
  /** Highest true peak so far, in dBTP. */
  truePeak: number
}

/** Decibels by which a shown peak falls from piece to piece: 20 dB in 1.7 s, as peak programme meters do (IEC 60268-10). */
const fallPerSecond = 11.8
const decibels = (value: number) => 20 * Math.log10(value)

/** A meter of playback at `sampleRate` Hz. */
export function playbackMeter(sampleRate: number, channels: number) {
  const loudness = loudnessMeter(sampleRate, channels)
  const truePeak = truePeakMeter(channels)
  let shown: number[] = Array.from({ length: channels }, () => -Infinity)
  return {
    /** Takes samples, one array per channel, times `gain`. */
    push(block: readonly Float32Array[], gain = 1): Levels {
      const scaled = gain === 1 ? block : block.map((samples) => samples.map((value) => value * gain))
      loudness.push(scaled)
      truePeak.push(scaled)
      const length = scaled[0]?.length ?? 0
      const fall = (fallPerSecond * length) / sampleRate
      const measured = scaled.map((samples) => {
        let peak = 0
        let sum = 0
        for (const value of samples) {
          peak = Math.max(peak, Math.abs(value))
          sum += value * value
        }
        return { peak: decibels(peak), rms: 10 * Math.log10(sum / Math.max(1, length)) }
      })
      shown = measured.map(({ peak }, c) => Math.max(peak, shown[c]! - fall))
      return {
        peaks: shown,
        rms: measured.map(({ rms }) => rms),
        momentary: loudness.momentary(),
        shortTerm: loudness.shortTerm(),
        integrated: loudness.finish(),
        truePeak: decibels(truePeak.peak()),
      }
    },
  }
}
