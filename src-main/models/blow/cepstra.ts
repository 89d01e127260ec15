import { melSpectrogram } from '../../dsp'

/** Mel filters, and cepstra kept of them, the mean level included. */
const mels = 40
export const cepstraKept = 20
/** Seconds of the analysis window, at least, and from frame to frame. */
const windowSeconds = 0.025
const hopSeconds = 0.01
/** Highest frequency that is looked at, Hz. */
const top = 8000
/** Frames and filters further below the loudest are taken as this far below it, nats of magnitude: 50 dB. */
const depth = (50 / 20) * Math.LN10
/** Frames to either side that a slope is taken over. */
const reach = 2

/** Mel cepstra of a sound and their slopes in time. */
export interface Cepstra {
  frames: number
  /** [frames, cepstraKept]: the DCT-II, orthonormal, of each frame's log-mel spectrum relative to the loudest. */
  values: Float32Array
  /** [frames, cepstraKept], per frame. */
  slopes: Float32Array
  /** Level of each frame below that of the loudest, nats. */
  levels: Float32Array
}

/**
 * Mel cepstra every 10 ms (Davis & Mermelstein, 1980) of a sound at `sampleRate` Hz. How loud the sound is as a whole does not matter; spectra are
 * bounded 50 dB below the loudest. Slopes are regressions over five frames.
 */
export function melCepstra(x: Float32Array, sampleRate: number): Cepstra {
  const fft = 2 ** Math.ceil(Math.log2(windowSeconds * sampleRate))
  const padded = x.length >= fft ? x : Float32Array.from({ length: fft }, (_, i) => x[i] ?? 0)
  const fmax = Math.min(top, sampleRate / 2)
  const hop = Math.round(hopSeconds * sampleRate)
  const spectrum = melSpectrogram(padded, { sampleRate, fft, hop, mels, fmin: 0, fmax, floor: 1e-12 })
  const frames = spectrum.length / mels
  let loudest = -Infinity
  for (const value of spectrum) loudest = Math.max(loudest, value)
  const bounded = spectrum.map((value) => Math.max(value - loudest, -depth))
  const values = new Float32Array(frames * cepstraKept)
  const levels = new Float32Array(frames)
  for (let t = 0; t < frames; t++) {
    let sum = 0
    for (let m = 0; m < mels; m++) sum += bounded[t * mels + m]!
    levels[t] = sum / mels
    for (let q = 0; q < cepstraKept; q++) {
      let value = 0
      for (let m = 0; m < mels; m++) value += bounded[t * mels + m]! * cosines[q * mels + m]!
      values[t * cepstraKept + q] = value
    }
  }
  const highest = levels.reduce((most, level) => Math.max(most, level), -Infinity)
  return { frames, values, slopes: slopesOf(values, frames), levels: levels.map((level) => highest - level) }
}

/** The orthonormal DCT-II, [cepstraKept, mels]. */
const cosines = Float64Array.from({ length: cepstraKept * mels }, (_, i) => {
  const [q, m] = [Math.floor(i / mels), i % mels]
  return Math.sqrt((q === 0 ? 1 : 2) / mels) * Math.cos((Math.PI * q * (m + 0.5)) / mels)
})

/** Slope of the regression line through each value and its neighbours; the ends are held. */
function slopesOf(values: Float32Array, frames: number): Float32Array {
  const at = (t: number, q: number) => values[Math.max(0, Math.min(frames - 1, t)) * cepstraKept + q]!
  const norm = 2 * sumOfSquares(reach)
  return values.map((_, i) => {
    const [t, q] = [Math.floor(i / cepstraKept), i % cepstraKept]
    let sum = 0
    for (let d = 1; d <= reach; d++) sum += d * (at(t + d, q) - at(t - d, q))
    return sum / norm
  })
}

const sumOfSquares = (n: number) => (n * (n + 1) * (2 * n + 1)) / 6
