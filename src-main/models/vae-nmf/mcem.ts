import * as tf from '@tensorflow/tfjs-core'

/**
 * Monte-Carlo expectation–maximisation for VAE-NMF (Bando et al., ICASSP 2018; Leglaive et al., MLSP 2018): pure functions on tensors.
 *
 * The mixture's power x_ft has variance v_ft = g_t σ²_f(z_t) + Σ_k h_tk w_kf. Here `power`, `speech` (g σ²) and `noise` (h w)
 * are [frames, bins], `h` [frames, components], `w` [components, bins], `gain` [frames, 1], `z` [frames, latent].
 */

/** What the updates condition on. */
export interface Observation {
  power: tf.Tensor2D
  /** [bins, 1]: 1 for bins that the recording holds, 0 for those it lacks. */
  band: tf.Tensor2D
  /** [frames, 1]: 1 for frames of the recording, 0 for silence and padding. */
  valid: tf.Tensor2D
  /** A least noise variance, constant. */
  floor: number
}

/** The state of the chain: z and its log likelihood [frames, 1]. */
export interface Chain {
  z: tf.Tensor2D
  logLikelihood: tf.Tensor2D
}

/**
 * log p(x_t | z_t) up to a constant: −Σ_f [log v + x / v], [frames, 1]. Logarithms are dear, so Σ log is taken over products of four bins;
 * v must lie within 1e-9 … 1e9.
 */
export function logLikelihood(power: tf.Tensor2D, variance: tf.Tensor2D): tf.Tensor2D {
  const bins = variance.shape[1]
  const quarter = Math.floor(bins / 4)
  const [a, b, c, d, rest] = tf.split(variance, [quarter, quarter, quarter, quarter, bins - 4 * quarter], 1) as [
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
  ]
  const products = tf.log(tf.mul(tf.mul(a, b), tf.mul(c, d)))
  const logs = tf.add(tf.sum(products, 1, true), tf.sum(tf.log(rest), 1, true))
  return tf.neg(tf.add(logs, tf.sum(tf.div(power, variance), 1, true)))
}

/** Noise variance h w + floor, [frames, bins]. */
export function noiseVariance(h: tf.Tensor2D, w: tf.Tensor2D, floor: number): tf.Tensor2D {
  return tf.add(tf.matMul(h, w), floor)
}

/**
 * One Metropolis–Hastings move of every frame at once: z' = z + step, taken where log u is below the gain in log posterior.
 * `speechOf` gives g σ²(z); uniform is [frames, 1]. `speech` is that of the proposal and `accepted` [frames, 1] says where it holds.
 */
export function metropolisMove(
  power: tf.Tensor2D,
  chain: Chain,
  noise: tf.Tensor2D,
  speechOf: (z: tf.Tensor2D) => tf.Tensor2D,
  step: tf.Tensor2D,
  uniform: tf.Tensor2D,
): Chain & { speech: tf.Tensor2D; accepted: tf.Tensor2D } {
  const proposal: tf.Tensor2D = tf.add(chain.z, step)
  const speech = speechOf(proposal)
  const proposed = logLikelihood(power, tf.add(speech, noise))
  const prior = tf.mul(tf.sum(tf.sub(tf.square(chain.z), tf.square(proposal)), 1, true), 0.5)
  const accepted: tf.Tensor2D = tf.less(tf.log(uniform), tf.add(tf.sub(proposed, chain.logLikelihood), prior))
  return {
    z: tf.where(accepted, proposal, chain.z) as tf.Tensor2D,
    logLikelihood: tf.where(accepted, proposed, chain.logLikelihood) as tf.Tensor2D,
    speech,
    accepted,
  }
}

/** ⟨x v⁻²⟩ and ⟨v⁻¹⟩ over the kept samples of the speech variance, each [frames, bins]. */
function moments({ power }: Observation, speech: readonly tf.Tensor2D[], noise: tf.Tensor2D) {
  const inverses = speech.map((one): tf.Tensor2D => tf.reciprocal(tf.add(one, noise)))
  return {
    fit: tf.mul(power, mean(inverses.map((inverse): tf.Tensor2D => tf.square(inverse)))) as tf.Tensor2D,
    inverse: mean(inverses),
  }
}

const mean = (tensors: readonly tf.Tensor2D[]): tf.Tensor2D =>
  tf.mul(
    tensors.reduce((sum, one) => tf.add(sum, one)),
    1 / tensors.length,
  )

const tiny = 1e-30
const rootRatio = (above: tf.Tensor2D, below: tf.Tensor2D): tf.Tensor2D =>
  tf.sqrt(tf.div(above, tf.maximum(below, tiny)))

/** MM update of the noise spectra, w ← w √(hᵀ⟨x v⁻²⟩ / hᵀ⟨v⁻¹⟩). */
export function updateSpectra(
  observed: Observation,
  speech: readonly tf.Tensor2D[],
  h: tf.Tensor2D,
  w: tf.Tensor2D,
): tf.Tensor2D {
  const { fit, inverse } = moments(observed, speech, noiseVariance(h, w, observed.floor))
  const active: tf.Tensor2D = tf.mul(h, observed.valid)
  return tf.mul(w, rootRatio(tf.matMul(active, fit, true), tf.matMul(active, inverse, true)))
}

/** MM update of the noise activations, h ← h √(⟨x v⁻²⟩ wᵀ / ⟨v⁻¹⟩ wᵀ). */
export function updateActivations(
  observed: Observation,
  speech: readonly tf.Tensor2D[],
  h: tf.Tensor2D,
  w: tf.Tensor2D,
): tf.Tensor2D {
  const { fit, inverse } = moments(observed, speech, noiseVariance(h, w, observed.floor))
  const inBand: tf.Tensor2D = tf.mul(w, tf.transpose(observed.band))
  return tf.mul(h, rootRatio(tf.matMul(fit, inBand, false, true), tf.matMul(inverse, inBand, false, true)))
}

/** MM update of the speech's level, as the factor √(Σ_f ⟨x s v⁻²⟩ / Σ_f ⟨s v⁻¹⟩) [frames, 1] that g and every speech variance s take. */
export function gainFactor(
  { power, band }: Observation,
  speech: readonly tf.Tensor2D[],
  noise: tf.Tensor2D,
): tf.Tensor2D {
  const shares = speech.map((one) => {
    const variance = tf.add(one, noise)
    return { share: tf.div(one, variance) as tf.Tensor2D, variance }
  })
  const fit = mean(shares.map(({ share, variance }) => tf.div(tf.mul(power, share), variance)))
  return rootRatio(tf.matMul(fit, band), tf.matMul(mean(shares.map(({ share }) => share)), band))
}

/** Moves the scale of each noise spectrum into its activations: rows of w sum to 1; both stay positive. */
export function rescale(h: tf.Tensor2D, w: tf.Tensor2D): { h: tf.Tensor2D; w: tf.Tensor2D } {
  const total = tf.maximum(tf.sum(w, 1, true), tiny)
  return {
    w: tf.maximum(tf.div(w, total), 1e-9),
    h: tf.maximum(tf.mul(h, tf.transpose(total)), 1e-12),
  }
}

/** The Wiener gain s / (s + n) averaged over samples, [frames, bins], between 0 and 1. */
export function wienerGain(speech: readonly tf.Tensor2D[], noise: tf.Tensor2D): tf.Tensor2D {
  return mean(speech.map((one) => tf.div(one, tf.add(one, noise))))
}
