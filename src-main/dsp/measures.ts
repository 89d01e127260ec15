/** Root mean square. */
export function rms(x: Float32Array): number {
  let sum = 0
  for (const value of x) sum += value * value
  return x.length === 0 ? 0 : Math.sqrt(sum / x.length)
}

/** Largest absolute value. */
export function peak(x: Float32Array): number {
  let most = 0
  for (const value of x) most = Math.max(most, Math.abs(value))
  return most
}

function sameLength(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length || a.length === 0)
    throw new RangeError(`Expected two signals of one length, got ${a.length} and ${b.length} samples`)
  return a.length
}

/**
 * Scale-invariant signal-to-distortion ratio of `estimate` against `reference`, dB; means are removed first. ∞ for a
 * scaled copy, −∞ for an estimate orthogonal to the reference, NaN for a silent reference or estimate. Le Roux et al., "SDR – half-baked or
 * well done?", ICASSP 2019, eq. 3. Throws RangeError unless the signals have one length.
 */
export function siSdr(reference: Float32Array, estimate: Float32Array): number {
  const n = sameLength(reference, estimate)
  let meanS = 0
  let meanE = 0
  for (let i = 0; i < n; i++) {
    meanS += reference[i]!
    meanE += estimate[i]!
  }
  meanS /= n
  meanE /= n
  let ss = 0
  let se = 0
  for (let i = 0; i < n; i++) {
    const s = reference[i]! - meanS
    ss += s * s
    se += s * (estimate[i]! - meanE)
  }
  const scale = se / ss
  let target = 0
  let error = 0
  for (let i = 0; i < n; i++) {
    const t = scale * (reference[i]! - meanS)
    const e = estimate[i]! - meanE - t
    target += t * t
    error += e * e
  }
  return 10 * Math.log10(target / error)
}

/**
 * Segmental signal-to-noise ratio, dB: the mean over Hann-windowed frames, a quarter apart, of each frame's SNR limited
 * to [floor, ceil]. Frames without any reference energy are left out; NaN when none is left.
 * Hu & Loizou, "Evaluation of objective quality measures for speech enhancement", IEEE TASLP 16(1), 2008, eq. 1.
 */
export function segmentalSnr(
  reference: Float32Array,
  estimate: Float32Array,
  options: { sampleRate: number; frameMs?: number; floor?: number; ceil?: number },
): number {
  const n = sameLength(reference, estimate)
  const { sampleRate, frameMs = 30, floor = -10, ceil = 35 } = options
  const size = Math.min(n, Math.round((sampleRate * frameMs) / 1000))
  const hop = Math.max(1, Math.floor(size / 4))
  const window = Float64Array.from(
    { length: size },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 1)) / (size + 1)),
  )
  let sum = 0
  let frames = 0
  for (let start = 0; start + size <= n; start += hop) {
    let signal = 0
    let noise = 0
    for (let i = 0; i < size; i++) {
      const w = window[i]!
      const s = w * reference[start + i]!
      const e = s - w * estimate[start + i]!
      signal += s * s
      noise += e * e
    }
    if (signal === 0) continue
    sum += Math.min(ceil, Math.max(floor, 10 * Math.log10(signal / noise)))
    frames++
  }
  return sum / frames
}

/**
 * Adds noise to speech at a signal-to-noise ratio of `db`; noise is repeated or cut to the speech's length and scaled.
 * Returns the mixture and the noise in it. Throws RangeError when either is silent.
 */
export function mixAtSnr(
  speech: Float32Array,
  noise: Float32Array,
  db: number,
): { mixture: Float32Array; noise: Float32Array } {
  const fitted = Float32Array.from(speech, (_, i) => noise[i % noise.length] ?? 0)
  const [speechLevel, noiseLevel] = [rms(speech), rms(fitted)]
  if (!(speechLevel > 0 && noiseLevel > 0))
    throw new RangeError('Speech and noise must both hold sound to be mixed at a ratio')
  const gain = speechLevel / noiseLevel / 10 ** (db / 20)
  for (let i = 0; i < fitted.length; i++) fitted[i] = fitted[i]! * gain
  return { mixture: speech.map((value, i) => value + fitted[i]!), noise: fitted }
}
