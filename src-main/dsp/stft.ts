import { realFft } from './fft'

/** A complex spectrogram; `re` and `im` are [frames, bins], row-major. */
export interface Spectrum {
  re: Float32Array
  im: Float32Array
  frames: number
  bins: number
}

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

/** Periodic Hann window of `size` points, 0.5 − 0.5 cos(2πn/size). */
export function hann(size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size))
}

/** Index of sample `i` in a signal of `length` mirrored about its first and last samples, as often as it takes. */
function reflect(i: number, length: number): number {
  if (length === 1) return 0
  const period = 2 * (length - 1)
  const folded = ((i % period) + period) % period
  return folded < length ? folded : period - folded
}

/** `|X|²` of every bin, [frames, bins]. */
export function power(spectrum: Spectrum): Float32Array {
  const { re, im } = spectrum
  const out = new Float32Array(re.length)
  for (let i = 0; i < out.length; i++) out[i] = re[i]! * re[i]! + im[i]! * im[i]!
  return out
}

/**
 * Plans a Hann-windowed STFT of `size` points every `hop` samples, frames centred and the signal padded by reflection.
 * The inverse is the least-squares one (Griffin & Lim 1984, eq. 6): overlap-add divided by the summed squared windows,
 * so that `synthesize(analyze(x), x.length)` gives `x` back.
 * Throws RangeError unless `size` is a power of two and 1 ≤ hop ≤ size / 2.
 */
export function stft({ size, hop }: { size: number; hop: number }): Stft {
  const fft = realFft(size)
  if (!Number.isInteger(hop) || hop < 1 || hop > size / 2)
    throw new RangeError(`The hop of a ${size}-point STFT must be 1 to ${size / 2} samples, got ${hop}`)
  const bins = fft.bins
  const pad = size / 2
  const window = Float64Array.from({ length: size }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size))
  const frame = new Float64Array(size)
  const frameCount = (samples: number) => (samples === 0 ? 0 : 1 + Math.floor(samples / hop))

  return {
    size,
    hop,
    bins,
    frames: frameCount,
    analyze(x) {
      const frames = frameCount(x.length)
      const re = new Float32Array(frames * bins)
      const im = new Float32Array(frames * bins)
      for (let t = 0; t < frames; t++) {
        const start = t * hop - pad
        if (start >= 0 && start + size <= x.length) for (let n = 0; n < size; n++) frame[n] = x[start + n]! * window[n]!
        else for (let n = 0; n < size; n++) frame[n] = x[reflect(start + n, x.length)]! * window[n]!
        fft.forward(frame, 0, re, im, t * bins)
      }
      return { re, im, frames, bins }
    },
    synthesize(s, length = Math.max(0, s.frames - 1) * hop) {
      if (s.bins !== bins) throw new RangeError(`A ${size}-point STFT has ${bins} bins, the spectrum has ${s.bins}`)
      const out = new Float32Array(length)
      const total = new Float64Array(length)
      const weight = new Float64Array(length)
      for (let t = 0; t < s.frames; t++) {
        const start = t * hop - pad
        if (start >= length) break
        fft.inverse(s.re, s.im, t * bins, frame)
        const first = Math.max(0, -start)
        const last = Math.min(size, length - start)
        for (let n = first; n < last; n++) {
          const w = window[n]!
          const i = start + n
          total[i] = total[i]! + frame[n]! * w
          weight[i] = weight[i]! + w * w
        }
      }
      for (let i = 0; i < length; i++) if (weight[i]! > 1e-10) out[i] = total[i]! / weight[i]!
      return out
    },
  }
}
