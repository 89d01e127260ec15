/** Gaussians at several places, and the maps that make them standard normal. */
export interface Gaussians {
  /** [places, features]. */
  mean: Float32Array
  /** Lower triangular inverses of the covariances' Cholesky factors, [places, features, features]: Σ⁻¹ = WᵀW. */
  whiten: Float32Array
}

/** Sums of vectors and of their products at each place, in float64. */
export interface Sums {
  places: number
  features: number
  count: number
  sum: Float64Array
  products: Float64Array
}

export const emptySums = (places: number, features: number): Sums => ({
  ...{ places, features, count: 0 },
  sum: new Float64Array(places * features),
  products: new Float64Array(places * features * features),
})

/** Adds one vector at each place: vectors [features, places]. */
export function addVectors(sums: Sums, vectors: Float32Array): void {
  const { places, features, sum, products } = sums
  const at = new Float64Array(features)
  for (let place = 0; place < places; place++) {
    for (let i = 0; i < features; i++) at[i] = vectors[i * places + place]!
    for (let i = 0; i < features; i++) {
      sum[place * features + i]! += at[i]!
      const row = (place * features + i) * features
      for (let j = 0; j <= i; j++) products[row + j]! += at[i]! * at[j]!
    }
  }
  sums.count++
}

/** The same with all places taken for one. */
export function withoutPlaces({ places, features, count, sum, products }: Sums): Sums {
  const one = { ...emptySums(1, features), count: count * places }
  for (let place = 0; place < places; place++) {
    for (let i = 0; i < features; i++) one.sum[i]! += sum[place * features + i]!
    for (let i = 0; i < features * features; i++) one.products[i]! += products[place * features * features + i]!
  }
  return one
}

/**
 * Gaussians of what was summed. A place's covariance is drawn towards the mean covariance of all places, as if `prior` more images had shown that one
 * (default features + 1; the mode of an inverse Wishart posterior), and the diagonal is raised by `ridge` of the mean variance.
 */
export function gaussiansOf(
  { places, features, count, sum, products }: Sums,
  { prior = features + 1, ridge = 1e-3 }: { prior?: number; ridge?: number } = {},
): Gaussians {
  const mean = Float64Array.from(sum, (value) => value / count)
  const size = features * features
  const covariances = products
  const shared = new Float64Array(size)
  const own = (place: number) => {
    const covariance = new Float64Array(size)
    for (let i = 0; i < features; i++)
      for (let j = 0; j <= i; j++)
        covariance[i * features + j] =
          covariances[place * size + i * features + j]! / count -
          mean[place * features + i]! * mean[place * features + j]!
    return covariance
  }
  for (let place = 0; place < places; place++)
    for (const [i, value] of own(place).entries()) shared[i]! += value / places
  let variance = 0
  for (let i = 0; i < features; i++) variance += shared[i * features + i]! / features
  const raise = ridge * variance + 1e-12
  const weight = prior / (count + prior)
  const whiten = new Float32Array(places * size)
  for (let place = 0; place < places; place++) {
    const covariance = own(place)
    for (let i = 0; i < size; i++) covariance[i] = (1 - weight) * covariance[i]! + weight * shared[i]!
    for (let i = 0; i < features; i++) covariance[i * features + i]! += raise
    whiten.set(inverseOfFactor(cholesky(covariance, features), features), place * size)
  }
  return { mean: Float32Array.from(mean), whiten }
}

/** L with L Lᵀ = a, of which the lower triangle is read (Golub & Van Loan, 2013, algorithm 4.2.1). */
function cholesky(a: Float64Array, size: number): Float64Array {
  const l = new Float64Array(size * size)
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * size + j]!
      for (let k = 0; k < j; k++) sum -= l[i * size + k]! * l[j * size + k]!
      // Rounding may take what is left of a variance below zero.
      l[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / l[j * size + j]!
    }
  return l
}

/** The inverse of a lower triangular matrix, itself lower triangular. */
function inverseOfFactor(l: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size)
  for (let column = 0; column < size; column++)
    for (let i = column; i < size; i++) {
      let sum = i === column ? 1 : 0
      for (let k = column; k < i; k++) sum -= l[i * size + k]! * inverse[k * size + column]!
      inverse[i * size + column] = sum / l[i * size + i]!
    }
  return inverse
}
