import { realFft } from './fft'
import { melSpectrogram, type MelOptions } from './mel'
import { hann } from './spectrum'

/**
 * Mean absolute difference of the natural log-mel spectrograms of two signals of one length, nats over all frames and filters (times 20 / ln 10 = 8.69: dB).
 * NaN for empty signals; throws RangeError where the lengths differ.
 */
export function logMelDistance(a: Float32Array, b: Float32Array, options: MelOptions): number {
  sameLength(a, b)
  const [x, y] = [melSpectrogram(a, options), melSpectrogram(b, options)]
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += Math.abs(x[i]! - y[i]!)
  return sum / x.length
}

/** One resolution of `multiResolutionStft`, in samples. */
export interface StftResolution {
  fft: number
  hop: number
  /** Length of the Hann window, which lies in the middle of the transform's frame. */
  window: number
}

/** The three resolutions of Yamamoto et al. 2020, made for 24 kHz and used unchanged at 22.05 kHz. */
export const stftResolutions: readonly StftResolution[] = [
  { fft: 512, hop: 50, window: 240 },
  { fft: 1024, hop: 120, window: 600 },
  { fft: 2048, hop: 240, window: 1200 },
]

export interface StftDistance {
  /** ‖ |A| − |B| ‖ / ‖ |A| ‖ over all frames and bins (Frobenius norms), 0 for a copy. */
  convergence: number
  /** Mean of | ln |A| − ln |B| |, nats. */
  logMagnitude: number
}

/** Powers below it count as it in the logarithm. */
const powerFloor = 1e-7

/**
 * Spectral convergence and log-magnitude distance of `b` from the reference `a`, each the mean over `resolutions`; their sum is the multi-resolution STFT
 * loss of Yamamoto, Song & Kim, "Parallel WaveGAN", ICASSP 2020. Powers are floored at 1e-7, as its public implementation does. Throws RangeError where the lengths differ.
 */
export function multiResolutionStft(
  a: Float32Array,
  b: Float32Array,
  resolutions: readonly StftResolution[] = stftResolutions,
): StftDistance {
  sameLength(a, b)
  const found = resolutions.map((resolution) => distanceAt(a, b, resolution))
  const mean = (key: keyof StftDistance) => found.reduce((sum, part) => sum + part[key], 0) / found.length
  return { convergence: mean('convergence'), logMagnitude: mean('logMagnitude') }
}

function distanceAt(
  a: Float32Array,
  b: Float32Array,
  { fft: size, hop, window: points }: StftResolution,
): StftDistance {
  const fft = realFft(size)
  const { bins } = fft
  const window = hann(points)
  const frame = new Float64Array(size)
  const re = new Float32Array(bins)
  const im = new Float32Array(bins)
  const powers = (x: Float32Array, centre: number, out: Float64Array) => {
    // The window's place in the frame turns phases only.
    const from = centre - Math.floor(points / 2)
    for (let n = 0; n < points; n++) frame[n] = x[mirrored(from + n, x.length)]! * window[n]!
    fft.forward(frame, 0, re, im, 0)
    for (let k = 0; k < bins; k++) out[k] = Math.max(powerFloor, re[k]! * re[k]! + im[k]! * im[k]!)
  }

  const [p, q] = [new Float64Array(bins), new Float64Array(bins)]
  let difference = 0
  let reference = 0
  let logs = 0
  let count = 0
  for (let centre = 0; centre <= a.length && a.length > 0; centre += hop) {
    powers(a, centre, p)
    powers(b, centre, q)
    for (let k = 0; k < bins; k++) {
      difference += (Math.sqrt(p[k]!) - Math.sqrt(q[k]!)) ** 2
      reference += p[k]!
      logs += Math.abs(Math.log(p[k]! / q[k]!)) / 2
    }
    count += bins
  }
  return { convergence: Math.sqrt(difference / reference), logMagnitude: logs / count }
}

/** Index of sample `i` in a signal of `length` mirrored about its first and last samples. */
function mirrored(i: number, length: number): number {
  if (i >= 0 && i < length) return i
  if (length === 1) return 0
  const period = 2 * (length - 1)
  const folded = ((i % period) + period) % period
  return folded < length ? folded : period - folded
}

function sameLength(a: Float32Array, b: Float32Array): void {
  if (a.length !== b.length)
    throw new RangeError(`Expected two signals of one length, got ${a.length} and ${b.length} samples`)
}
