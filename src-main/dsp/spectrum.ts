/** A complex spectrogram; `re` and `im` are [frames, bins], row-major. */
export interface Spectrum {
  re: Float32Array
  im: Float32Array
  frames: number
  bins: number
}

/** Periodic Hann window of `size` points, 0.5 − 0.5 cos(2πn/size). */
export function hann(size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size))
}

/** `|X|²` of every bin, [frames, bins]. */
export function power(spectrum: Spectrum): Float32Array {
  const { re, im } = spectrum
  const out = new Float32Array(re.length)
  for (let i = 0; i < out.length; i++) out[i] = re[i]! * re[i]! + im[i]! * im[i]!
  return out
}

/** Spectra of one signal, one after the other, as one. */
export function joinSpectra(a: Spectrum, b: Spectrum): Spectrum {
  if (a.frames === 0) return b
  if (b.frames === 0) return a
  const join = (x: Float32Array, y: Float32Array) => {
    const out = new Float32Array(x.length + y.length)
    out.set(x)
    out.set(y, x.length)
    return out
  }
  return { re: join(a.re, b.re), im: join(a.im, b.im), frames: a.frames + b.frames, bins: a.bins }
}
