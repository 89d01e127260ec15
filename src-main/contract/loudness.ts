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

/** Weights of the channels; with six of them the order is L R C LFE Ls Rs. */
function channelWeights(channels: number): number[] {
  if (channels === 6) return [1, 1, 1, 0, 1.41, 1.41]
  if (channels === 5) return [1, 1, 1, 1.41, 1.41]
  return Array.from({ length: channels }, () => 1)
}

export interface LoudnessMeter {
  /** Takes samples, one array per channel. */
  push(block: readonly Float32Array[]): void
  /** Loudness of the last 400 ms, LUFS, new every 10 ms; −∞ for silence and before there are so many. */
  momentary(): number
  /** Loudness of the last 3 s, LUFS, new every 10 ms; −∞ for silence and before there are so many. */
  shortTerm(): number
  /** Integrated loudness so far, LUFS; −∞ for silence. What is under 0.4 s is measured as one ungated block. */
  finish(): number
}

const toLufs = (energy: number) => -0.691 + 10 * Math.log10(energy)
const toEnergy = (lufs: number) => 10 ** ((lufs + 0.691) / 10)

/** Parts of 10 ms in the windows of momentary and short-term loudness (EBU Tech 3341 §2.2), and in a step of the gated blocks. */
const momentaryParts = 40
const shortTermParts = 300
const partsPerStep = 10

/**
 * A meter of loudness by ITU-R BS.1770-4: K-weighting, for the integrated value 400 ms blocks every 100 ms, gates at −70 LUFS
 * and 10 LU below the mean of what passes that. Keeps one number per 100 ms.
 */
export function loudnessMeter(sampleRate: number, channels: number): LoudnessMeter {
  const [first, second] = kWeighting(sampleRate)
  const weights = channelWeights(channels)
  const part = Math.max(1, Math.round(sampleRate / (10 * partsPerStep)))
  const step = part * partsPerStep
  const states = Array.from({ length: channels }, () => new Float64Array(4))
  /** Weighted energy of each 100 ms. */
  const steps: number[] = []
  let current = 0
  let count = 0
  /** Weighted energies of the last 3 s, each of 10 ms, in a ring. */
  const ring = new Float64Array(shortTermParts)
  let parts = 0
  let fine = 0

  const recent = (length: number) => {
    if (parts < length) return -Infinity
    let sum = 0
    for (let i = parts - length; i < parts; i++) sum += ring[i % shortTermParts]!
    return toLufs(sum / (length * part))
  }

  /** Filters samples [from, to) of one channel and returns the sum of their squares. */
  const energy = (x: Float32Array, from: number, to: number, state: Float64Array): number => {
    const [b0, b1, b2] = first.b
    const [a1, a2] = first.a
    const [d1, d2] = second.a
    let s1 = state[0]!
    let s2 = state[1]!
    let t1 = state[2]!
    let t2 = state[3]!
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
    // Filter tails below any audible level become slow denormal numbers in silence.
    state[0] = Math.abs(s1) < 1e-30 ? 0 : s1
    state[1] = Math.abs(s2) < 1e-30 ? 0 : s2
    state[2] = Math.abs(t1) < 1e-30 ? 0 : t1
    state[3] = Math.abs(t2) < 1e-30 ? 0 : t2
    return sum
  }

  return {
    push(block) {
      const length = block[0]?.length ?? 0
      for (let at = 0; at < length;) {
        const to = Math.min(length, at + part - (count % part))
        for (let c = 0; c < channels; c++)
          if (weights[c] !== 0) fine += weights[c]! * energy(block[c]!, at, to, states[c]!)
        count += to - at
        at = to
        if (count % part !== 0) continue
        ring[parts++ % shortTermParts] = fine
        current += fine
        fine = 0
        if (count === step) {
          steps.push(current)
          current = 0
          count = 0
        }
      }
    },
    momentary: () => recent(momentaryParts),
    shortTerm: () => recent(shortTermParts),
    finish() {
      if (steps.length < 4) {
        const frames = steps.length * step + count
        return frames === 0 ? -Infinity : toLufs((steps.reduce((a, b) => a + b, 0) + current + fine) / frames)
      }
      const blocks: number[] = []
      for (let i = 3; i < steps.length; i++)
        blocks.push((steps[i - 3]! + steps[i - 2]! + steps[i - 1]! + steps[i]!) / (4 * step))
      const meanAbove = (threshold: number) => {
        const loud = blocks.filter((block) => block > threshold)
        return loud.length === 0 ? 0 : loud.reduce((a, b) => a + b, 0) / loud.length
      }
      const absolute = toEnergy(-70)
      const relative = meanAbove(absolute) / 10
      return toLufs(meanAbove(Math.max(absolute, relative)))
    },
  }
}
