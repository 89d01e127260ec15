/** Settings of a picture of frequencies over time. */
export interface SpectrumPlan {
  /** Samples per analysis window, a power of two. */
  size: number
  rows: number
  scale: 'linear' | 'log' | 'mel'
}

/** Levels that the colours span, dB below a full-scale sine. */
export const quietest = -96
export const loudest = -16

/** Lowest frequency of a logarithmic axis, Hz. */
export const lowestLog = 30

/** A window of about 50 ms, and rows that suit the ear where the range is wide, unless a scale is asked for. */
export function planFor(sampleRate: number, rows = 256, scale: SpectrumPlan['scale'] | null = null): SpectrumPlan {
  const usual = sampleRate > 24_000 ? 'mel' : 'linear'
  return { size: 2 ** Math.round(Math.log2(sampleRate * 0.05)), rows, scale: scale ?? usual }
}

const mel = (hertz: number) => 2595 * Math.log10(1 + hertz / 700)
const fromMel = (value: number) => 700 * (10 ** (value / 2595) - 1)

/** Frequency (Hz) at share `x` (0 bottom, 1 top) of the axis. */
export function frequencyAt(x: number, sampleRate: number, scale: SpectrumPlan['scale']): number {
  const top = sampleRate / 2
  if (scale === 'log') return lowestLog * (top / lowestLog) ** x
  return scale === 'linear' ? x * top : fromMel(x * mel(top))
}

/** Share of the axis (0 bottom, 1 top) at which a frequency (Hz) lies. */
export function shareAt(hertz: number, sampleRate: number, scale: SpectrumPlan['scale']): number {
  const top = sampleRate / 2
  if (scale === 'log') return Math.log(hertz / lowestLog) / Math.log(top / lowestLog)
  return scale === 'linear' ? hertz / top : mel(hertz) / mel(top)
}

/** In-place radix-2 FFT of `re + i·im`; the length is a power of two. */
export function fft(re: Float32Array, im: Float32Array) {
  const n = re.length
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1
    for (; j & bit; bit >>= 1) j ^= bit
    j ^= bit
    if (i < j) {
      ;[re[i], re[j]] = [re[j]!, re[i]!]
      ;[im[i], im[j]] = [im[j]!, im[i]!]
    }
  }
  for (let length = 2; length <= n; length *= 2) {
    const angle = (-2 * Math.PI) / length
    const half = length / 2
    for (let k = 0; k < half; k++) {
      const wr = Math.cos(angle * k)
      const wi = Math.sin(angle * k)
      for (let i = k; i < n; i += length) {
        const j = i + half
        const xr = re[j]! * wr - im[j]! * wi
        const xi = re[j]! * wi + im[j]! * wr
        re[j] = re[i]! - xr
        im[j] = im[i]! - xi
        re[i]! += xr
        im[i]! += xi
      }
    }
  }
}

/** Makes a function that fills one column (`rows` levels in dB, lowest frequency first) from the Hann-windowed samples around `centre`. */
export function columnMaker({ size, rows, scale }: SpectrumPlan, sampleRate: number) {
  const window = Float32Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size))
  const norm = 2 / window.reduce((sum, w) => sum + w, 0)
  const re = new Float32Array(size)
  const im = new Float32Array(size)
  const edges = Array.from(
    { length: rows + 1 },
    (_, row) => (frequencyAt(row / rows, sampleRate, scale) * size) / sampleRate,
  )
  return (samples: Float32Array, centre: number, out: Float32Array) => {
    const first = Math.round(centre - size / 2)
    for (let i = 0; i < size; i++) {
      re[i] = (samples[first + i] ?? 0) * window[i]!
      im[i] = 0
    }
    fft(re, im)
    for (let row = 0; row < rows; row++) {
      const from = Math.min(size / 2, Math.floor(edges[row]!))
      const to = Math.max(from + 1, Math.min(size / 2 + 1, Math.floor(edges[row + 1]!)))
      let most = 0
      for (let bin = from; bin < to; bin++) most = Math.max(most, re[bin]! ** 2 + im[bin]! ** 2)
      out[row] = 10 * Math.log10(most * norm * norm + 1e-12)
    }
  }
}
