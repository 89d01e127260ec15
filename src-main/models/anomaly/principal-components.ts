import * as tf from '@tensorflow/tfjs-core'
import type { ProgramSpec } from '../../compute'
import { float32, sizeOf, type NDArray } from '../../lib/ndarray'
import { random } from '../../lib/random'
import type { FitContext } from './detector'
import { eachBatch, type ImageSource } from './image-source'
import { symmetricEigen } from './symmetric-eigen'

/** Directions of most variance of a set of images. */
export interface PrincipalComponents {
  /** [pixels]. */
  mean: Float32Array
  /** Orthonormal rows, [components, pixels], most variance first. */
  components: Float32Array
  /** Variance along each. */
  variances: Float64Array
}

const BATCH = 64
/** Rounds of subspace iteration; each shrinks what is wrong by the ratio of a variance beyond the space to those within. */
const ROUNDS = 6

/**
 * The first `count` principal components by randomised subspace iteration (Halko et al., 2011, algorithm 4.4) in a space twice as large, image by image,
 * so that no matrix larger than [pixels, 2 · count] is held.
 */
export async function principalComponents(
  images: ImageSource,
  count: number,
  { device, seed, progress, checkCancelled }: FitContext,
): Promise<PrincipalComponents> {
  const pixels = sizeOf(images.shape)
  const width = Math.min(2 * count, pixels, images.count)
  const mean = await meanOf(images)
  let basis = orthonormal(Float64Array.from({ length: pixels * width }, normals(seed)), pixels, width)
  const runner = await device.load(multiplyProgram(pixels, width), {
    state: { mean: float32([pixels], mean), basis: float32([pixels, width]), sum: float32([pixels, width]) },
  })
  try {
    for (let round = 0; ; round++) {
      await runner.setState({
        basis: float32([pixels, width], Float32Array.from(basis)),
        sum: float32([pixels, width]),
      })
      await eachBatch(images, BATCH, async (batch, seen) => {
        checkCancelled()
        const weight = Float32Array.from({ length: BATCH }, (_, i) => (i < seen ? 1 : 0))
        await runner.run({ x: float32([BATCH, pixels], batch), weight: float32([BATCH, 1], weight) })
      })
      progress(round + 1, ROUNDS + 1)
      const product = Float64Array.from((await runner.state())['sum']!.data)
      if (round === ROUNDS) return { mean, ...ritz(basis, product, { pixels, width, count, images: images.count }) }
      basis = orthonormal(product, pixels, width)
    }
  } finally {
    await runner.dispose()
  }
}

/** The best directions within a subspace (Rayleigh–Ritz): basis Q and product XᵀX Q, both [pixels, width]. */
function ritz(
  basis: Float64Array,
  product: Float64Array,
  { pixels, width, count, images }: { pixels: number; width: number; count: number; images: number },
): Omit<PrincipalComponents, 'mean'> {
  const small = new Float64Array(width * width)
  for (let p = 0; p < pixels; p++)
    for (let i = 0; i < width; i++) {
      const q = basis[p * width + i]!
      for (let j = 0; j < width; j++) small[i * width + j]! += q * product[p * width + j]!
    }
  for (let i = 0; i < width; i++)
    for (let j = 0; j < i; j++)
      small[i * width + j] = small[j * width + i] = (small[i * width + j]! + small[j * width + i]!) / 2
  const { values, vectors } = symmetricEigen(small, width)
  const kept = Math.min(count, width)
  const components = new Float32Array(kept * pixels)
  for (let k = 0; k < kept; k++)
    for (let p = 0; p < pixels; p++) {
      let sum = 0
      for (let i = 0; i < width; i++) sum += basis[p * width + i]! * vectors[i * width + k]!
      components[k * pixels + p] = sum
    }
  return { components, variances: values.slice(0, kept).map((value) => value / Math.max(1, images - 1)) }
}

/** sum += (x − mean)ᵀ (x − mean) basis over the rows of x [batch, pixels] whose weight [batch, 1] is 1. */
const multiplyProgram = (pixels: number, width: number): ProgramSpec => ({
  name: 'principal components',
  key: JSON.stringify([pixels, width, BATCH]),
  state: { mean: [pixels], basis: [pixels, width], sum: [pixels, width] },
  inputs: { x: [BATCH, pixels], weight: [BATCH, 1] },
  run({ state: { mean, basis, sum }, inputs: { x, weight } }) {
    const centred = tf.mul(tf.sub(x!, mean!), weight!)
    return { state: { sum: tf.add(sum!, tf.matMul(centred, tf.matMul(centred, basis!), true)) } }
  },
})

async function meanOf(images: ImageSource): Promise<Float32Array> {
  const size = sizeOf(images.shape)
  const sum = new Float64Array(size)
  await eachBatch(images, BATCH, (batch, seen) => {
    for (let i = 0; i < seen * size; i++) sum[i % size]! += batch[i]!
  })
  return Float32Array.from(sum, (value) => value / images.count)
}

function normals(seed: number): () => number {
  const draws = random(seed)
  return () => draws.normal()
}

/** The columns of a matrix [rows, width] made orthonormal by Gram–Schmidt, twice; a column that is nothing but the ones before becomes zero. */
function orthonormal(matrix: Float64Array, rows: number, width: number): Float64Array {
  const columns = Array.from({ length: width }, (_, k) => {
    const column = new Float64Array(rows)
    for (let i = 0; i < rows; i++) column[i] = matrix[i * width + k]!
    return column
  })
  for (const [k, column] of columns.entries()) {
    const before = Math.sqrt(dot(column, column))
    for (let pass = 0; pass < 2; pass++)
      for (const other of columns.slice(0, k)) {
        const share = dot(column, other)
        for (let i = 0; i < rows; i++) column[i]! -= share * other[i]!
      }
    const length = Math.sqrt(dot(column, column))
    const scale = length > 1e-9 * before ? 1 / length : 0
    for (let i = 0; i < rows; i++) column[i]! *= scale
  }
  const result = new Float64Array(rows * width)
  for (const [k, column] of columns.entries()) for (let i = 0; i < rows; i++) result[i * width + k] = column[i]!
  return result
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** Rows of `components` [count, pixels] and the mean as arrays. */
export const componentArrays = ({ mean, components }: PrincipalComponents): { mean: NDArray; components: NDArray } => ({
  mean: float32([mean.length], mean),
  components: float32([components.length / mean.length, mean.length], components),
})
