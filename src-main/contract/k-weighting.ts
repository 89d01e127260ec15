/** Coefficients of a second-order section, a[0] = 1. */
interface Biquad {
  b: readonly [number, number, number]
  a: readonly [number, number]
}

/**
 * The two filters of K-weighting at any rate: the analogue prototypes behind BS.1770-4's 48 kHz tables through the
 * bilinear transform (B. De Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES 2018). Exact at
 * 48 kHz; at 8 to 192 kHz a 1 kHz tone reads within 0.05 LU of that.
 */
function kWeighting(sampleRate: number): [Biquad, Biquad] {
  const shelf = { f: 1681.974450955533, q: 0.7071752369554196, gain: 3.999843853973347 }
  const k = Math.tan((Math.PI * Math.min(shelf.f, 0.49 * sampleRate)) / sampleRate)
  const high = 10 ** (shelf.gain / 20)
  const band = high ** 0.4996667741545416
  const a0 = 1 + k / shelf.q + k * k
  const first: Biquad = {
    b: [
      (high + (band * k) / shelf.q + k * k) / a0,
      (2 * (k * k - high)) / a0,
      (high - (band * k) / shelf.q + k * k) / a0,
    ],
    a: [(2 * (k * k - 1)) / a0, (1 - k / shelf.q + k * k) / a0],
  }
  const pass = { f: 38.13547087602444, q: 0.5003270373238773 }
  const h = Math.tan((Math.PI * pass.f) / sampleRate)
  const c0 = 1 + h / pass.q + h * h
  const second: Biquad = { b: [1, -2, 1], a: [(2 * (h * h - 1)) / c0, (1 - h / pass.q + h * h) / c0] }
  return [first, second]
}

/** Below any audible level the tails of filters become denormal numbers, which are slow. */
const audible = (state: number) => (Math.abs(state) < 1e-30 ? 0 : state)

/**
 * K-weights channels of a sound whose numbers are `channels`. The function that is returned filters the next samples, [from, to) of `block`, and answers the sum of their
 * squares for each of `channels`; the array is used again.
 */
export function kWeightedEnergies(sampleRate: number, channels: readonly number[]) {
  const [first, second] = kWeighting(sampleRate)
  const [b0, b1, b2] = first.b
  const [a1, a2] = first.a
  const [d1, d2] = second.a
  const states = new Float64Array(4 * channels.length)
  const sums = new Float64Array(channels.length)

  const keep = (k: number, s1: number, s2: number, t1: number, t2: number) => {
    states[4 * k] = audible(s1)
    states[4 * k + 1] = audible(s2)
    states[4 * k + 2] = audible(t1)
    states[4 * k + 3] = audible(t2)
  }

  const one = (k: number, x: Float32Array, from: number, to: number) => {
    let s1 = states[4 * k]!
    let s2 = states[4 * k + 1]!
    let t1 = states[4 * k + 2]!
    let t2 = states[4 * k + 3]!
    let sum = 0
    for (let i = from; i < to; i++) {
      const input = x[i]!
      const middle = b0 * input + s1
      s1 = b1 * input - a1 * middle + s2
      s2 = b2 * input - a2 * middle
      const output = middle + t1
      t1 = -2 * middle - d1 * output + t2
      t2 = middle - d2 * output
      sum += output * output
    }
    keep(k, s1, s2, t1, t2)
    sums[k] = sum
  }

  /** `one` for `k` and the next, side by side: a filter mostly waits for its own last result, and the other's steps fit in there. */
  const two = (k: number, x: Float32Array, y: Float32Array, from: number, to: number) => {
    let s1 = states[4 * k]!
    let s2 = states[4 * k + 1]!
    let t1 = states[4 * k + 2]!
    let t2 = states[4 * k + 3]!
    let u1 = states[4 * k + 4]!
    let u2 = states[4 * k + 5]!
    let v1 = states[4 * k + 6]!
    let v2 = states[4 * k + 7]!
    let sum = 0
    let sumY = 0
    for (let i = from; i < to; i++) {
      const input = x[i]!
      const middle = b0 * input + s1
      s1 = b1 * input - a1 * middle + s2
      s2 = b2 * input - a2 * middle
      const output = middle + t1
      t1 = -2 * middle - d1 * output + t2
      t2 = middle - d2 * output
      sum += output * output

      const inputY = y[i]!
      const middleY = b0 * inputY + u1
      u1 = b1 * inputY - a1 * middleY + u2
      u2 = b2 * inputY - a2 * middleY
      const outputY = middleY + v1
      v1 = -2 * middleY - d1 * outputY + v2
      v2 = middleY - d2 * outputY
      sumY += outputY * outputY
    }
    keep(k, s1, s2, t1, t2)
    keep(k + 1, u1, u2, v1, v2)
    sums[k] = sum
    sums[k + 1] = sumY
  }

  return (block: readonly Float32Array[], from: number, to: number): Float64Array => {
    let k = 0
    for (; k + 1 < channels.length; k += 2) two(k, block[channels[k]!]!, block[channels[k + 1]!]!, from, to)
    if (k < channels.length) one(k, block[channels[k]!]!, from, to)
    return sums
  }
}
