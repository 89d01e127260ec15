import type { Device, LoadValues, ProgramSpec } from '../../src-main/compute'
import { float32, type NDArray, type NDArrays } from '../../src-main/lib/ndarray'
import type { Random } from '../../src-main/lib/random'

/** Something to measure: the same computation as its script in `torch/`, on the same numbers. */
export interface BenchCase {
  name: string
  title: string
  /** The script in `torch/` and its arguments. */
  torch: readonly string[]
  /** Floating-point operations of one call, where matrix products are most of it. */
  flops?: number
  /** Calls that are timed together, and how often in a round. */
  calls: number
  repeats: number
  /** Weights and inputs, which both sides read from one file. */
  values(random: Random): NDArrays
  open(values: NDArrays, device: Device): Promise<OpenCase>
}

/** A program whose loading is measured. */
export interface LoadCase {
  name: string
  title: string
  values(random: Random): NDArrays
  load(values: NDArrays): { spec: ProgramSpec; values: LoadValues }
}

export interface OpenCase {
  call(): Promise<unknown>
  /** What both sides must agree on, computed on a case that was just opened. */
  check(): Promise<NDArrays>
}

/** Normally distributed numbers of the given standard deviation. */
export function normal(random: Random, shape: readonly number[], deviation = 1): NDArray {
  const array = float32(shape)
  random.fillNormal(array.data, deviation)
  return array
}

/** The weight and bias of a convolution, under `<name>.weight` and `<name>.bias`; the weight's variance is `gain` / (channels · taps). */
export function convValues(random: Random, name: string, shape: readonly number[], gain = 1): NDArrays {
  const [out, ...seen] = shape
  const fan = seen.reduce((product, side) => product * side, 1)
  return {
    [`${name}.weight`]: normal(random, shape, Math.sqrt(gain / fan)),
    [`${name}.bias`]: normal(random, [out!], 0.1),
  }
}

/** The arrays whose names start with `prefix`, under the rest of their names. */
export const within = <T>(record: Readonly<Record<string, T>>, prefix: string): Record<string, T> =>
  Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  )

/** The shapes of arrays. */
export const shapesOf = (arrays: NDArrays): Record<string, readonly number[]> =>
  Object.fromEntries(Object.entries(arrays).map(([name, { shape }]) => [name, shape]))

/** The first 256 numbers of Adam's first moment of each parameter: a linear blend of the gradients so far, which must be right to be alike. */
export const firstMoments = (state: NDArrays): NDArrays =>
  Object.fromEntries(
    Object.entries(state).flatMap(([name, { data }]) => {
      const parameter = name.split('adam.m.')[1]
      if (parameter === undefined) return []
      const head = Float32Array.from(data.subarray(0, 256))
      return [[`m.${parameter}`, float32([head.length], head)]]
    }),
  )
