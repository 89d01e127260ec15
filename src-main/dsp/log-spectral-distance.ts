import { stftAnalyzer } from './stft-stream'
import { joinSpectra, power, type Spectrum } from './spectrum'

/** Powers this far below the largest of the reference count as that: 60 dB. */
const floor = 1e-6

/**
 * Log-spectral distance of `b` from the reference `a`, dB: in each frame the root mean square over frequency of the difference of 10 log₁₀ power, then
 * the mean over frames (Gray & Markel, 1976). Hann windows of `size` samples, a quarter of that apart; powers floored 60 dB below the largest of `a`.
 * Throws RangeError where the lengths differ or are below `size`.
 */
export function logSpectralDistance(a: Float32Array, b: Float32Array, size = 512): number {
  if (a.length !== b.length || a.length < size)
    throw new RangeError(
      `Expected two signals of one length, at least ${size}, got ${a.length} and ${b.length} samples`,
    )
  const [x, y] = [spectrum(a, size), spectrum(b, size)]
  const [p, q] = [power(x), power(y)]
  const least = floor * p.reduce((most, value) => Math.max(most, value), 1e-30)
  let sum = 0
  for (let t = 0; t < x.frames; t++) {
    let squares = 0
    for (let i = t * x.bins; i < (t + 1) * x.bins; i++)
      squares += (10 * Math.log10(Math.max(p[i]!, least) / Math.max(q[i]!, least))) ** 2
    sum += Math.sqrt(squares / x.bins)
  }
  return sum / x.frames
}

function spectrum(x: Float32Array, size: number): Spectrum {
  const analyzer = stftAnalyzer({ size, hop: size / 4 })
  return joinSpectra(analyzer.push(x), analyzer.flush())
}
