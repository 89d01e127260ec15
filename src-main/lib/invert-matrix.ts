import { float32, type NDArray } from './ndarray'

/** The inverse of a matrix [n, n], by Gauss–Jordan elimination with row exchanges in double precision. Throws RangeError where it has none. */
export function invertMatrix({ shape, data }: NDArray): NDArray & { data: Float32Array } {
  const n = shape[0]!
  const work = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: 2 * n }, (_, j) => (j < n ? data[i * n + j]! : j - n === i ? 1 : 0)),
  )
  for (let column = 0; column < n; column++) {
    let pivot = column
    for (let row = column + 1; row < n; row++)
      if (Math.abs(work[row]![column]!) > Math.abs(work[pivot]![column]!)) pivot = row
    if (!(Math.abs(work[pivot]![column]!) > 1e-30)) throw new RangeError(`The ${n} × ${n} matrix has no inverse.`)
    ;[work[column], work[pivot]] = [work[pivot]!, work[column]!]
    const top = work[column]!
    const scale = 1 / top[column]!
    for (let j = 0; j < 2 * n; j++) top[j] = top[j]! * scale
    for (let row = 0; row < n; row++) {
      const factor = work[row]![column]!
      if (row === column || factor === 0) continue
      for (let j = column; j < 2 * n; j++) work[row]![j] = work[row]![j]! - factor * top[j]!
    }
  }
  const result = float32([n, n])
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) result.data[i * n + j] = work[i]![n + j]!
  return result
}
