import { kWeightedEnergies } from './k-weighting'

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
  const weights = channelWeights(channels)
  const counted = weights.flatMap((weight, c) => (weight === 0 ? [] : [c]))
  const energies = kWeightedEnergies(sampleRate, counted)
  const part = Math.max(1, Math.round(sampleRate / (10 * partsPerStep)))
  const step = part * partsPerStep
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

  return {
    push(block) {
      const length = block[0]?.length ?? 0
      for (let at = 0; at < length;) {
        const to = Math.min(length, at + part - (count % part))
        const found = energies(block, at, to)
        for (let k = 0; k < counted.length; k++) fine += weights[counted[k]!]! * found[k]!
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
