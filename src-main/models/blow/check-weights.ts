import { firstNonFinite } from '../../dsp/samples'
import type { NDArray, NDArrays } from '../../lib/ndarray'
import { flowsOf, type BlowConfig } from './config'

/** Largest size of a mixing's log scale: beyond, its diagonal is 0 or ∞ for single precision. */
const mostLogScale = 69

/** What keeps weights of the right shapes from being a Blow's, in words: numbers that are not finite, or a mixing without an inverse. Undefined where nothing does. */
export function faultOf(config: BlowConfig, weights: NDArrays): string | undefined {
  for (const [name, { data }] of Object.entries(weights))
    if (data instanceof Float32Array && firstNonFinite(data) >= 0) return `${name} holds numbers that are not finite`
  for (const { name } of flowsOf(config)) {
    const of = (part: string) => weights[`${name}.mix.${part}`]!
    if (!every(of('sign'), (value) => Math.abs(value) === 1)) return `${name}.mix.sign holds more than 1 and −1`
    if (!isPermutation(of('order'))) return `${name}.mix.order is no order of rows`
    if (!every(of('logScale'), (value) => Math.abs(value) <= mostLogScale)) return `${name}.mix has no inverse`
  }
  return undefined
}

const every = ({ data }: NDArray, holds: (value: number) => boolean) => Array.from<number>(data).every(holds)

/** Whether a matrix [n, n] has a single 1 in every row and column, and zeros elsewhere. */
function isPermutation({ shape, data }: NDArray): boolean {
  const n = shape[0]!
  const columns = new Set<number>()
  for (let i = 0; i < n; i++) {
    const row = Array.from<number>(data.subarray(i * n, (i + 1) * n))
    if (row.filter((value) => value === 0).length !== n - 1 || !row.includes(1)) return false
    columns.add(row.indexOf(1))
  }
  return columns.size === n
}
