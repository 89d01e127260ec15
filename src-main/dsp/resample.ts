/** A streaming sample-rate converter for one channel. */
export interface Resampler {
  readonly from: number
  readonly to: number
  /** Takes the next samples at `from` Hz, returns the samples at `to` Hz that are final by now. */
  push(x: Float32Array): Float32Array
  /** Ends the signal and returns the rest; in all, n input samples give round(n · to / from). */
  flush(): Float32Array
}

/** Zero crossings of the kernel on either side, at the lower of the two rates. */
const crossings = 64
/** Kaiser β for 100 dB stop-band attenuation: 0.1102 (A − 8.7) (Kaiser 1974). */
const beta = 0.1102 * (100 - 8.7)
/** Centre of the transition band relative to the lower Nyquist frequency; with the length above it spans 0.9 to 1. */
const cutoff = 0.95
/** Largest number of kernel values to tabulate exactly; beyond it, phases are interpolated between `coarsePhases`. */
const largestTable = 1 << 21
const coarsePhases = 1024

/** Modified Bessel function of the first kind, order 0. */
function besselI0(x: number): number {
  let sum = 1
  let term = 1
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}

/** Kernel values of `phases` equally spaced fractional delays, [phases, taps], each phase with a gain of 1 at 0 Hz. */
function kernelTable(phases: number, spacing: number, halfTaps: number, ratio: number): Float32Array {
  const taps = 2 * halfTaps
  const table = new Float32Array(phases * taps)
  const row = new Float64Array(taps)
  const width = crossings / ratio
  const bandwidth = cutoff * ratio
  const norm = besselI0(beta)
  for (let phase = 0; phase < phases; phase++) {
    let sum = 0
    for (let k = 0; k < taps; k++) {
      const t = k - halfTaps + 1 - phase * spacing
      const edge = 1 - (t / width) ** 2
      const angle = Math.PI * bandwidth * t
      const value =
        edge <= 0 ? 0 : ((angle === 0 ? 1 : Math.sin(angle) / angle) * besselI0(beta * Math.sqrt(edge))) / norm
      row[k] = value
      sum += value
    }
    for (let k = 0; k < taps; k++) table[phase * taps + k] = row[k]! / sum
  }
  return table
}

interface Kernel {
  /** Output n lies at input position n · down / up. */
  up: number
  down: number
  halfTaps: number
  /** Whether the table has a row for every delay that occurs; if not, `coarsePhases` of them, to interpolate between. */
  exact: boolean
  table: Float32Array
}

const kernels = new Map<string, Kernel>()

function kernelFor(from: number, to: number): Kernel {
  const key = `${from}:${to}`
  const known = kernels.get(key)
  if (known) return known
  const divisor = gcd(from, to)
  const up = to / divisor
  const down = from / divisor
  const ratio = Math.min(1, to / from)
  const halfTaps = 2 * Math.ceil(crossings / ratio / 2)
  const exact = up * 2 * halfTaps <= largestTable
  // One phase more than needed lets interpolation read past the last.
  const phases = exact ? up : coarsePhases + 1
  const table = kernelTable(phases, 1 / (exact ? up : coarsePhases), halfTaps, ratio)
  const kernel = { up, down, halfTaps, exact, table }
  if (kernels.size >= 8) kernels.delete(kernels.keys().next().value!)
  kernels.set(key, kernel)
  return kernel
}

function dot(table: Float32Array, row: number, x: Float32Array, at: number, taps: number): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  for (let k = 0; k < taps; k += 4) {
    a += table[row + k]! * x[at + k]!
    b += table[row + k + 1]! * x[at + k + 1]!
    c += table[row + k + 2]! * x[at + k + 2]!
    d += table[row + k + 3]! * x[at + k + 3]!
  }
  return a + b + (c + d)
}

/**
 * Converts one channel from `from` Hz to `to` Hz with a zero-phase windowed-sinc filter (Kaiser, 100 dB; flat to 0.9 of
 * the lower Nyquist frequency, closed at 1). The result does not depend on how the input is split.
 * Throws RangeError unless both rates are positive integers.
 */
export function resampler(from: number, to: number): Resampler {
  for (const rate of [from, to])
    if (!Number.isInteger(rate) || rate < 1)
      throw new RangeError(`A sample rate must be a positive integer, got ${rate}`)
  if (from === to) return { from, to, push: (x) => x.slice(), flush: () => new Float32Array(0) }

  const { up, down, halfTaps, exact, table } = kernelFor(from, to)
  const taps = 2 * halfTaps
  const wholeStep = Math.floor(down / up)
  const fractionStep = down % up

  // `held[i]` is input sample `origin + i`; zeros stand before the first sample.
  let held = new Float32Array(4 * taps)
  let filled = halfTaps - 1
  let origin = -(halfTaps - 1)
  let received = 0
  let produced = 0
  let whole = 0
  let fraction = 0

  const append = (x: Float32Array) => {
    const drop = Math.min(filled, Math.max(0, whole - halfTaps + 1 - origin))
    const kept = filled - drop
    if (kept + x.length > held.length) {
      const grown = new Float32Array(2 * (kept + x.length))
      grown.set(held.subarray(drop, filled))
      held = grown
    } else held.copyWithin(0, drop, filled)
    held.set(x, kept)
    filled = kept + x.length
    origin += drop
  }

  /** Computes every output up to `limit` whose taps all lie in `held`. */
  const produce = (limit: number): Float32Array => {
    const lastWhole = origin + filled - halfTaps - 1
    const most = lastWhole < whole ? 0 : Math.floor(((lastWhole - whole + 1) * up - fraction - 1) / down) + 1
    const count = Math.max(0, Math.min(most, limit - produced))
    const out = new Float32Array(count)
    for (let n = 0; n < count; n++) {
      const at = whole - halfTaps + 1 - origin
      if (exact) out[n] = dot(table, fraction * taps, held, at, taps)
      else {
        const position = (fraction / up) * coarsePhases
        const phase = Math.floor(position)
        const weight = position - phase
        const low = dot(table, phase * taps, held, at, taps)
        const high = dot(table, (phase + 1) * taps, held, at, taps)
        out[n] = low + weight * (high - low)
      }
      whole += wholeStep
      fraction += fractionStep
      if (fraction >= up) {
        fraction -= up
        whole++
      }
    }
    produced += count
    return out
  }

  return {
    from,
    to,
    push(x) {
      received += x.length
      append(x)
      return produce(Infinity)
    },
    flush() {
      const total = Math.round((received * to) / from)
      append(new Float32Array(taps + wholeStep))
      return produce(total)
    },
  }
}

/** Converts a whole signal from `from` Hz to `to` Hz; see `resampler`. */
export function resample(x: Float32Array, from: number, to: number): Float32Array {
  const converter = resampler(from, to)
  const body = converter.push(x)
  const rest = converter.flush()
  const out = new Float32Array(body.length + rest.length)
  out.set(body)
  out.set(rest, body.length)
  return out
}
