import type { Random } from '../../lib/random'

/** Taps of the emphasis filter. */
const taps = 4

/** Bounds of what a frame meets in training (Serrà et al., 2019, §4.2, and their public code). */
export interface Augmentation {
  /** 0 nothing, 1 emphasis and gain, 2 noise and compression too. */
  level: number
  /** Least gain in size; a frame's largest sample ends between it and 1. */
  quietest: number
  /** Deviation of the noise on every frame in the end, whatever the level and the gain. */
  noise: number
}

/** A frame as training sees it, changed in place. Draws two numbers from `random` at level 1; at level 2 two more, and noise for every sample. */
export function augment(frame: Float32Array, { level, quietest, noise }: Augmentation, random: Random): void {
  if (level > 0) vary(frame, level, quietest, random)
  if (noise > 0) addNoise(frame, noise, random)
}

function vary(frame: Float32Array, level: number, quietest: number, random: Random): void {
  emphasise(frame, 0.2 * (2 * random.uniform() - 1))
  if (level > 1) {
    addNoise(frame, 0.001 * random.uniform(), random)
    compress(frame, 0.1 * (2 * random.uniform() - 1))
  }
  const gain = 2 * random.uniform() - 1
  scaleToPeak(frame, Math.sign(gain) * (quietest + (1 - quietest) * Math.abs(gain)))
}

/** Adds sign(a) · |a|^(2^k) times the sample k + 1 before, k = 0 … 3, and divides by 1 + Σ |a|^(2^k): dull for a > 0, bright for a < 0. */
export function emphasise(frame: Float32Array, a: number): void {
  const weights = Array.from({ length: taps }, (_, k) => Math.abs(a) ** (2 ** k))
  const scale = 1 / (1 + weights.reduce((sum, weight) => sum + weight, 0))
  for (let t = frame.length - 1; t >= 0; t--) {
    let sum = frame[t]!
    for (let k = 0; k < taps && t - k - 1 >= 0; k++) sum += Math.sign(a) * weights[k]! * frame[t - k - 1]!
    frame[t] = sum * scale
  }
}

/** Makes the largest sample |gain|, turning the wave over where `gain` is negative; silence stays. */
export function scaleToPeak(frame: Float32Array, gain: number): void {
  const peak = frame.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  if (peak > 0) for (let t = 0; t < frame.length; t++) frame[t] = (frame[t]! * gain) / peak
}

/** Adds normal noise. */
export function addNoise(frame: Float32Array, deviation: number, random: Random): void {
  for (let t = 0; t < frame.length; t++) frame[t] = frame[t]! + deviation * random.normal()
}

/** sign(x) |x|^(1 + power): compresses for `power` < 0, expands for `power` > 0. */
export function compress(frame: Float32Array, power: number): void {
  for (let t = 0; t < frame.length; t++) frame[t] = Math.sign(frame[t]!) * Math.abs(frame[t]!) ** (1 + power)
}
