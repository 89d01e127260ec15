export type DType = 'float32' | 'int32' | 'bool'

/** A dense row-major array: what weights, states and program inputs and outputs are outside a device. */
export interface NDArray {
  readonly shape: readonly number[]
  readonly dtype: DType
  /** float32 → Float32Array, int32 → Int32Array, bool → Uint8Array of 0 and 1. */
  readonly data: Float32Array | Int32Array | Uint8Array
}

export type NDArrays = Record<string, NDArray>

/** Number of elements of a shape; 1 for a scalar's `[]`. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1)
}

/** A float32 array of `shape` over `data` (zeros if left out); throws RangeError when the lengths differ. */
export function float32(
  shape: readonly number[],
  data: Float32Array = new Float32Array(sizeOf(shape)),
): NDArray & { data: Float32Array } {
  if (data.length !== sizeOf(shape))
    throw new RangeError(`shape [${shape}] holds ${sizeOf(shape)} numbers, got ${data.length}`)
  return { shape: [...shape], dtype: 'float32', data }
}

/** The arrays of `names`. */
export function pick(arrays: NDArrays, names: readonly string[]): NDArrays {
  return Object.fromEntries(names.map((name) => [name, arrays[name]!]))
}
