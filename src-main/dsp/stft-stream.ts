import { realFft } from './fft'
import { hann, type Spectrum } from './spectrum'

/** Analysis of a signal that arrives in pieces; all frames together equal `stft().analyze` of the whole. */
export interface StftAnalyzer {
  /** size / 2 + 1. */
  readonly bins: number
  push(x: Float32Array): Spectrum
  /** Ends the signal and returns its last frames. */
  flush(): Spectrum
}

/** Synthesis of frames that arrive in pieces; all samples together equal `stft().synthesize` of the whole. */
export interface StftSynthesizer {
  push(s: Spectrum): Float32Array
  /** Ends the signal at `length` samples in all and returns the rest. */
  flush(length: number): Float32Array
}

/**
 * A streaming Hann analysis, `size` points every `hop` samples, frames centred, the signal mirrored at both ends.
 * Throws RangeError unless `size` is a power of two and 1 ≤ hop ≤ size / 2.
 */
export function stftAnalyzer({ size, hop }: { size: number; hop: number }): StftAnalyzer {
  const { fft, bins, pad, window, frame } = plan(size, hop)
  let kept = new Float32Array(0)
  let base = 0
  let next = 0

  const analyze = (last: number, total: number): Spectrum => {
    const frames = Math.max(0, last - next)
    const re = new Float32Array(frames * bins)
    const im = new Float32Array(frames * bins)
    for (let t = 0; t < frames; t++) {
      const start = (next + t) * hop - pad
      const inside = start >= 0 && start + size <= total
      for (let n = 0; n < size; n++) {
        const i = inside ? start + n : mirrored(start + n, total)
        frame[n] = kept[i - base]! * window[n]!
      }
      fft.forward(frame, 0, re, im, t * bins)
    }
    next += frames
    return { re, im, frames, bins }
  }

  return {
    bins,
    push(x) {
      const joined = new Float32Array(kept.length + x.length)
      joined.set(kept)
      joined.set(x, kept.length)
      kept = joined
      const total = base + kept.length
      const spectrum = analyze(Math.ceil((total - pad) / hop), total)
      // Mirroring at the end looks back over half a window from the last frame's centre.
      const from = Math.max(base, Math.min(next * hop - pad, total - size) - hop)
      kept = kept.slice(from - base)
      base = from
      return spectrum
    },
    flush() {
      const total = base + kept.length
      return analyze(total === 0 ? 0 : 1 + Math.floor(total / hop), total)
    },
  }
}

/** The streaming least-squares inverse of `stftAnalyzer` (Griffin & Lim 1984, eq. 6). */
export function stftSynthesizer({ size, hop }: { size: number; hop: number }): StftSynthesizer {
  const { fft, bins, pad, window, frame } = plan(size, hop)
  let total = new Float64Array(0)
  let weight = new Float64Array(0)
  /** Sample that `total[0]` stands for, and the next frame. */
  let base = 0
  let next = 0

  const emit = (end: number): Float32Array => {
    const count = Math.max(0, end - base)
    const out = new Float32Array(count)
    const covered = Math.min(count, total.length)
    for (let i = 0; i < covered; i++) if (weight[i]! > 1e-10) out[i] = total[i]! / weight[i]!
    total = total.slice(covered)
    weight = weight.slice(covered)
    base += count
    return out
  }

  return {
    push(s) {
      if (s.bins !== bins) throw new RangeError(`A ${size}-point STFT has ${bins} bins, the spectrum has ${s.bins}`)
      const length = Math.max(total.length, (next + s.frames - 1) * hop + pad - base)
      const grown = [new Float64Array(length), new Float64Array(length)] as const
      grown[0].set(total)
      grown[1].set(weight)
      ;[total, weight] = grown
      for (let t = 0; t < s.frames; t++, next++) {
        fft.inverse(s.re, s.im, t * bins, frame)
        const start = next * hop - pad
        for (let n = Math.max(0, base - start); n < size; n++) {
          const w = window[n]!
          const i = start + n - base
          total[i] = total[i]! + frame[n]! * w
          weight[i] = weight[i]! + w * w
        }
      }
      return emit(next * hop - pad)
    },
    flush: (length) => emit(length),
  }
}

function plan(size: number, hop: number) {
  const fft = realFft(size)
  if (!Number.isInteger(hop) || hop < 1 || hop > size / 2)
    throw new RangeError(`The hop of a ${size}-point STFT must be 1 to ${size / 2} samples, got ${hop}`)
  return { fft, bins: fft.bins, pad: size / 2, window: hann(size), frame: new Float64Array(size) }
}

/** Index of sample `i` in a signal of `length` mirrored about its first and last samples, as often as it takes. */
function mirrored(i: number, length: number): number {
  if (length === 1) return 0
  const period = 2 * (length - 1)
  const folded = ((i % period) + period) % period
  return folded < length ? folded : period - folded
}
