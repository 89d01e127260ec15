import { float32, type NDArray } from '../lib/ndarray'
import type { Random } from '../lib/random'

export interface Fans {
  fanIn: number
  fanOut: number
}

/** Fans of a dense weight [in, out]. */
export function denseFans([fanIn = 1, fanOut = 1]: readonly number[]): Fans {
  return { fanIn, fanOut }
}

/** Fans of a channels-first convolution weight [out, in, …kernel]. */
export function convFans([out = 1, channels = 1, ...kernel]: readonly number[]): Fans {
  const taps = kernel.reduce((product, side) => product * side, 1)
  return { fanIn: channels * taps, fanOut: out * taps }
}

type Initializer = (random: Random, shape: readonly number[], fans?: Fans) => NDArray

const normal =
  (variance: (fans: Fans) => number): Initializer =>
  (random, shape, fans = denseFans(shape)) => {
    const array = float32(shape)
    random.fillNormal(array.data, Math.sqrt(variance(fans)))
    return array
  }

/** A uniform distribution of the given variance reaches to ±√(3 · variance). */
const uniform =
  (variance: (fans: Fans) => number): Initializer =>
  (random, shape, fans = denseFans(shape)) => {
    const array = float32(shape)
    const bound = Math.sqrt(3 * variance(fans))
    for (let i = 0; i < array.data.length; i++) array.data[i] = (2 * random.uniform() - 1) * bound
    return array
  }

const glorot = ({ fanIn, fanOut }: Fans) => 2 / (fanIn + fanOut)
const leCun = ({ fanIn }: Fans) => 1 / fanIn
const he = ({ fanIn }: Fans) => 2 / fanIn
const torch = ({ fanIn }: Fans) => 1 / (3 * fanIn)

/** Variance 2 / (fanIn + fanOut) (Glorot & Bengio, 2010): for tanh and linear layers. */
export const glorotNormal = normal(glorot)
export const glorotUniform = uniform(glorot)
/** Variance 1 / fanIn (LeCun et al., 1998). */
export const leCunNormal = normal(leCun)
export const leCunUniform = uniform(leCun)
/** Variance 2 / fanIn (He et al., 2015): for rectified layers. */
export const heNormal = normal(he)
export const heUniform = uniform(he)
/**
 * Uniform to ±1/√fanIn, as PyTorch starts the weights and biases of its linear and convolution layers. A bias needs its weight's fans:
 * `torchUniform(random, [out], convFans(shape))`. A transposed convolution's weight [in, out, …kernel] takes `convFans` as it stands.
 */
export const torchUniform = uniform(torch)
