import { joinSignals, stftAnalyzer, stftSynthesizer, type Spectrum } from '../../dsp'

/** Subtracts a vocoder's own hum from samples that arrive in pieces; the output is as long as the input. */
export interface Denoiser {
  /** Takes the next samples, returns those that are final by now: all but the last fft / 2 to fft / 2 + hop. */
  push(x: Float32Array): Float32Array
  /** Ends the signal and returns the rest. */
  flush(): Float32Array
}

export interface DenoiserOptions {
  /** Magnitudes of the hum, [fft / 2 + 1]: what `biasSpectrum` returns. */
  bias: Float32Array
  /** How much of it to take away; 0 leaves the samples as they are. */
  strength: number
  fft?: number
  hop?: number
}

/** Samples that are transformed at a time, so that memory does not grow with the length. */
const block = 1 << 16

/**
 * Opens WaveGlow's denoiser: each frame's magnitude is lowered by strength · bias, to 0 at least, its phase is kept (`denoiser.py` of the public
 * implementation). Throws RangeError when `bias` has another number of bins or `strength` is negative.
 */
export function openDenoiser({ bias, strength, fft = 1024, hop = 256 }: DenoiserOptions): Denoiser {
  if (!(strength >= 0)) throw new RangeError(`The strength of a denoiser must be 0 or more, got ${strength}`)
  if (bias.length !== fft / 2 + 1)
    throw new RangeError(`A ${fft}-point denoiser needs ${fft / 2 + 1} magnitudes, got ${bias.length}`)
  if (strength === 0) return { push: (x) => x.slice(), flush: () => new Float32Array(0) }

  const analyzer = stftAnalyzer({ size: fft, hop })
  const synthesizer = stftSynthesizer({ size: fft, hop })
  let taken = 0
  const subtract = (spectrum: Spectrum): Spectrum => {
    const { re, im, frames, bins } = spectrum
    for (let t = 0, i = 0; t < frames; t++)
      for (let k = 0; k < bins; k++, i++) {
        const magnitude = Math.sqrt(re[i]! * re[i]! + im[i]! * im[i]!)
        const gain = magnitude > 0 ? Math.max(0, 1 - (strength * bias[k]!) / magnitude) : 0
        re[i] = re[i]! * gain
        im[i] = im[i]! * gain
      }
    return spectrum
  }
  const push = (x: Float32Array) => {
    taken += x.length
    return synthesizer.push(subtract(analyzer.push(x)))
  }
  return {
    push(x) {
      if (x.length <= block) return push(x)
      const parts: Float32Array[] = []
      for (let at = 0; at < x.length; at += block) parts.push(push(x.subarray(at, at + block)))
      return joinSignals(parts)
    },
    flush() {
      const last = synthesizer.push(subtract(analyzer.flush()))
      return joinSignals([last, synthesizer.flush(taken)])
    },
  }
}

/**
 * The magnitudes of the first frame of `x`, [fft / 2 + 1]: with `x` synthesised from an all-zero mel at σ = 0, the hum that a WaveGlow adds to everything.
 * Throws RangeError for an empty signal.
 */
export function biasSpectrum(
  x: Float32Array,
  { fft = 1024, hop = 256 }: { fft?: number; hop?: number } = {},
): Float32Array {
  if (x.length === 0) throw new RangeError('The bias spectrum of an empty signal was asked for')
  const analyzer = stftAnalyzer({ size: fft, hop })
  const early = analyzer.push(x.subarray(0, fft))
  const { re, im, bins } = early.frames > 0 ? early : analyzer.flush()
  return Float32Array.from({ length: bins }, (_, k) => Math.sqrt(re[k]! * re[k]! + im[k]! * im[k]!))
}
