/** How a resized axis maps onto the source, as tfjs' `resizeNearestNeighbor` and `resizeBilinear` define it. */
export interface Mapping {
  alignCorners: boolean
  halfPixelCenters: boolean
}

const ratioOf = (from: number, to: number, { alignCorners }: Mapping) =>
  alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to

/** Source index of each of `to` elements taken from `from` of them. */
export function nearestIndices(from: number, to: number, mapping: Mapping): number[] {
  const ratio = ratioOf(from, to, mapping)
  const round = mapping.alignCorners ? Math.round : Math.floor
  return Array.from({ length: to }, (_, i) => {
    const at = round(ratio * (mapping.halfPixelCenters ? i + 0.5 : i))
    return Math.max(0, Math.min(from - 1, at))
  })
}

/** Matrix [to, from], row-major, of which row i has a one at the source of element i. */
export function nearestMatrix(from: number, to: number, mapping: Mapping): Float32Array {
  const matrix = new Float32Array(to * from)
  nearestIndices(from, to, mapping).forEach((source, i) => (matrix[i * from + source] = 1))
  return matrix
}

/** Matrix [to, from], row-major, of which row i weighs the two sources of element i. */
export function bilinearMatrix(from: number, to: number, mapping: Mapping): Float32Array {
  const ratio = ratioOf(from, to, mapping)
  const matrix = new Float32Array(to * from)
  for (let i = 0; i < to; i++) {
    const at = mapping.halfPixelCenters ? ratio * (i + 0.5) - 0.5 : ratio * i
    const floor = Math.max(0, Math.floor(at))
    const ceil = Math.min(from - 1, Math.max(0, Math.ceil(at)))
    const share = Math.max(0, at - floor)
    matrix[i * from + floor]! += 1 - share
    matrix[i * from + ceil]! += share
  }
  return matrix
}

/** The whole number of times that each element is repeated; undefined where elements are not simply repeated. */
export function repeats(from: number, to: number, { alignCorners }: Mapping): number | undefined {
  return !alignCorners && to % from === 0 ? to / from : undefined
}
