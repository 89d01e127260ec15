import { numpyNumbers } from './numpy'
import { unsupported } from './refusals'
import { describe, isDict, isRecord, isSequence, type TorchValue } from './values'

/** Data without tensors: what `JSON.stringify` takes. */
export type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain }

const maxDepth = 32
const maxItems = 1_000_000

/**
 * Settings and reports as plain data: dicts and objects (argparse's Namespace) become records, lists, tuples and sets arrays, NumPy arrays flat lists
 * of numbers. Throws `unsupported` for tensors, bytes, and data within itself.
 */
export function plainValue({ path, root }: { path: string; root: TorchValue }): Plain {
  let items = 0
  const plain = (value: TorchValue, depth: number): Plain => {
    if (depth > maxDepth || ++items > maxItems)
      throw unsupported(path, `holds settings nested over ${maxDepth} deep or of over ${maxItems} items`)
    if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
      return value
    if (typeof value === 'bigint') return value.toString()
    if (isSequence(value)) return value.map((item) => plain(item, depth + 1))
    if (value instanceof Set) return [...(value as ReadonlySet<TorchValue>)].map((item) => plain(item, depth + 1))
    if (isRecord(value, 'numpy-array')) {
      items += value.bytes.length
      return items > maxItems ? plain(null, maxDepth + 1) : [...numpyNumbers(value, path).data]
    }
    const dict = isRecord(value, 'object') ? value.fields : value
    if (!isDict(dict)) throw unsupported(path, `holds ${describe(value)} where settings are expected`)
    return Object.fromEntries(
      [...dict].map(([key, item]) => {
        if (typeof key !== 'string' && typeof key !== 'number')
          throw unsupported(path, `holds settings by ${describe(key)}`)
        return [String(key), plain(item, depth + 1)]
      }),
    )
  }
  return plain(root, 0)
}
