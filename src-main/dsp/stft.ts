import { joinSpectra, type Spectrum } from './spectrum'
import { stftAnalyzer, stftSynthesizer } from './stft-stream'

/** The short-time Fourier transform and its inverse for one window size and hop. */
export interface Stft {
  readonly size: number
  readonly hop: number
  readonly bins: number
  /** Number of frames for a signal of `samples`: 1 + ⌊samples / hop⌋, 0 for an empty one. */
  frames(samples: number): number
  /** Spectrum of `x`: frame t is centred on sample t · hop, the signal reflected at both ends. */
  analyze(x: Float32Array): Spectrum
  /** The signal of `length` samples (hop · (frames − 1) if left out) whose windowed frames come closest to `s`. */
  synthesize(s: Spectrum, length?: number): Float32Array
}

/**
 * Plans a Hann-windowed STFT of whole signals, `size` points every `hop` samples; `synthesize(analyze(x), x.length)` gives `x` back.
 * Throws RangeError unless `size` is a power of two and 1 ≤ hop ≤ size / 2.
 */
export function stft({ size, hop }: { size: number; hop: number }): Stft {
  const { bins } = stftAnalyzer({ size, hop })
  return {
    size,
    hop,
    bins,
    frames: (samples) => (samples === 0 ? 0 : 1 + Math.floor(samples / hop)),
    analyze(x) {
      const analyzer = stftAnalyzer({ size, hop })
      return joinSpectra(analyzer.push(x), analyzer.flush())
    },
    synthesize(s, length = Math.max(0, s.frames - 1) * hop) {
      const synthesizer = stftSynthesizer({ size, hop })
      const first = synthesizer.push(s)
      if (first.length >= length) return first.slice(0, length)
      const out = new Float32Array(length)
      out.set(first)
      out.set(synthesizer.flush(length), first.length)
      return out
    },
  }
}
