import type { NDArray } from '../../lib/ndarray'

/** Something that a person who trains should know. */
export interface Finding {
  kind: 'mode-collapse' | 'unsuitable-data' | 'unlearnable-rotation'
  /** One sentence on what was found and one on what to do. */
  message: string
}

/** Root mean square difference of the pixels of neighbouring images of a set [count, …]: 0 where all are alike. */
export function diversity({ shape, data }: NDArray): number {
  const count = shape[0]!
  const size = data.length / count
  let sum = 0
  for (let i = 0; i < count; i++) {
    const next = ((i + 1) % count) * size
    for (let p = 0; p < size; p++) sum += (data[i * size + p]! - data[next + p]!) ** 2
  }
  return Math.sqrt(sum / data.length)
}

/** Generated images differ from each other by less than this share of what real ones do: the generator has collapsed. */
const LEAST_DIVERSITY = 0.3

/** Whether generated images [count, …] are far more alike than real ones. */
export function modeCollapse(made: NDArray, real: NDArray): Finding | undefined {
  const [found, expected] = [diversity(made), diversity(real)]
  if (found >= LEAST_DIVERSITY * expected) return undefined
  const share = Math.round((100 * found) / Math.max(expected, 1e-12))
  return {
    kind: 'mode-collapse',
    message: `Generated images differ from each other by ${share} % of what real ones do: the generator makes too few kinds. Train longer, or try --set task=rotation or a lower learningRate.`,
  }
}

/** Whether held-out normal images are reconstructed no better than by the mean of all. Both are mean squared differences. */
export function unsuitableData(reconstruction: number, meanImage: number): Finding | undefined {
  if (reconstruction < meanImage) return undefined
  return {
    kind: 'unsuitable-data',
    message: `Held-out normal images are reconstructed no better (${reconstruction.toPrecision(3)}) than by the mean of all images (${meanImage.toPrecision(3)}). These images may be too varied for this model: train longer, crop and align them, or use pca or patch-gaussian.`,
  }
}

/** Whether rotations are told apart no better than by guessing. */
export function unlearnableRotation(accuracy: number): Finding | undefined {
  if (accuracy >= 0.3) return undefined
  return {
    kind: 'unlearnable-rotation',
    message: `The critic tells ${Math.round(100 * accuracy)} % of rotations, by guessing it were 25 %: these images look alike from all sides. Train with --set task=none.`,
  }
}
