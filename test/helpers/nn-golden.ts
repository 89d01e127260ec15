import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { float32, type NDArray, type NDArrays } from '../../src-main/lib/ndarray'

export interface Plain {
  shape: number[]
  data: number[]
}

/** The content of a file of test/golden/nn. */
export const nnGolden = <T>(name: string): T =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../golden/nn', name), 'utf8')) as T

export const arrayOf = ({ shape, data }: Plain): NDArray => float32(shape, Float32Array.from(data))

export const arraysOf = (plain: Record<string, Plain>): NDArrays =>
  Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, arrayOf(value)]))

export const scalar = (number: number): NDArray => float32([], Float32Array.of(number))
