import { joinSignals } from './join'
import type { Spectrum } from './spectrum'
import { stftAnalyzer } from './stft-stream'

/** How a recording becomes a log-mel spectrogram. */
export interface MelOptions {
  /** Hz. */
  sampleRate: number
  /** Points of the Fourier transform and of its Hann window. */
  fft: number
  /** Samples from frame to frame. */
  hop: number
  /** Number of filters. */
  mels: number
  /** Lower edge of the first filter and upper edge of the last, Hz. */
  fmin: number
  fmax: number
  /** Smallest mel magnitude; smaller ones are raised to it before the logarithm. */
  floor: number
}

/** Log-mel frames of a signal that arrives in pieces; all frames together equal `melSpectrogram` of the whole. */
export interface MelAnalyzer {
  readonly mels: number
  /** Takes the next samples, ±1 full scale, returns the frames that are final by now, [frames, mels]. */
  push(x: Float32Array): Float32Array
  /** Ends the signal and returns its last frames, [frames, mels]. */
  flush(): Float32Array
}

/** A mel filterbank by its nonzero weights. */
export interface MelFilters {
  readonly mels: number
  readonly bins: number
  /** First bin of every filter. */
  readonly first: Int32Array
  /** Filter m has the weights from `start[m]` up to `start[m + 1]`. */
  readonly start: Int32Array
  readonly weights: Float32Array
}

/** Samples that are transformed at a time, so that memory does not grow with the length. */
const block = 1 << 16

/** Slaney's mel scale: linear up to 1 kHz (15 mel), logarithmic above, 27 mel to a factor of 6.4 (Slaney, Auditory Toolbox, 1998). */
const logStep = Math.log(6.4) / 27

function hzToMel(hz: number): number {
  return hz < 1000 ? (3 * hz) / 200 : 15 + Math.log(hz / 1000) / logStep
}

function melToHz(mel: number): number {
  return mel < 15 ? (200 * mel) / 3 : 1000 * Math.exp(logStep * (mel - 15))
}

/**
 * Triangular filters, equally spaced on Slaney's mel scale, each of area 1 over frequency in Hz ("Slaney" norm); a filter narrower than a bin may be empty.
 * Throws RangeError for a band that is empty or passes half the sample rate.
 */
export function melFilters({ sampleRate, fft, mels, fmin, fmax }: MelOptions): MelFilters {
  if (!Number.isInteger(mels) || mels < 1) throw new RangeError(`Expected a whole number of mel filters, got ${mels}`)
  if (!(fmin >= 0 && fmin < fmax && fmax <= sampleRate / 2))
    throw new RangeError(
      `Mel filters at ${sampleRate} Hz lie between 0 and ${sampleRate / 2} Hz, got ${fmin} to ${fmax} Hz`,
    )
  const bins = fft / 2 + 1
  const low = hzToMel(fmin)
  const spacing = (hzToMel(fmax) - low) / (mels + 1)
  const edges = Array.from({ length: mels + 2 }, (_, i) => melToHz(low + i * spacing))
  const first = new Int32Array(mels)
  const start = new Int32Array(mels + 1)
  const weights: number[] = []
  for (let m = 0; m < mels; m++) {
    const [left, centre, right] = [edges[m]!, edges[m + 1]!, edges[m + 2]!]
    const from = Math.floor((left * fft) / sampleRate) + 1
    first[m] = from
    for (let k = from; k < bins; k++) {
      const hz = (k * sampleRate) / fft
      if (hz >= right) break
      const height = Math.min((hz - left) / (centre - left), (right - hz) / (right - centre))
      weights.push((height * 2) / (right - left))
    }
    start[m + 1] = weights.length
  }
  return { mels, bins, first, start, weights: Float32Array.from(weights) }
}

/** The filters of `melFilters` as a matrix, [mels, fft / 2 + 1]. */
export function melFilterbank(options: MelOptions): Float32Array {
  const { mels, bins, first, start, weights } = melFilters(options)
  const matrix = new Float32Array(mels * bins)
  for (let m = 0; m < mels; m++)
    matrix.set(weights.subarray(start[m]!, start[m + 1]!), m * bins + Math.min(first[m]!, bins - 1))
  return matrix
}

/** Natural logarithm of the filtered magnitudes (not powers) of `spectrum`, floored, [frames, mels]. */
function logMel({ re, im, frames, bins }: Spectrum, filters: MelFilters, floor: number): Float32Array {
  const { mels, first, start, weights } = filters
  const magnitude = new Float64Array(bins)
  const out = new Float32Array(frames * mels)
  for (let t = 0; t < frames; t++) {
    for (let k = 0, i = t * bins; k < bins; k++, i++) magnitude[k] = Math.sqrt(re[i]! * re[i]! + im[i]! * im[i]!)
    for (let m = 0; m < mels; m++) {
      let sum = 0
      for (let i = start[m]!, k = first[m]!; i < start[m + 1]!; i++, k++) sum += weights[i]! * magnitude[k]!
      out[t * mels + m] = Math.log(Math.max(sum, floor))
    }
  }
  return out
}

/**
 * A streaming log-mel analysis: centred frames of a periodic Hann window, the signal mirrored at both ends, magnitude, Slaney filters,
 * natural logarithm of what exceeds `floor`; n samples give 1 + ⌊n / hop⌋ frames. The front end of Tacotron 2 (Shen et al. 2018) as its public
 * implementations and WaveGlow's have it. Throws RangeError for options that no transform or filterbank can have.
 */
export function melAnalyzer(options: MelOptions): MelAnalyzer {
  const { fft, hop, mels, floor } = options
  const analyzer = stftAnalyzer({ size: fft, hop })
  const filters = melFilters(options)
  if (!(floor > 0)) throw new RangeError(`The floor of a log-mel must be above 0, got ${floor}`)
  return {
    mels,
    push(x) {
      if (x.length <= block) return logMel(analyzer.push(x), filters, floor)
      const parts: Float32Array[] = []
      for (let at = 0; at < x.length; at += block)
        parts.push(logMel(analyzer.push(x.subarray(at, at + block)), filters, floor))
      return joinSignals(parts)
    },
    flush: () => logMel(analyzer.flush(), filters, floor),
  }
}

/** The log-mel spectrogram of a whole signal, [frames, mels]; see `melAnalyzer`. */
export function melSpectrogram(x: Float32Array, options: MelOptions): Float32Array {
  const analyzer = melAnalyzer(options)
  return joinSignals([analyzer.push(x), analyzer.flush()])
}
