/** A discrete Fourier transform of real signals of one fixed, even, power-of-two size. */
export interface RealFft {
  readonly size: number
  /** size / 2 + 1, the bins from 0 Hz to the Nyquist frequency. */
  readonly bins: number
  /** X[k] = Σ x[n] e^(−2πikn/size): reads `size` samples of `x` from `offset`, writes `bins` values to `re` and `im` from `at`. */
  forward(x: ArrayLike<number>, offset: number, re: Float32Array, im: Float32Array, at: number): void
  /** The inverse (scaled by 1/size): reads `bins` values from `at`, writes `size` samples to `out`. */
  inverse(re: ArrayLike<number>, im: ArrayLike<number>, at: number, out: Float64Array): void
}

/** Complex transform of `n` points, Stockham's self-sorting radix-4 passes with one radix-2 pass where log2(n) is odd. */
function complexFft(n: number) {
  const twiddles: { cos: Float64Array; sin: Float64Array }[] = []
  for (let span = n; span >= 4; span /= 4) {
    const quarter = span / 4
    const cos = new Float64Array(quarter * 3)
    const sin = new Float64Array(quarter * 3)
    for (let p = 0; p < quarter; p++)
      for (let r = 1; r <= 3; r++) {
        const angle = (-2 * Math.PI * p * r) / span
        cos[p * 3 + r - 1] = Math.cos(angle)
        sin[p * 3 + r - 1] = Math.sin(angle)
      }
    twiddles.push({ cos, sin })
  }
  const spareRe = new Float64Array(n)
  const spareIm = new Float64Array(n)

  /** Transforms `re`, `im` in place. */
  return (re: Float64Array, im: Float64Array): void => {
    let xr: Float64Array = re
    let xi: Float64Array = im
    let yr: Float64Array = spareRe
    let yi: Float64Array = spareIm
    let span = n
    let stride = 1
    for (const { cos, sin } of twiddles) {
      const quarter = span / 4
      const step = stride * quarter
      for (let p = 0; p < quarter; p++) {
        const c1 = cos[p * 3]!
        const s1 = sin[p * 3]!
        const c2 = cos[p * 3 + 1]!
        const s2 = sin[p * 3 + 1]!
        const c3 = cos[p * 3 + 2]!
        const s3 = sin[p * 3 + 2]!
        let from = stride * p
        let to = stride * 4 * p
        for (let q = 0; q < stride; q++, from++, to++) {
          const ar = xr[from]!
          const ai = xi[from]!
          const br = xr[from + step]!
          const bi = xi[from + step]!
          const cr = xr[from + 2 * step]!
          const ci = xi[from + 2 * step]!
          const dr = xr[from + 3 * step]!
          const di = xi[from + 3 * step]!
          const evenSumR = ar + cr
          const evenSumI = ai + ci
          const evenDiffR = ar - cr
          const evenDiffI = ai - ci
          const oddSumR = br + dr
          const oddSumI = bi + di
          const turnedR = di - bi
          const turnedI = br - dr
          yr[to] = evenSumR + oddSumR
          yi[to] = evenSumI + oddSumI
          const r1 = evenDiffR - turnedR
          const i1 = evenDiffI - turnedI
          yr[to + stride] = r1 * c1 - i1 * s1
          yi[to + stride] = r1 * s1 + i1 * c1
          const r2 = evenSumR - oddSumR
          const i2 = evenSumI - oddSumI
          yr[to + 2 * stride] = r2 * c2 - i2 * s2
          yi[to + 2 * stride] = r2 * s2 + i2 * c2
          const r3 = evenDiffR + turnedR
          const i3 = evenDiffI + turnedI
          yr[to + 3 * stride] = r3 * c3 - i3 * s3
          yi[to + 3 * stride] = r3 * s3 + i3 * c3
        }
      }
      span = quarter
      stride *= 4
      ;[xr, yr] = [yr, xr]
      ;[xi, yi] = [yi, xi]
    }
    if (span === 2) {
      for (let q = 0; q < stride; q++) {
        const ar = xr[q]!
        const ai = xi[q]!
        const br = xr[q + stride]!
        const bi = xi[q + stride]!
        yr[q] = ar + br
        yi[q] = ai + bi
        yr[q + stride] = ar - br
        yi[q + stride] = ai - bi
      }
      ;[xr, yr] = [yr, xr]
      ;[xi, yi] = [yi, xi]
    }
    if (xr !== re) {
      re.set(xr)
      im.set(xi)
    }
  }
}

/**
 * Plans real transforms of `size` points: one complex transform of half the size, computed in 64 bits.
 * Throws RangeError unless `size` is a power of two from 4 up.
 */
export function realFft(size: number): RealFft {
  if (!Number.isInteger(size) || size < 4 || (size & (size - 1)) !== 0)
    throw new RangeError(`An FFT size must be a power of two from 4 up, got ${size}`)
  const half = size / 2
  const transform = complexFft(half)
  const zr = new Float64Array(half)
  const zi = new Float64Array(half)
  const cos = Float64Array.from({ length: half + 1 }, (_, k) => Math.cos((2 * Math.PI * k) / size))
  const sin = Float64Array.from({ length: half + 1 }, (_, k) => Math.sin((2 * Math.PI * k) / size))

  return {
    size,
    bins: half + 1,
    forward(x, offset, re, im, at) {
      for (let k = 0, n = offset; k < half; k++, n += 2) {
        zr[k] = x[n]!
        zi[k] = x[n + 1]!
      }
      transform(zr, zi)
      re[at] = zr[0]! + zi[0]!
      im[at] = 0
      re[at + half] = zr[0]! - zi[0]!
      im[at + half] = 0
      for (let k = 1; k < half; k++) {
        const j = half - k
        const evenR = (zr[k]! + zr[j]!) / 2
        const evenI = (zi[k]! - zi[j]!) / 2
        const oddR = (zi[k]! + zi[j]!) / 2
        const oddI = (zr[j]! - zr[k]!) / 2
        const c = cos[k]!
        const s = sin[k]!
        re[at + k] = evenR + oddR * c + oddI * s
        im[at + k] = evenI + oddI * c - oddR * s
      }
    },
    inverse(re, im, at, out) {
      for (let k = 0; k < half; k++) {
        const j = half - k
        const ar = re[at + k]!
        const ai = k === 0 ? 0 : im[at + k]!
        const br = re[at + j]!
        const bi = k === 0 ? 0 : im[at + j]!
        const evenR = ar + br
        const evenI = ai - bi
        const diffR = ar - br
        const diffI = ai + bi
        const oddR = diffR * cos[k]! - diffI * sin[k]!
        const oddI = diffR * sin[k]! + diffI * cos[k]!
        // The inverse is the forward transform with real and imaginary parts exchanged.
        zi[k] = evenR - oddI
        zr[k] = evenI + oddR
      }
      transform(zr, zi)
      for (let k = 0; k < half; k++) {
        out[2 * k] = zi[k]! / size
        out[2 * k + 1] = zr[k]! / size
      }
    },
  }
}
