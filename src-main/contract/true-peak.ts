/** Outputs per sample, and samples that one of them is made of. */
const factor = 4
const reach = 12

/** A sinc under a Hann window, 4 × 12 + 1 long, by the place between two samples: `taps[k - 1][j]` weighs the sample `j` before, `k` quarters on. */
const taps: readonly Float64Array[] = [1, 2, 3].map((k) =>
  Float64Array.from({ length: reach }, (_, j) => {
    const at = factor * j + k
    const x = (Math.PI * (at - (factor * reach) / 2)) / factor
    return (Math.sin(x) / x) * 0.5 * (1 - Math.cos((2 * Math.PI * at) / (factor * reach)))
  }),
)

/** Outputs lie between the sample so far before and the next; further ones weigh less and less. The last quarter mirrors the first. */
const near = reach / 2 - 1
const [quarter, half] = taps as [Float64Array, Float64Array]
/** Weights of the nearest four samples for the first quarter, of which q2 is the largest, and for the half, where they are the same on both sides. */
const [q0, q1, q2, q3] = [-1, 0, 1, 2].map((j) => quarter[near + j]!) as [number, number, number, number]
const [h0, h1] = [-1, 0].map((j) => half[near + j]!) as [number, number]

/** No output is larger than this times the largest sample that it is made of, without its nearest `count` samples; a trifle more, so that rounding is no matter. */
const boundOf = (row: Float64Array, count: number) =>
  row.reduce((sum, tap, j) => (Math.abs(j - near - 0.5) < count / 2 ? sum : sum + Math.abs(tap)), 1e-9)
const most = Math.max(boundOf(quarter, 0), boundOf(half, 0))
const [quarterWithout2, halfWithout2] = [boundOf(quarter, 2), boundOf(half, 2)]
const [quarterWithout4, halfWithout4] = [boundOf(quarter, 4), boundOf(half, 4)]
const stepFrames = 32

/** The largest magnitude of samples [from, to). */
function largestOf(x: Float32Array, from: number, to: number): number {
  let low = 0
  let high = 0
  for (let i = from; i < to; i++) {
    const value = x[i]!
    if (value < low) low = value
    if (value > high) high = value
  }
  return Math.max(-low, high)
}

/** The largest magnitude of the three outputs after sample `i - near - 1`. */
function outputAt(x: Float32Array, i: number): number {
  let largest = 0
  for (const row of taps) {
    let sum = 0
    for (let j = 0; j < reach; j++) sum += row[j]! * x[i - j]!
    largest = Math.max(largest, Math.abs(sum))
  }
  return largest
}

/** The larger of `largest` and the outputs at samples [from, to), which are made of none larger than `sample`. */
function largestOutput(x: Float32Array, from: number, to: number, sample: number, largest: number): number {
  // The sum of the nearest two bounds all three outputs, since q1 b + q2 c = q1 (b + c) + (q2 - q1) c.
  const ofSum = Math.min((largest - sample * halfWithout2) / h1, (largest - sample * (quarterWithout2 + q2 - q1)) / q1)
  const quarterOf4 = largest - sample * quarterWithout4
  const halfOf4 = largest - sample * halfWithout4
  let found = largest
  let c = x[from - near - 1]!
  for (let i = from; i < to; i++) {
    const b = x[i - near]!
    const sum = b + c
    if (sum > ofSum || sum < -ofSum) {
      const a = x[i - near + 1]!
      const d = x[i - near - 2]!
      if (
        Math.abs(q1 * b + q2 * c + q0 * a + q3 * d) > quarterOf4 ||
        Math.abs(h1 * sum + h0 * (a + d)) > halfOf4 ||
        Math.abs(q2 * b + q1 * c + q3 * a + q0 * d) > quarterOf4
      )
        found = Math.max(found, outputAt(x, i))
    }
    c = b
  }
  return found
}

export interface TruePeakMeter {
  /** Takes samples, one array per channel. */
  push(block: readonly Float32Array[]): void
  /** Largest magnitude so far, 1 = full scale; 20 log10 of it is dBTP. Up to 11 samples at the end may count only with what follows. */
  peak(): number
  /** Largest magnitude of the samples alone. */
  samplePeak(): number
  /** As `peak`, with silence after the last sample. */
  finish(): number
}

/**
 * A meter of the true peak by ITU-R BS.1770-4, annex 2: the sound is made four times as fine, so that peaks between its samples count. Reads a sine of up to
 * a third of the rate within 0.12 dB. What cannot hold a new peak is passed over, stretches by their largest sample and outputs by the samples next to them,
 * which makes it cost little more than a look at each sample.
 */
export function truePeakMeter(channels: number): TruePeakMeter {
  const before = Array.from({ length: channels }, () => new Float32Array(reach - 1))
  let largest = 0
  let largestSample = 0

  /** Takes samples from number `reach - 1` on; the ones before were taken already. */
  const look = (x: Float32Array) => {
    let behind = largestOf(x, 0, Math.min(reach - 1, x.length))
    for (let from = reach - 1; from < x.length; from += stepFrames) {
      const to = Math.min(x.length, from + stepFrames)
      const own = largestOf(x, from, to)
      const sample = Math.max(behind, own)
      behind = own
      if (own > largestSample) largestSample = own
      if (own > largest) largest = own
      if (sample * most > largest) largest = largestOutput(x, from, to, sample, largest)
    }
  }

  const push = (block: readonly Float32Array[]) => {
    for (let c = 0; c < channels; c++) {
      const x = block[c]!
      const head = new Float32Array(reach - 1 + Math.min(reach - 1, x.length))
      head.set(before[c]!)
      head.set(x.subarray(0, reach - 1), reach - 1)
      look(head)
      look(x)
      before[c] = x.length < reach - 1 ? head.slice(x.length) : x.slice(x.length - reach + 1)
    }
  }

  return {
    push,
    peak: () => largest,
    samplePeak: () => largestSample,
    finish() {
      push(before.map(() => new Float32Array(reach)))
      return largest
    },
  }
}
