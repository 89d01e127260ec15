import { random } from '../lib/random'
import { melFilters, type MelOptions } from './mel'
import { stft } from './stft'

export interface GriffinLimOptions {
  /** Points of the transform and samples from frame to frame that the magnitudes were taken with. */
  size: number
  hop: number
  /** Samples of the result; hop · (frames − 1) if left out. */
  length?: number
  /** 60 if left out. */
  iterations?: number
  /** 0, the classic algorithm, if left out; 0.99 is the fast one's (Perraudin, Balazs & Søndergaard 2013). */
  momentum?: number
  /** Draws the first phases, uniform over the circle. */
  seed: number
  /** Called after every iteration; may throw to stop. */
  step?: (done: number) => void
}

/**
 * A signal whose STFT magnitudes come close to `magnitude`, [frames, size / 2 + 1], by alternating projections: to the magnitudes, then to the
 * spectra that a signal can have (Griffin & Lim 1984, LSEE-MSTFTM). Equal seeds give equal signals. Throws RangeError when `magnitude` is no whole number of frames.
 */
export function griffinLim(magnitude: Float32Array, options: GriffinLimOptions): Float32Array {
  const { size, hop, iterations = 60, momentum = 0, seed, step } = options
  const transform = stft({ size, hop })
  const { bins } = transform
  const frames = magnitude.length / bins
  if (!Number.isInteger(frames))
    throw new RangeError(`Expected frames of ${bins} magnitudes, got ${magnitude.length} numbers`)
  const length = options.length ?? Math.max(0, frames - 1) * hop
  if (frames !== transform.frames(length))
    throw new RangeError(`${length} samples have ${transform.frames(length)} frames, got ${frames}`)

  const re = new Float32Array(magnitude.length)
  const im = new Float32Array(magnitude.length)
  const draw = random(seed)
  for (let i = 0; i < magnitude.length; i++) {
    const phase = 2 * Math.PI * draw.uniform()
    re[i] = magnitude[i]! * Math.cos(phase)
    im[i] = magnitude[i]! * Math.sin(phase)
  }
  let last: { re: Float32Array; im: Float32Array } | undefined
  for (let n = 0; n < iterations; n++) {
    const next = transform.analyze(transform.synthesize({ re, im, frames, bins }, length))
    for (let i = 0; i < magnitude.length; i++) {
      let a = next.re[i]!
      let b = next.im[i]!
      if (last && momentum !== 0) {
        a += momentum * (a - last.re[i]!)
        b += momentum * (b - last.im[i]!)
      }
      const found = Math.sqrt(a * a + b * b)
      // A bin without a phase keeps a real one.
      re[i] = found > 0 ? (magnitude[i]! * a) / found : magnitude[i]!
      im[i] = found > 0 ? (magnitude[i]! * b) / found : 0
    }
    last = next
    step?.(n + 1)
  }
  return transform.synthesize({ re, im, frames, bins }, length)
}

/**
 * Non-negative STFT magnitudes, [frames, fft / 2 + 1], whose log-mel is `mel`, [frames, mels]: multiplicative updates for the generalised
 * Kullback–Leibler divergence (Richardson 1972, Lucy 1974; Lee & Seung 2001, theorem 2) from a smooth start, so that what a filter holds is spread
 * evenly over its bins. Bins that no filter sees are 0. Throws RangeError when `mel` is no whole number of frames.
 */
export function melMagnitude(mel: Float32Array, options: MelOptions, { iterations = 30 } = {}): Float32Array {
  const { mels, bins, first, start, weights } = melFilters(options)
  const frames = mel.length / mels
  if (!Number.isInteger(frames)) throw new RangeError(`Expected frames of ${mels} mels, got ${mel.length} numbers`)
  const coverage = new Float64Array(bins)
  const area = new Float64Array(mels)
  for (let m = 0; m < mels; m++)
    for (let i = start[m]!, k = first[m]!; i < start[m + 1]!; i++, k++) {
      coverage[k] = coverage[k]! + weights[i]!
      area[m] = area[m]! + weights[i]!
    }

  const out = new Float32Array(frames * bins)
  const magnitude = new Float64Array(bins)
  const factor = new Float64Array(bins)
  const spread = (m: number, value: number) => {
    for (let i = start[m]!, k = first[m]!; i < start[m + 1]!; i++, k++) factor[k] = factor[k]! + weights[i]! * value
  }
  const scale = () => {
    for (let k = 0; k < bins; k++) if (coverage[k]! > 0) magnitude[k] = (magnitude[k]! * factor[k]!) / coverage[k]!
  }
  for (let t = 0; t < frames; t++) {
    const wanted = Float64Array.from(mel.subarray(t * mels, (t + 1) * mels), Math.exp)
    for (let k = 0; k < bins; k++) magnitude[k] = coverage[k]! > 0 ? 1 : 0
    factor.fill(0)
    for (let m = 0; m < mels; m++) if (area[m]! > 0) spread(m, wanted[m]! / area[m]!)
    scale()
    for (let n = 0; n < iterations; n++) {
      factor.fill(0)
      for (let m = 0; m < mels; m++) {
        let sum = 0
        for (let i = start[m]!, k = first[m]!; i < start[m + 1]!; i++, k++) sum += weights[i]! * magnitude[k]!
        if (sum > 0) spread(m, wanted[m]! / sum)
      }
      scale()
    }
    out.set(magnitude, t * bins)
  }
  return out
}
