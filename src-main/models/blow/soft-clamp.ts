/** Size from which samples are bent, and how sharply. */
const knee = 0.97
const bend = 0.7

/** Bounds samples in place: sizes above 0.97 approach 1, what is no number becomes 0 (the public code of Serrà et al., 2019). */
export function softClamp(x: Float32Array): void {
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!
    const size = Math.min(100, Math.abs(value))
    if (Number.isNaN(value)) x[i] = 0
    else if (size > knee)
      x[i] = Math.sign(value) * (knee + (1 - knee) * (1 - Math.exp((-bend * (size - knee)) / (1 - knee))))
  }
}
