export interface PitchOptions {
  /** Lowest and highest fundamental frequency looked for, Hz; 60 and 600 if left out. */
  low?: number
  high?: number
  /** Samples from frame to frame; 10 ms if left out. */
  hop?: number
}

/** The course of a fundamental frequency; frame t stands for sample t · hop. */
export interface PitchTrack {
  /** Hz, 0 where the frame is unvoiced. */
  f0: Float32Array
  /** What is left of the signal, relative to its mean, when it is subtracted from itself one period later: 0 for a periodic one, about 1 for noise. */
  aperiodicity: Float32Array
  hop: number
}

/** Seconds over which two stretches of signal are compared, and the dip that is deep enough to end the search (table 1 and step 4 of the paper). */
const windowSeconds = 0.025
const threshold = 0.1
/** Frames less periodic than this, or 50 dB below the loudest, are unvoiced. */
const voicedBelow = 0.2
const quiet = 1e-5

/**
 * Fundamental frequency by YIN (de Cheveigné & Kawahara, JASA 111(4), 2002), steps 1 to 5: the squared difference of the signal and itself τ later, the two
 * stretches placed evenly about the frame's centre; its cumulative mean normalisation; the first dip below 0.1, the deepest if there is none; a parabola through the
 * raw difference. 1 + ⌊n / hop⌋ frames; the signal is 0 outside. Throws RangeError for a range of frequencies that cannot be searched.
 */
export function pitch(x: Float32Array, sampleRate: number, options: PitchOptions = {}): PitchTrack {
  const { low = 60, high = 600, hop = Math.round(sampleRate / 100) } = options
  if (!(low > 0 && low < high && high <= sampleRate / 4))
    throw new RangeError(
      `Pitch at ${sampleRate} Hz is looked for between 0 and ${sampleRate / 4} Hz, got ${low} to ${high} Hz`,
    )
  if (!Number.isInteger(hop) || hop < 1) throw new RangeError(`The hop must be a whole number of samples, got ${hop}`)
  const width = Math.round(sampleRate * windowSeconds)
  const shortest = Math.max(2, Math.floor(sampleRate / high))
  const longest = Math.ceil(sampleRate / low)
  const reach = width + longest + 1
  const padded = new Float64Array(x.length + 2 * reach)
  padded.set(x, reach)

  const frames = x.length === 0 ? 0 : 1 + Math.floor(x.length / hop)
  const f0 = new Float32Array(frames)
  const aperiodicity = new Float32Array(frames).fill(1)
  const energies = frameEnergies(padded, { frames, hop, reach, width })
  const audible = quiet * energies.reduce((most, value) => Math.max(most, value), 0)
  const difference = new Float64Array(longest + 2)
  const normalised = new Float64Array(longest + 2)
  for (let t = 0; t < frames; t++) {
    if (!(energies[t]! > audible)) continue
    let sum = 0
    for (let lag = 1; lag < difference.length; lag++) {
      difference[lag] = squaredDifference(padded, t * hop + reach - ((width + lag) >> 1), lag, width)
      sum += difference[lag]!
      normalised[lag] = sum > 0 ? (difference[lag]! * lag) / sum : 1
    }
    const lag = chooseLag(normalised, shortest, longest)
    aperiodicity[t] = normalised[lag]!
    if (normalised[lag]! < voicedBelow) f0[t] = sampleRate / (lag + vertex(difference, lag))
  }
  return { f0, aperiodicity, hop }
}

function frameEnergies(
  padded: Float64Array,
  { frames, hop, reach, width }: { frames: number; hop: number; reach: number; width: number },
): Float64Array {
  return Float64Array.from({ length: frames }, (_, t) => {
    let sum = 0
    const from = t * hop + reach - (width >> 1)
    for (let i = from; i < from + width; i++) sum += padded[i]! * padded[i]!
    return sum
  })
}

/** Σ (x[i] − x[i + lag])² of `width` samples from `from` (eq. 6). */
function squaredDifference(x: Float64Array, from: number, lag: number, width: number): number {
  let sum = 0
  for (let i = from, j = from + lag; i < from + width; i++, j++) {
    const d = x[i]! - x[j]!
    sum += d * d
  }
  return sum
}

/** The bottom of the first dip below the threshold, or else the deepest lag. */
function chooseLag(normalised: Float64Array, shortest: number, longest: number): number {
  let deepest = shortest
  for (let lag = shortest; lag <= longest; lag++) {
    if (normalised[lag]! < threshold) {
      while (lag < longest && normalised[lag + 1]! < normalised[lag]!) lag++
      return lag
    }
    if (normalised[lag]! < normalised[deepest]!) deepest = lag
  }
  return deepest
}

/** Where a parabola through the values at and beside `at` has its minimum, −0.5 to 0.5; 0 at the bottom of no dip. */
function vertex(values: Float64Array, at: number): number {
  const [before, here, after] = [values[at - 1]!, values[at]!, values[at + 1]!]
  const curvature = before - 2 * here + after
  return curvature > 0 ? Math.max(-0.5, Math.min(0.5, (before - after) / (2 * curvature))) : 0
}

export interface F0Error {
  /** Root mean square of the difference over frames voiced in both, cents (1200 to the octave); NaN where there are none. */
  cents: number
  /** The same over those of them that are off by no more than 20 %. */
  fineCents: number
  /** Share of the frames voiced in both that are off by more: octave slips, mostly. */
  gross: number
  /** Share of all frames that are voiced in one signal only. */
  voicing: number
}

/**
 * How far the fundamental frequency of `x` is from that of `reference`: RMSE in cents, gross pitch error and voicing decision error (as Chu & Alwan 2009 name them).
 * Throws RangeError where the lengths differ.
 */
export function f0Error(
  reference: Float32Array,
  x: Float32Array,
  sampleRate: number,
  options: PitchOptions = {},
): F0Error {
  if (reference.length !== x.length)
    throw new RangeError(`Expected two signals of one length, got ${reference.length} and ${x.length} samples`)
  const wanted = pitch(reference, sampleRate, options).f0
  const found = pitch(x, sampleRate, options).f0
  let squares = 0
  let fine = 0
  let both = 0
  let gross = 0
  let onlyOne = 0
  for (let t = 0; t < wanted.length; t++) {
    const [a, b] = [wanted[t]!, found[t]!]
    if (a > 0 !== b > 0) onlyOne++
    if (!(a > 0 && b > 0)) continue
    both++
    const squared = (1200 * Math.log2(b / a)) ** 2
    squares += squared
    if (Math.abs(b / a - 1) > 0.2) gross++
    else fine += squared
  }
  return {
    cents: Math.sqrt(squares / both),
    fineCents: Math.sqrt(fine / (both - gross)),
    gross: gross / both,
    voicing: onlyOne / wanted.length,
  }
}
