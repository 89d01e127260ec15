import type * as tf from '@tensorflow/tfjs-core'
import { NagareError } from '../lib/errors'
import { sizeOf, type DType, type NDArray, type NDArrays } from '../lib/ndarray'

/** Names and shapes of a program's values; a bare shape means float32. */
export type Shapes = Record<string, readonly number[] | { shape: readonly number[]; dtype: DType }>

/** A side of an input: a number, a length named here and known at each run (`frames`), or a whole multiple of one (`256*frames`). */
export type Side = number | string
/** As `Shapes`, with sides that may differ from run to run. */
export type InputShapes = Record<string, readonly Side[] | { shape: readonly Side[]; dtype: DType }>
export type Tensors = Record<string, tf.Tensor>

/** A function on tfjs-core ops with named parameters, state and inputs: what every device can run. */
export interface ProgramSpec {
  name: string
  /**
   * All that decides what `run` computes besides the shapes declared here, such as the model's configuration as JSON. With it a device that
   * has a cache keeps the compiled graph on disk; without it the program is traced anew at each start.
   */
  key?: string
  /** Weights that never change in this program: constants of the compiled graph. */
  params?: Shapes
  /** Values fed back from run to run. */
  state?: Shapes
  /** Names of state that starts at zero when `load` is given no value for it. */
  zeros?: readonly string[]
  /** Values given anew at each run. */
  inputs?: InputShapes
  /**
   * Called once while tracing (or at each run on an eager device): must be synchronous, use tfjs-core ops only and read no value back.
   * State that is not returned keeps its value.
   */
  run(values: { params: Tensors; state: Tensors; inputs: Tensors }): { state?: Tensors; outputs?: Tensors }
}

/** A program loaded on a device, with its state. */
export interface Runner {
  /** One call: feeds `inputs`, moves the state on, returns the outputs. Calls made meanwhile wait their turn. */
  run(inputs: NDArrays): Promise<NDArrays>
  /** The current state, copied. */
  state(): Promise<NDArrays>
  /** Replaces some or all of the state. */
  setState(values: NDArrays): Promise<void>
  dispose(): Promise<void>
}

export interface LoadValues {
  params?: NDArrays
  state?: NDArrays
}

/** How exactly a program computes: `int8` and `float16` trade exactness for speed or memory (`nagare bench quant` says how much). */
export const precisions = ['float32', 'float16', 'int8'] as const
export type Precision = (typeof precisions)[number]

export interface LoadOptions {
  /** Default `float32`; others are for inference. */
  precision?: Precision
}

/** A place where programs run. */
export interface Device {
  id: 'cpu' | 'reference' | string
  /** The device's real name, as a person knows it. */
  name: string
  /** How exactly programs with parameters compute where loading does not say; `float32` where left out. */
  precision?: Precision
  /** Compiles `spec` with its weights. Throws `unsupported` for an op without a lowering, `bad-input` for missing or misshapen values. */
  load(spec: ProgramSpec, values: LoadValues, options?: LoadOptions): Promise<Runner>
}

export interface ValueType {
  shape: readonly number[]
  dtype: DType
}

/** Shapes with their dtypes filled in. */
export function valueTypes(shapes: Shapes = {}): Record<string, ValueType> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, entry]) => [
      name,
      'dtype' in entry ? entry : { shape: entry, dtype: 'float32' },
    ]),
  )
}

/**
 * Picks from `values` exactly the names of `types`. Throws `bad-input` naming the program, the value and both shapes where one is missing or does
 * not fit; names that the program does not know are refused too.
 */
export function checkValues(
  program: string,
  kind: 'params' | 'state' | 'inputs',
  types: Record<string, ValueType>,
  values: NDArrays,
  zeros: readonly string[] = [],
): NDArrays {
  const result: NDArrays = {}
  for (const [name, type] of Object.entries(types)) {
    const value = values[name] ?? (zeros.includes(name) ? zeroArray(type) : undefined)
    if (!value)
      throw new NagareError(
        'bad-input',
        `Program "${program}" needs ${kind} "${name}" of shape [${type.shape}], none was given.`,
      )
    checkValue(program, `${kind} "${name}"`, type, value)
    result[name] = value
  }
  for (const name of Object.keys(values)) {
    if (!types[name]) {
      const known = Object.keys(types).join(', ') || 'none'
      throw new NagareError('bad-input', `Program "${program}" has no ${kind} "${name}"; it has ${known}.`)
    }
  }
  return result
}

function checkValue(program: string, what: string, type: ValueType, value: NDArray): void {
  const sameShape = value.shape.length === type.shape.length && value.shape.every((side, i) => side === type.shape[i])
  const [due, found] = [typedArray(type.dtype, 0)[Symbol.toStringTag], value.data[Symbol.toStringTag]]
  const fits = sameShape && value.dtype === type.dtype && value.data.length === sizeOf(type.shape)
  if (fits && due === found) return
  if (fits)
    throw new NagareError(
      'bad-input',
      `Program "${program}" expects ${what} as ${type.dtype} in a ${due}, found a ${found ?? typeof value.data}.`,
    )
  throw new NagareError(
    'bad-input',
    `Program "${program}" expects ${what} as ${type.dtype} [${type.shape}], found ${value.dtype} [${value.shape}] with ${value.data.length} numbers.`,
  )
}

/** An array of zeros of `type`. */
export function zeroArray({ shape, dtype }: ValueType): NDArray {
  return { shape, dtype, data: typedArray(dtype, sizeOf(shape)) }
}

/** The typed array that holds `dtype`, of a length or over numbers. */
export function typedArray(dtype: DType, content: number | ArrayLike<number>): NDArray['data'] {
  const Kind = dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array
  return typeof content === 'number' ? new Kind(content) : new Kind(content)
}
