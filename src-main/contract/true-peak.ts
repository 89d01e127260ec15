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

/** No output is larger than this times the largest sample that it is made of. */
const most = Math.max(...taps.map((row) => row.reduce((sum, tap) => sum + Math.abs(tap), 0)))
const stepFrames = 32

export interface TruePeakMeter {
  /** Takes samples, one array per channel. */
  push(block: readonly Float32Array[]): void
  /** Largest magnitude so far, 1 = full scale; 20 log10 of it is dBTP. Up to 11 samples at the end may count only with what follows. */
  peak(): number
  /** The same, with silence after the last sample. */
  finish(): number
}

/**
 * A meter of the true peak by ITU-R BS.1770-4, annex 2: the sound is made four times as fine, so that peaks between its samples count. Reads a sine of up to
 * a third of the rate within 0.12 dB. Stretches that cannot hold a new peak are passed over, which makes it cost little more than a look at each sample.
 */
export function truePeakMeter(channels: number): TruePeakMeter {
  const before = Array.from({ length: channels }, () => new Float32Array(reach - 1))
  let largest = 0

  const channel = (x: Float32Array) => {
    for (let from = reach - 1; from < x.length; from += stepFrames) {
      const to = Math.min(x.length, from + stepFrames)
      let sample = 0
      for (let i = from - reach + 1; i < to; i++) sample = Math.max(sample, Math.abs(x[i]!))
      if (sample > largest) largest = sample
      if (sample * most <= largest) continue
      for (let i = from; i < to; i++)
        for (const row of taps) {
          let sum = 0
          for (let j = 0; j < reach; j++) sum += row[j]! * x[i - j]!
          largest = Math.max(largest, Math.abs(sum))
        }
    }
  }

  const push = (block: readonly Float32Array[]) => {
    for (let c = 0; c < channels; c++) {
      const joined = new Float32Array(reach - 1 + block[c]!.length)
      joined.set(before[c]!)
      joined.set(block[c]!, reach - 1)
      channel(joined)
      before[c] = joined.slice(joined.length - reach + 1)
    }
  }

  return {
    push,
    peak: () => largest,
    finish() {
      push(before.map(() => new Float32Array(reach)))
      return largest
    },
  }
}
