import { fft } from './spectrum'

/** A mel spectrogram that is read by byte range: float32, little-endian, [frames, mels], natural logarithm. */
export interface MelSource {
  url: string
  mels: number
  frames: number
  /** Frames per second. */
  sampleRate: number
  /** Edges of its bands, Hz. */
  fmin: number
  fmax: number
}

/** The bands of a mel picture, equally spaced on Slaney's scale between two frequencies (Hz). */
export interface MelBands {
  mels: number
  fmin: number
  fmax: number
}

/** Natural logarithms that the colours span: from the floor that the common front end has, to loud speech. */
export const quietestMel = Math.log(1e-5)
export const loudestMel = 1

/** Seconds of a window, and the window that the levels are scaled to: 1024 samples at 22 050 Hz. */
const windowSeconds = 1024 / 22_050
const scaledTo = 1024

/** What vocoders see of a sound: 80 bands up to 8 kHz, or to half its rate where that is less. */
export const bandsFor = (sampleRate: number): MelBands => ({ mels: 80, fmin: 0, fmax: Math.min(8000, sampleRate / 2) })

/** Slaney's mel scale: linear up to 1 kHz (15 mel), logarithmic above, 27 mel to a factor of 6.4. */
const step = Math.log(6.4) / 27
const toMel = (hertz: number) => (hertz < 1000 ? (3 * hertz) / 200 : 15 + Math.log(hertz / 1000) / step)
const fromMel = (mel: number) => (mel < 15 ? (200 * mel) / 3 : 1000 * Math.exp(step * (mel - 15)))

/** Share of the axis (0 bottom, 1 top) at which a frequency (Hz) lies: band m, centred on edge m + 1, takes the shares m / mels to (m + 1) / mels. */
export function melShareAt(hertz: number, { mels, fmin, fmax }: MelBands): number {
  const low = toMel(fmin)
  const spacing = (toMel(fmax) - low) / (mels + 1)
  return ((toMel(hertz) - low) / spacing - 0.5) / mels
}

/** Samples per analysis window of a sound, a power of two. */
export const melWindow = (sampleRate: number) => 2 ** Math.round(Math.log2(sampleRate * windowSeconds))

/**
 * Makes a function that fills one column (`mels` natural logarithms, lowest band first) from the Hann-windowed samples around `centre`: magnitudes
 * through Slaney's triangles of area 1, as `MelBands` lie, scaled as if the window had 1024 samples.
 */
export function melColumnMaker({ mels, fmin, fmax }: MelBands, sampleRate: number) {
  const size = melWindow(sampleRate)
  const window = Float32Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size))
  const low = toMel(fmin)
  const spacing = (toMel(fmax) - low) / (mels + 1)
  const edges = Array.from({ length: mels + 2 }, (_, i) => fromMel(low + i * spacing))
  const filters = Array.from({ length: mels }, (_, m) => {
    const [left, centre, right] = [edges[m]!, edges[m + 1]!, edges[m + 2]!]
    const first = Math.floor((left * size) / sampleRate) + 1
    const weights: number[] = []
    for (let bin = first; (bin * sampleRate) / size < right && bin <= size / 2; bin++) {
      const hertz = (bin * sampleRate) / size
      const height = Math.min((hertz - left) / (centre - left), (right - hertz) / (right - centre))
      weights.push((height * 2) / (right - left))
    }
    return { first, weights }
  })
  const re = new Float32Array(size)
  const im = new Float32Array(size)
  const magnitude = new Float32Array(size / 2 + 1)
  return (samples: Float32Array, centre: number, out: Float32Array) => {
    const start = Math.round(centre - size / 2)
    for (let i = 0; i < size; i++) {
      re[i] = (samples[start + i] ?? 0) * window[i]!
      im[i] = 0
    }
    fft(re, im)
    for (let bin = 0; bin <= size / 2; bin++) magnitude[bin] = Math.hypot(re[bin]!, im[bin]!) * (scaledTo / size)
    for (const [m, { first, weights }] of filters.entries()) {
      let sum = 0
      for (const [i, weight] of weights.entries()) sum += weight * magnitude[first + i]!
      out[m] = Math.log(Math.max(1e-5, sum))
    }
  }
}

/** Reads frames `from` to `from + count` of a mel spectrogram by one range request, as [frames, mels]; shorter at the end. Throws when the host refuses. */
export async function readMel({ url, mels, frames }: MelSource, from: number, count: number): Promise<Float32Array> {
  const first = Math.max(0, from)
  const last = Math.min(frames, from + count)
  if (last <= first) return new Float32Array(0)
  const range = `bytes=${first * mels * 4}-${last * mels * 4 - 1}`
  const response = await fetch(url, { headers: { range } })
  if (response.status !== 206) {
    void response.body?.cancel()
    throw new Error(`Expected a part of ${url} (206), got status ${response.status}.`)
  }
  const view = new DataView(await response.arrayBuffer())
  return Float32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true))
}
